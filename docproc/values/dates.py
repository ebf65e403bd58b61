"""Printed dates in every order and six languages; an order that nobody can tell is said, never guessed.

Knows no calendar but the Gregorian one and no clock: a two-digit year below 70 is in this century.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from docproc.values.locale import day_first_weights
from docproc.values.months import MONTH_PATTERN, MONTHS
from docproc.values.text import flatten

_CENTURY_PIVOT = 70
_SHORT_YEAR_DIGITS = 2
_YEARS = range(1800, 2200)
_MONTHS_IN_YEAR = 12
_DAYS_IN_MONTH = 31
#: a range that an ambiguous pair of dates spans is rarely longer: more speaks against that order
_LONG_RANGE = timedelta(days=100)

#: words that weigh less in all speak for no order: a foreign customer's name and address do not
_LEAST_WEIGHT = 3.0

_TIME = r"\d{1,2}:\d\d"
#: four or two digits; OCR may glue a time to it
_YEAR = rf"'?(?P<year>\d{{4}}(?={_TIME})|\d\d(?={_TIME})|\d{{4}}(?!\d)|\d\d(?!\d))(?!:\d)"
_LONG_YEAR = r"(?P<year>(?:1[89]|20|21)\d\d)"
_MONTH = rf"(?P<month>{MONTH_PATTERN})(?![a-z])"
_ORDINAL = r"(?:st|nd|rd|th|ers?|de|ten?|°|[oae](?![a-z]))?"
_OF = r"(?:(?:day )?(?:of|del?|di|d')(?![a-z]) ?)?"
_TO = r"(?:-|to|through|thru|until|till|and|bis|zum|au|al|hasta|tot|t/m)"

_ISO = re.compile(
    r"(?<!\d)(?<!\d[-/.,:])(?<!\w-)(?P<year>\d{4}) ?(?P<mark>[-/.]) ?(?P<first>\d{1,2}) ?(?P=mark) ?"
    rf"(?P<second>\d\d(?={_TIME})|\d{{1,2}}(?!\d))(?![-/.]\d)"
)
_SLASHED = re.compile(
    rf"(?<!\d)(?<!\d[/.,:])(?P<first>\d{{1,2}}) ?(?P<mark>[/.]) ?(?P<second>\d{{1,2}}) ?(?P=mark) ?{_YEAR}(?![/.]\d)"
)
_DASHED = re.compile(
    rf"(?<!\d)(?<!\d[-/.,:])(?<!\w-)(?P<first>\d{{1,2}}) ?(?P<mark>-) ?(?P<second>\d{{1,2}}) ?- ?{_YEAR}(?!-\d)"
)
_SPACED = re.compile(rf"(?<![\w.,/:-])(?P<first>\d\d?)(?P<mark> )(?P<second>\d\d?) {_LONG_YEAR}(?![\w:]|[.,/-]\d)")
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?<!\d[.,/:])(?P<day>\d{{1,2}}){_ORDINAL}[.,]?[ /.-]{{0,3}}{_OF}{_MONTH}\.?[ ,/.-]{{0,3}}{_OF}{_YEAR}"
)
_MONTH_DAY = re.compile(
    rf"(?<![a-z]){_MONTH}\.?[ /.-]{{0,3}}(?P<day>\d{{1,2}}){_ORDINAL}"
    rf"(?:(?: ?[,./-] {{0,2}}| ?(?=')){_YEAR}|(?: {{1,3}}|(?<=\d\d)){_LONG_YEAR.replace('year', 'long')}(?!\d))"
)
_YEAR_MONTH = re.compile(rf"(?<!\d){_LONG_YEAR}[ /.-]{{1,2}}{_MONTH}\.?[ /.-]{{1,2}}(?P<day>\d{{1,2}})(?!\d)")
_COMPACT = re.compile(
    r"(?<![\w.,/-])(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d|[.,-]\d|/\d(?!\d{5}(?!\d))|[a-su-z])"
)
_MONTH_DAYS = re.compile(
    rf"(?<![a-z]){_MONTH}\.? ?(?P<day>\d{{1,2}}){_ORDINAL} ?{_TO} ?(?P<last>\d{{1,2}}){_ORDINAL},? {_LONG_YEAR}(?!\d)"
)
#: what stands before a whole date when it is the end of a range whose start lacks the year
_START = re.compile(
    rf"(?:(?<![a-z])(?P<month>{MONTH_PATTERN})\.? ?(?P<day>\d{{1,2}}){_ORDINAL}"
    rf"|(?<![\d./-])(?P<day2>\d{{1,2}}){_ORDINAL}\.?(?: ?{_OF}(?P<month2>{MONTH_PATTERN})\.?)?"
    rf"|(?<![\d./-])(?P<first>\d{{1,2}})[/.](?P<second>\d{{1,2}})\.?) ?{_TO} ?$"
)
_BETWEEN = re.compile(rf" ?{_TO} ?")
_DIGITS = re.compile(r"(?P<first>\d\d)(?P<second>\d\d)(?P<year>\d{4})|(?P<a>\d\d?) (?P<b>\d\d?) (?P<short>\d\d)")


class DateSpan(NamedTuple):
    """A date in a text."""

    start: int
    end: int
    #: one: sure; two: nobody can tell day from month, and the reading with the day first comes first
    readings: tuple[date, ...]


def find_dates(text: str, *, day_first: bool | None) -> list[DateSpan]:
    """Every date in `text`, in order; none is cut out of a longer number."""
    if not any(mark.isdigit() for mark in text):
        return []
    flat = flatten(text).replace("\u00a0", " ")
    spans: list[DateSpan] = []
    for span in sorted(_whole_dates(flat, day_first=day_first), key=lambda span: (span.start, -span.end)):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return _with_range_starts(flat, spans)


def parse_date(text: str, *, day_first: bool | None) -> tuple[date, ...]:
    """The readings of the one date that `text` prints; empty when there is none, or when there are several."""
    spans = find_dates(text, day_first=day_first)
    if spans:
        return spans[0].readings if len({span.readings for span in spans}) == 1 else ()
    hit = _DIGITS.fullmatch(text.strip())
    if hit is None:
        return ()
    first, second, year = hit["first"] or hit["a"], hit["second"] or hit["b"], hit["year"] or hit["short"]
    return _numeric(int(first), int(second), year=_year(year), day_first=day_first)


class DateOrder(NamedTuple):
    """What a document tells of the order of its numeric dates."""

    #: whether the day comes before the month; None: nothing tells, or not clearly enough
    day_first: bool | None
    #: a day above twelve shows it; else words and ranges only speak for it
    proven: bool


def order_from(texts: Iterable[str]) -> bool | None:
    """Whether a document writes the day before the month; None when nothing tells clearly or the evidence conflicts."""
    return order_with_proof(texts).day_first


def order_with_proof(texts: Iterable[str]) -> DateOrder:
    """The order of a document's numeric dates, and whether its own dates prove it.

    Dates that can only be read one way decide. Without any, ranges that only one order makes short do, and then the
    words of the place, if they speak for one order with some weight and clearly more than for the other.
    """
    texts = list(texts)
    flats = [flatten(text).replace("\u00a0", " ") for text in texts if any(mark.isdigit() for mark in text)]
    for votes, proven in ((_telling_dates(flats), True), (_telling_ranges(flats), False)):
        for_day = sum(votes)
        if votes:
            # a slip of OCR makes a single vote wrong; an even split is a conflict
            return DateOrder(_decide(for_day, len(votes) - for_day, ratio=3), proven=proven)
    day, month = day_first_weights(texts)
    enough = max(day, month) >= _LEAST_WEIGHT
    return DateOrder(_decide(day, month, ratio=2) if enough else None, proven=False)


def _decide(day: float, month: float, *, ratio: int) -> bool | None:
    if day > ratio * month:
        return True
    return False if month > ratio * day else None


def _telling_dates(flats: Iterable[str]) -> list[bool]:
    """For every numeric date with a day above twelve, whether that comes first."""
    hits = (hit for flat in flats for pattern in (_SLASHED, _DASHED, _SPACED) for hit in pattern.finditer(flat))
    pairs = [(int(hit["first"]), int(hit["second"])) for hit in hits if not _is_section_number(hit)]
    return [
        first > _MONTHS_IN_YEAR
        for first, second in pairs
        if max(first, second) <= _DAYS_IN_MONTH and (first > _MONTHS_IN_YEAR) != (second > _MONTHS_IN_YEAR)
    ]


def _telling_ranges(flats: Iterable[str]) -> list[bool]:
    """For every range of ambiguous dates that only one order makes short and forward, whether that has days first."""
    votes: list[bool] = []
    for flat in flats:
        for start, end in pairwise(find_dates(flat, day_first=None)):
            if len(start.readings) > 1 and len(end.readings) > 1 and _BETWEEN.fullmatch(flat, start.end, end.start):
                fits = [timedelta() <= b - a <= _LONG_RANGE for a, b in zip(start.readings, end.readings, strict=True)]
                votes += [fits[0]] if fits[0] != fits[1] else []
    return votes


def _whole_dates(flat: str, *, day_first: bool | None) -> Iterator[DateSpan]:
    for hit in _ISO.finditer(flat):
        yield from _one(hit, _numeric(int(hit["second"]), int(hit["first"]), year=int(hit["year"]), day_first=True))
    for pattern in (_SLASHED, _DASHED, _SPACED):
        for hit in pattern.finditer(flat):
            if not _is_section_number(hit):
                first, second, year = int(hit["first"]), int(hit["second"]), _year(hit["year"])
                yield from _one(hit, _numeric(first, second, year=year, day_first=day_first))
    if any(mark.isalpha() for mark in flat):
        yield from _named_dates(flat)
    for hit in _COMPACT.finditer(flat):
        yield from _one(hit, _dates(int(hit["year"]), int(hit["month"]), int(hit["day"])))


def _named_dates(flat: str) -> Iterator[DateSpan]:
    for pattern in (_DAY_MONTH, _MONTH_DAY, _YEAR_MONTH):
        for hit in pattern.finditer(flat):
            groups = hit.groupdict()
            year = _year(groups["year"] or groups["long"])
            yield from _one(hit, _dates(year, MONTHS[hit["month"]], int(hit["day"])))
    for hit in _MONTH_DAYS.finditer(flat):
        year, month = int(hit["year"]), MONTHS[hit["month"]]
        for day, start, end in (("day", hit.start(), hit.end("day")), ("last", hit.start("last"), hit.end())):
            yield from (DateSpan(start, end, found) for found in [_dates(year, month, int(hit[day]))] if found)


def _is_section_number(hit: re.Match[str]) -> bool:
    """`1.2.10` and `1. 2. 30` number a clause rather than a day."""
    if hit["mark"] != "." or len(hit["year"]) > _SHORT_YEAR_DIGITS:
        return False
    return (len(hit["first"]) == 1 and len(hit["second"]) == 1) or " " in hit.group()


def _one(hit: re.Match[str], readings: tuple[date, ...]) -> Iterator[DateSpan]:
    if readings:
        yield DateSpan(hit.start(), hit.end(), readings)


def _with_range_starts(flat: str, spans: Sequence[DateSpan]) -> list[DateSpan]:
    """The spans, and before each the start of a range that borrows its year: `Feb 3 to Feb 9, 2020`."""
    found: list[DateSpan] = []
    for span in spans:
        floor = found[-1].end if found else 0
        hit = _START.search(flat, max(floor, span.start - 40), span.start)
        readings = tuple(dict.fromkeys(_range_starts(hit, span, flat))) if hit else ()
        if hit and readings:
            end = max(hit.end(group) for group in ("month", "day", "day2", "month2", "second"))
            found.append(DateSpan(hit.start(), end, readings))
        found.append(span)
    return found


def _range_starts(hit: re.Match[str], end: DateSpan, flat: str) -> Iterator[date]:
    for reading in end.readings:
        if hit["first"]:
            day_first = _has_day_first(flat[end.start : end.end], reading)
            first, second = int(hit["first"]), int(hit["second"])
            day, month = (first, second) if day_first else (second, first)
        elif hit["day"]:
            day, month = int(hit["day"]), MONTHS[hit["month"]]
        else:
            day, month = int(hit["day2"]), MONTHS[hit["month2"]] if hit["month2"] else reading.month
            if not hit["month2"] and day >= reading.day:
                continue
        for start in _dates(reading.year, month, day):
            yield from (start,) if start <= reading else _dates(reading.year - 1, month, day)


def _has_day_first(printed: str, reading: date) -> bool:
    digits = re.match(r"\d+", printed)
    return digits is not None and int(digits.group()) == reading.day


def _numeric(first: int, second: int, *, year: int, day_first: bool | None) -> tuple[date, ...]:
    with_day_first, with_month_first = _dates(year, second, first), _dates(year, first, second)
    if day_first is None:
        return tuple(dict.fromkeys(with_day_first + with_month_first))
    return (with_day_first or with_month_first) if day_first else (with_month_first or with_day_first)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > _SHORT_YEAR_DIGITS:
        return year
    return year + (2000 if year < _CENTURY_PIVOT else 1900)


def _dates(year: int, month: int, day: int) -> tuple[date, ...]:
    """The date, or nothing when the calendar or common sense has no such day."""
    if year not in _YEARS:
        return ()
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()
