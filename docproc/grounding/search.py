"""Every place in a window where a value may stand, found by its type; knows no schema but a leaf's kind and options.

One index a window, built when it is first needed: numbers and dates to places, currencies to places, letters in two
orders (as read, and column by column). A value that is asked for twice is searched once.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

from docproc.domain.evidence import MatchKind
from docproc.domain.page import PageContent
from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec
from docproc.grounding.places import Line, Place, join_line, place_of_span, said_exactly
from docproc.grounding.textual import TextSearch
from docproc.grounding.tokens import lay_out
from docproc.values.codes import find_phones, find_urls, phone_form, url_form
from docproc.values.currency import find_currencies, parse_currency
from docproc.values.dates import find_dates
from docproc.values.months import MONTHS
from docproc.values.numbers import canonical, find_numbers
from docproc.values.parse import JsonLeaf, canonical_number, comparable, parse_boolean
from docproc.values.text import key

#: digits behind a mark that may be thousands or decimals
_GROUP_DIGITS = 3
#: quality of what the print only implies: a currency sign, a sign that is not printed, 0.19 for 19 %
_INFERRED = 0.8
#: quality of a currency sign: it may be shared, as the dollar's is
_SIGN = 0.9
#: quality of a number printed with other decimals: 50 for 50.00
_OTHER_DECIMALS = 0.96
#: a number of fewer digits is not looked for digit by digit
_MIN_DIGITS = 4

_DIGIT = re.compile(r"\d")
#: words on either side of a line's end that a broken date may have
_SEAM = 4
#: a space inside what may be one number
_JOINED = re.compile(r"\d[.,]? \d{3}(?!\d)")

#: a stretch of a line
Span: TypeAlias = tuple[Line, int, int]


class Search:
    """Finds values in the words and form fields of a window."""

    def __init__(self, pages: Sequence[PageContent], *, day_first: bool | None = None) -> None:
        self.pages = pages
        self.layout = lay_out(pages)
        self.tokens = self.layout.tokens
        self._day_first = day_first
        self._found: dict[Hashable, list[Place]] = {}
        self._form_values: dict[FieldKind, dict[Hashable, list[Place]]] = {}

    def places(self, spec: FieldSpec, value: JsonLeaf) -> list[Place]:
        """Candidates for `value`, best agreement first, then in reading order."""
        question = (spec.kind, spec.day_first, type(value), value)
        found = self._found.get(question)
        if found is None:
            found = self._form_places(spec.kind, value) + self._printed(spec, value)
            found.sort(key=lambda place: (-place.quality, place.match is not MatchKind.EXACT))
            self._found[question] = found
        return found

    @cached_property
    def text(self) -> TextSearch:
        return TextSearch(self.layout)

    def _printed(self, spec: FieldSpec, value: JsonLeaf) -> list[Place]:
        if spec.kind in NUMERIC:
            number = comparable(spec.kind, value)
            return self._number_places(number, spec.kind) if isinstance(number, Decimal) else []
        if spec.kind is FieldKind.DATE:
            # a schema may keep a date as it is printed
            return self._date_places(str(value), spec) or self.text.places(str(value), FieldKind.ID)
        if spec.kind is FieldKind.CURRENCY:
            return self._currencies.get(parse_currency(str(value)) or "", [])
        if spec.kind is FieldKind.BOOLEAN:
            return self._booleans[bool(value)] if isinstance(value, bool) else []
        text = str(value)
        return self.text.places(text, spec.kind) or self._as_other_kind(text, spec)

    def _as_other_kind(self, text: str, spec: FieldSpec) -> list[Place]:
        """What a text value means: a loose schema says text of what is a date, a number, a phone or a web address."""
        if spec.kind is FieldKind.PHONE:
            return self._phones.get(phone_form(text), [])
        if spec.kind is FieldKind.URL:
            return self._urls.get(url_form(text), []) or self.text.places(url_form(text), FieldKind.ID)
        number = canonical_number(text)
        if number is not None:
            return self._number_places(number, FieldKind.NUMBER)
        return self._date_places(text, spec)

    # -- numbers, dates, currencies ------------------------------------------------------------------------------

    def _number_places(self, number: Decimal, kind: FieldKind) -> list[Place]:
        printed = canonical(number)
        found = [_as_printed(place, printed) for place in self._normalised(self._numbers.get(number, ()))]
        if not found and number:
            found = [_inferred(place) for place in self._normalised(self._numbers.get(-number, ()))]
        if not found and kind is FieldKind.PERCENT and 0 < abs(number) < 1:
            found = [_inferred(place) for place in self._normalised(self._numbers.get(number * 100, ()))]
        if not found and len(key(printed)) >= _MIN_DIGITS:
            found = self.text.digits(key(printed))
        return found

    @cached_property
    def _numbers(self) -> dict[Decimal, list[Span]]:
        index: dict[Decimal, list[Span]] = defaultdict(list)
        for line in self._digit_lines:
            spans = find_numbers(line.text)
            if any(span.ambiguous for span in spans):
                spans += [
                    span
                    for mark in ".,"
                    for span in find_numbers(line.text, decimal_mark=mark)
                    if span.decimals == _GROUP_DIGITS
                ]
            for span in spans:
                index[span.value].append((line, span.start, span.end))
        return index

    @cached_property
    def _digit_lines(self) -> list[Line]:
        """Segments with digits, and their single words where `2 100,00` may be one number or two."""
        lines = []
        for segment in self.layout.segments:
            with_digits = [index for index in segment if _DIGIT.search(self.tokens[index].text)]
            if not with_digits:
                continue
            line = join_line(segment, self.tokens)
            lines.append(line)
            if _JOINED.search(line.text):
                lines += [join_line([index], self.tokens) for index in with_digits]
        return lines

    def _normalised(self, spans: Iterable[Span]) -> list[Place]:
        return [
            place_of_span(line, start, end, tokens=self.tokens, match=MatchKind.NORMALISED)
            for line, start, end in spans
        ]

    def _date_places(self, text: str, spec: FieldSpec) -> list[Place]:
        order = self._day_first if spec.day_first is None else spec.day_first
        day = comparable(FieldKind.DATE, text, day_first=order)
        return [
            said_exactly(place, text)
            for span, span_order in (self._dates.get(day, ()) if isinstance(day, date) else ())
            if order is None or span_order is None or order == span_order
            for place in self._normalised([span])
        ]

    @cached_property
    def _dates(self) -> dict[date, list[tuple[Span, bool | None]]]:
        """Days to their places, with the order that a place must be read in to mean that day."""
        index: dict[date, list[tuple[Span, bool | None]]] = defaultdict(list)
        for line, border in self._date_lines():
            for found in find_dates(line.text, day_first=None):
                if border >= 0 and not found.start < border < found.end:
                    continue
                orders = (None,) if len(found.readings) == 1 else (True, False)
                for reading, order in zip(found.readings, orders, strict=True):
                    index[reading].append(((line, found.start, found.end), order))
        return index

    def _date_lines(self) -> Iterator[tuple[Line, int]]:
        """Lines with digits, and the seams where a date may break across two lines; a date must cover the offset."""
        for indices in self.layout.lines:
            if any(_DIGIT.search(self.tokens[index].text) for index in indices):
                yield join_line(indices, self.tokens), -1
        for upper, lower in pairwise(self.layout.lines):
            tail, head = upper[-_SEAM:], lower[:_SEAM]
            if any(self.tokens[index].key in MONTHS for index in (*tail, *head)):
                seam = join_line([*tail, *head], self.tokens)
                yield seam, seam.starts[len(tail)] - 1

    @cached_property
    def _currencies(self) -> dict[str, list[Place]]:
        index: dict[str, list[Place]] = defaultdict(list)
        for indices in self.layout.segments:
            line = join_line(indices, self.tokens)
            for span in find_currencies(line.text):
                match = MatchKind.EXACT if line.text[span.start : span.end] == span.code else MatchKind.INFERRED
                quality = 1.0 if match is MatchKind.EXACT else _SIGN
                index[span.code].append(
                    place_of_span(line, span.start, span.end, tokens=self.tokens, match=match, quality=quality)
                )
        return index

    @cached_property
    def _booleans(self) -> dict[bool, list[Place]]:
        """Printed words that say yes or no; only a label beside one makes it evidence."""
        index: dict[bool, list[Place]] = {True: [], False: []}
        for number, token in enumerate(self.tokens):
            said = parse_boolean(token.text) if not token.text.isdigit() else None
            if said is not None:
                line = join_line([number], self.tokens)
                place = place_of_span(line, 0, len(line.text), tokens=self.tokens, match=MatchKind.INFERRED)
                index[said].append(place._replace(quality=_INFERRED))
        return index

    @cached_property
    def _phones(self) -> dict[str, list[Place]]:
        return self._codes(find_phones)

    @cached_property
    def _urls(self) -> dict[str, list[Place]]:
        return self._codes(find_urls)

    def _codes(self, find: Callable[[str], Iterable[tuple[int, int, str]]]) -> dict[str, list[Place]]:
        index: dict[str, list[Place]] = defaultdict(list)
        for indices in self.layout.segments:
            line = join_line(indices, self.tokens)
            for start, end, code in find(line.text):
                index[code].append(place_of_span(line, start, end, tokens=self.tokens, match=MatchKind.NORMALISED))
        return index

    # -- form fields ---------------------------------------------------------------------------------------------

    def _form_places(self, kind: FieldKind, value: JsonLeaf) -> list[Place]:
        form = comparable(kind, value)
        if form is None:
            return []
        if kind not in self._form_values:
            self._form_values[kind] = dict(_grouped(self._form_fields(kind)))
        return self._form_values[kind].get(form, [])

    def _form_fields(self, kind: FieldKind) -> Iterator[tuple[Hashable, Place]]:
        for number, page in enumerate(self.pages):
            for field in page.form_fields:
                form = comparable(kind, field.value, day_first=self._day_first) if field.value else None
                if form is not None:
                    label = f"{field.name} {field.label}"
                    yield form, Place(number, field.box, field.value, MatchKind.EXACT, 1.0, band=-1, label=label)


def _grouped(pairs: Iterable[tuple[Hashable, Place]]) -> dict[Hashable, list[Place]]:
    groups: dict[Hashable, list[Place]] = defaultdict(list)
    for form, place in pairs:
        groups[form].append(place)
    return groups


def _inferred(place: Place) -> Place:
    return place._replace(match=MatchKind.INFERRED, quality=_INFERRED)


def _as_printed(place: Place, printed: str) -> Place:
    """A number that is printed with as many decimals as the value is more likely its print."""
    place = said_exactly(place, printed)
    _, _, decimals = printed.partition(".")
    end = place.text.rstrip(")-")
    same = end.endswith(decimals) and (not decimals or end[-len(decimals) - 1 : -len(decimals)] in {".", ","})
    return place if same else place._replace(quality=_OTHER_DECIMALS)
