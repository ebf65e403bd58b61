"""The formats of JSON Schema that are checked; others are only remarks."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from jsonschema import FormatChecker

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def is_day(value: str) -> bool:
    """`2025-03-31`: a day that the calendar has."""
    return bool(_DAY.fullmatch(value)) and _parses(date.fromisoformat, value)


def is_moment(value: str) -> bool:
    """`2025-03-31T10:00:00Z`; also the day alone, for a document that prints no time."""
    return is_day(value[:10]) and (len(value) == len("2025-03-31") or _parses(datetime.fromisoformat, value))


#: the values of these formats can be told from others; a constraint holds them as well
FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date": is_day,
    "date-time": is_moment,
    "time": lambda value: _parses(time.fromisoformat, value),
    "email": lambda value: bool(_EMAIL.fullmatch(value)),
    "ipv4": lambda value: _parses(IPv4Address, value),
    "ipv6": lambda value: _parses(IPv6Address, value),
    "uri": lambda value: bool(_URI.fullmatch(value)),
    "uuid": lambda value: _parses(UUID, value),
}


def format_checker() -> "FormatChecker":
    """The formats in the form in which the JSON Schema library takes them."""
    from jsonschema import FormatChecker  # noqa: PLC0415 slow to import, and needed only where records are made

    checker = FormatChecker(formats=())
    for name, holds in FORMATS.items():
        checker.checks(name)(_of_text(holds))
    return checker


def _of_text(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    """A format says nothing about a value that is not text."""
    return lambda value: not isinstance(value, str) or holds(value)


def _parses(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True
