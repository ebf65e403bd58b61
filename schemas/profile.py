"""The compile profile: what a reader may write into a leaf, so that a constraint always ends and never misleads.

Every string is bounded and every pattern anchored, amounts are decimal strings, every value may be null and every
object is closed.
"""

from collections.abc import Mapping
from typing import Any

from docproc.domain.schema import FieldKind
from schemas.formats import FORMATS
from schemas.kinds import is_free_text
from schemas.patterns import anchored, compiles, translated

MAX_LENGTH = 200
MAX_FREE_TEXT = 4_000
MAX_ITEMS = 1_000

MONEY = r"^-?\d{1,12}(\.\d{1,4})?$"
DATE = r"^(19|20)\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
#: a day, with its time where one is printed
MOMENT = DATE.removesuffix("$") + r"(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]\d{2}:\d{2}))?$"

KIND_PATTERNS = {
    FieldKind.MONEY: MONEY,
    FieldKind.NUMBER: r"^-?\d{1,15}(\.\d{1,9})?$",
    FieldKind.PERCENT: r"^-?\d{1,4}(\.\d{1,4})?$",
    FieldKind.INTEGER: r"^-?\d{1,18}$",
    FieldKind.DATE: DATE,
    FieldKind.CURRENCY: r"^[A-Z]{3}$",
    FieldKind.IBAN: r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$",
}
_KIND_FORMATS = {FieldKind.DATE: "date", FieldKind.EMAIL: "email"}
_NUMBER_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf")


def string_constraint(name: str, kind: FieldKind, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """What may be written into a text leaf, or null."""
    named = keywords.get("format")
    moment = kind is FieldKind.DATE and named == "date-time"
    own = own_pattern(keywords)
    form: dict[str, Any] = {"type": ["string", "null"]}
    form.update({"minLength": keywords["minLength"]} if "minLength" in keywords else {})
    form["maxLength"] = max_length(name, kind, keywords)
    shown = None if moment or (own and named != "date") else named if named in FORMATS else _KIND_FORMATS.get(kind)
    pattern = own or (MOMENT if moment else KIND_PATTERNS.get(kind))
    form.update({"format": shown} if shown else {})
    if pattern:
        form["pattern"] = pattern
    return form


def number_constraint(kind: FieldKind, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """What may be written into a number leaf, or null."""
    bounds = {name: keywords[name] for name in _NUMBER_BOUNDS if name in keywords}
    return {"type": ["integer" if kind is FieldKind.INTEGER else "number", "null"], **bounds}


def max_length(name: str, kind: FieldKind, keywords: Mapping[str, Any]) -> int:
    """The author's bound, or one that a sane value never meets."""
    free = kind is FieldKind.TEXT and is_free_text(name, keywords)
    default = MAX_FREE_TEXT if free else MAX_LENGTH
    minimum = keywords.get("minLength", 0)
    return int(keywords.get("maxLength", max(default, int(minimum))))


def own_pattern(keywords: Mapping[str, Any]) -> str | None:
    """The author's pattern, anchored; None when there is none or a constraint cannot hold it."""
    pattern = keywords.get("pattern")
    if not isinstance(pattern, str):
        return None
    whole = anchored(translated(pattern))
    return whole if whole is not None and compiles(whole) else None
