"""Whether the evidence that a reader gave really agrees with the words at that place; knows no reader."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.geometry import Box
from docproc.domain.page import PageContent
from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec
from docproc.grounding.textual import LEAST_SIMILARITY
from docproc.grounding.tokens import Token
from docproc.values.currency import find_currencies, parse_currency
from docproc.values.dates import find_dates
from docproc.values.numbers import find_numbers
from docproc.values.parse import JsonLeaf, comparable, parse_boolean
from docproc.values.text import key, similarity

#: height of the strips by which words are looked up, in page points: about a line of print
_STRIP = 8.0
#: a word belongs to a box when this share of it lies inside
_INSIDE = 0.5


class Print:
    """What stands at a place: the words and form fields of a window by page and height."""

    def __init__(self, pages: Sequence[PageContent], tokens: Sequence[Token]) -> None:
        self._numbers = {page.number: index for index, page in enumerate(pages)}
        self._pages = pages
        self._tokens = tokens
        self._inside: dict[tuple[int, Box], list[int]] = {}

    @cached_property
    def _strips(self) -> dict[tuple[int, int], list[int]]:
        strips: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, token in enumerate(self._tokens):
            strips[token.page, int(token.box.middle_y // _STRIP)].append(number)
        return strips

    def tokens_at(self, evidence: Evidence) -> list[int]:
        """Indices of the words inside the box of `evidence`, in reading order."""
        # every place is asked for three times: does it agree, is it taken, how well was it read
        place = (evidence.page, evidence.box)
        found = self._inside.get(place)
        if found is None:
            found = self._inside[place] = self._look_up(*place)
        return found

    def _look_up(self, page_number: int, box: Box) -> list[int]:
        page = self._numbers.get(page_number)
        if page is None:
            return []
        strips = range(int(box.top // _STRIP) - 1, int(box.bottom // _STRIP) + 2)
        near = [number for strip in strips for number in self._strips.get((page, strip), ())]
        return sorted(number for number in near if _is_inside(self._tokens[number].box, box))

    def form_values_at(self, evidence: Evidence) -> list[str]:
        page = self._numbers.get(evidence.page)
        fields = self._pages[page].form_fields if page is not None else ()
        return [field.value for field in fields if _is_inside(field.box, evidence.box)]

    def agrees(self, spec: FieldSpec, value: JsonLeaf, evidence: Sequence[Evidence]) -> bool:
        """Whether the print at `evidence`, taken together, says `value`."""
        entered = [said for part in evidence for said in self.form_values_at(part)]
        if entered:
            form = comparable(spec.kind, value)
            if any(comparable(spec.kind, said) == form for said in entered):
                return form is not None
        text = " ".join(self._tokens[number].text for part in evidence for number in self.tokens_at(part))
        return bool(text) and says(spec.kind, value, text)

    def ocr_at(self, evidence: Sequence[Evidence]) -> float | None:
        """Lowest recogniser score of the words at `evidence`; None for a text layer."""
        scores = [self._tokens[number].ocr for part in evidence for number in self.tokens_at(part)]
        return min((score for score in scores if score is not None), default=None)


def says(kind: FieldKind, value: JsonLeaf, text: str) -> bool:
    """Whether the print `text` holds `value`."""
    if kind in NUMERIC:
        number = comparable(kind, value)
        if number is None or key(str(value)) in key(text):  # the same digits: no need to read the print as a number
            return number is not None
        return any(number == span.value for mark in (None, ".", ",") for span in find_numbers(text, decimal_mark=mark))
    if kind is FieldKind.DATE:
        day = comparable(kind, value)
        return any(day in span.readings for span in find_dates(text, day_first=None))
    if kind is FieldKind.CURRENCY:
        code = parse_currency(str(value))
        return code is not None and code in {parse_currency(text), *(span.code for span in find_currencies(text))}
    if kind is FieldKind.BOOLEAN:
        return parse_boolean(text) == value
    needle, letters = key(str(value)), key(text)
    return bool(needle) and (needle in letters or similarity(str(value), text) >= LEAST_SIMILARITY)


def agreement(evidence: Sequence[Evidence], value: JsonLeaf) -> float:
    """The match part of evidence that a reader gave and that agrees."""
    if evidence[0].match is MatchKind.FUZZY:
        return similarity(str(value), " ".join(part.text for part in evidence))
    return 0.8 if evidence[0].match is MatchKind.INFERRED else 1.0


def _is_inside(box: Box, around: Box) -> bool:
    area = box.area
    if area <= 0:
        return around.left <= box.middle_x <= around.right and around.top <= box.middle_y <= around.bottom
    return box.intersection(around) >= _INSIDE * area
