"""Printed numbers in every convention to Decimal and back; knows no currency values and no layout.

A number such as `1.234` can be thousands or decimals. It is read as thousands and said to be ambiguous, unless the
caller knows the decimal mark of the document (`decimal_mark` infers it from the numbers that leave no doubt).
"""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from docproc.values.currency import MARK_PATTERN
from docproc.values.text import flatten, fold

#: alternatives in order of how much they explain; on flattened text
_BODY = r"""(?:
      \d{1,2}(?:,\d\d)+,\d{3}(?:\.\d+)?                # 1,23,456.00: lakh and crore
    | \d{1,3}(?:,\d{3})+(?:\.\d+)?                     # 1,234,567.89
    | \d{1,3}(?:\.\d{3})+(?:,\d+)?                     # 1.234.567,89
    | \d{1,3}(?:'\d{3})+(?:[.,]\d+)?                   # 1'234'567.89
    | \d{1,3}(?:\u00a0\d{3})+(?:[.,]\d+)?              # the same with fixed spaces
    | \d{1,3}(?:\ \d{3})+[.,]\d{1,2}(?!\d)             # 1 234,50: with plain spaces only when cents follow
    | \d{1,3}(?:,\ \d{3})+\.\d\d(?!\d)                 # 1, 234.50: split by OCR
    | \d{1,3}(?:\.\ \d{3})+,\d\d(?!\d)
    | (?(mark)\d{1,6}\.\ \d\d(?![\d.,])|(?!))         # RM53. 60
    | \d+(?:[.,]\d+)?
    | (?<![\w)])[.,]\d+
)"""
_FOUND = re.compile(
    rf"""
    (?<!\w)(?<!\w[-/])(?<!\d[.,:'])
    (?P<open>\()?
    (?P<sign>[-+]\ ?)?
    (?:(?P<mark>{MARK_PATTERN})[ \u00a0]?(?P<inner>-)?)?
    (?P<body>{_BODY})
    (?:[.,]-{{1,2}}(?![\w-]))?                         # 12,-: no cents
    (?P<close>\ ?\))?
    (?P<trail>-(?![\w-]))?
    (?![.,']?\d)(?![-/:]\d)(?!\ [/:]\d)(?!/\w+\d)(?![^\W\d_]+\d)
    (?!\)\ ?\d{{3}}[- .]\d)                              # (555) 123-4567
    """,
    re.VERBOSE,
)
_MARK = f"(?:{MARK_PATTERN}|%)"
_WHOLE = re.compile(
    rf"(?P<sign>[-+]?) ?(?:{_MARK} ?)?(?P<inner>-?)(?P<body>[.,]?\d[\d.,' \u00a0]*)(?P<trail>-{{0,2}})(?: ?{_MARK})?-?"
)
_NO_CENTS = re.compile(r"[.,] ?-{1,2}(?=\D*$)")
_SPACED_MARK = re.compile(r" ?([.,']) ?")
_GROUP_DIGITS = 3
_GROUPED = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d\d)+,\d{3}")


class NumberSpan(NamedTuple):
    """A number in a text."""

    start: int
    end: int
    value: Decimal
    #: digits printed after the decimal mark
    decimals: int
    #: `1.234` is thousands or decimals: this text alone cannot tell
    ambiguous: bool


def find_numbers(text: str, *, decimal_mark: str | None = None) -> list[NumberSpan]:
    """Every printed number in `text`; none is cut out of a date, a time, a code or a longer number."""
    return [
        _span(hit, value, is_ambiguous=decimal_mark is None and _is_ambiguous(hit["body"]))
        for hit in _FOUND.finditer(flatten(text))
        if (value := _value(_SPACED_MARK.sub(r"\1", hit["body"]), decimal_mark=decimal_mark)) is not None
    ]


def parse_number(text: str, *, decimal_mark: str | None = None) -> Decimal | None:
    """The number that the whole of `text` prints, a currency or per cent sign beside it allowed; None if it is none."""
    plain = fold(text)
    bracketed = plain.endswith(")") and "(" in plain
    if bracketed:
        plain = plain[:-1].replace("(", "", 1).strip()
    plain = _NO_CENTS.sub("", plain)
    hit = _WHOLE.fullmatch(plain)
    if hit is None:
        return None
    value = _value(_SPACED_MARK.sub(r"\1", hit["body"].strip()), decimal_mark=decimal_mark)
    if value is None:
        return None
    minus = bracketed or "-" in (hit["sign"], hit["inner"]) or plain.endswith("-") or "-" in hit["trail"]
    return -value if minus else value


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The decimal mark of a document, '.' or ',': what its unmistakable numbers agree on; None when they do not."""
    votes: Counter[str] = Counter()
    for text in texts:
        votes.update(mark for hit in _FOUND.finditer(flatten(text)) if (mark := _certain_mark(hit["body"])))
    dots, commas = votes["."], votes[","]
    if dots > 2 * commas:
        return "."
    return "," if commas > 2 * dots else None


def canonical(value: Decimal) -> str:
    """A decimal string without exponent and with the digits as printed: 4.11, 0.00, 1000."""
    if value.is_zero():
        value = abs(value)
    return f"{value:f}"


def _certain_mark(body: str) -> str | None:
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return None
    decimals = len(body) - last - 1
    both = any(mark in body for mark in ".,' \u00a0" if mark != body[last])
    return body[last] if body.count(body[last]) == 1 and (decimals in {1, 2} or both) else None


def _span(hit: re.Match[str], value: Decimal, *, is_ambiguous: bool) -> NumberSpan:
    in_brackets = bool(hit["open"] and hit["close"])
    minus = in_brackets or (hit["sign"] or "").startswith("-") or bool(hit["inner"] or hit["trail"])
    if in_brackets or hit["sign"]:
        start = hit.start() if in_brackets or not hit["open"] else hit.start("sign")
    else:
        start = hit.start("inner") if hit["inner"] else hit.start("body")
    end = hit.end("trail") if hit["trail"] else hit.end("close") if in_brackets else hit.end("body")
    exponent = value.as_tuple().exponent
    return NumberSpan(
        start=start,
        end=end,
        value=-value if minus else value,
        decimals=-exponent if isinstance(exponent, int) else 0,
        ambiguous=is_ambiguous,
    )


def _is_ambiguous(body: str) -> bool:
    marks = [mark for mark in body if not mark.isdigit()]
    if len(marks) != 1 or marks[0] not in ".,":
        return False
    before, after = body.split(marks[0])
    return len(after) == _GROUP_DIGITS and 1 <= len(before) <= _GROUP_DIGITS and not before.startswith("0")


def _value(body: str, *, decimal_mark: str | None) -> Decimal | None:
    body = body.replace("\u00a0", " ").rstrip(".,' ")
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return _whole(body)
    mark, before, after = body[last], body[:last], body[last + 1 :]
    if mark == decimal_mark and before.count(mark) == 0:
        return _decimal(before, after)
    if _is_ambiguous(body):
        return Decimal(before + after)
    if before.count(mark) and len(after) == _GROUP_DIGITS and _GROUPED.fullmatch(body):  # 1.234.567 and 1,23,456
        return _whole(body)
    return _decimal(before, after)


def _decimal(before: str, after: str) -> Decimal | None:
    whole = _whole(before) if before else Decimal(0)
    return Decimal(f"{whole:f}.{after}") if whole is not None and after.isdigit() else None


def _whole(body: str) -> Decimal | None:
    if body.isdigit():
        return Decimal(body)
    return Decimal(re.sub(r"\D", "", body)) if _GROUPED.fullmatch(body) else None
