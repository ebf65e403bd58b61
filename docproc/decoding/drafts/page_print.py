"""The words of the pages in the forms in which an answer gives them: texts, decimal amounts, ISO dates, codes.

Knows no field; a place is the index of the segment, a run of words without a wide gap, in which something is printed.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from docproc.domain.page import PageContent
from docproc.domain.schema import NUMERIC, FieldKind
from docproc.grounding.tokens import lay_out
from docproc.values.currency import find_currencies
from docproc.values.dates import find_dates, order_from
from docproc.values.numbers import canonical, decimal_mark, find_numbers


class Printed(NamedTuple):
    """Something that an answer may hold, and the segment where it is printed."""

    text: str
    place: int


class Segment(NamedTuple):
    """A run of words without a wide gap."""

    text: str
    #: printed row, counted through all pages
    band: int
    left: float
    right: float


class PagePrint:
    """Everything printed on a window's pages, ready to be offered."""

    def __init__(self, pages: Sequence[PageContent], *, day_first: bool | None = None) -> None:
        layout = lay_out(pages)
        self.segments = [
            Segment(
                " ".join(layout.tokens[index].text for index in segment),
                layout.tokens[segment[0]].band,
                layout.tokens[segment[0]].box.left,
                layout.tokens[segment[-1]].box.right,
            )
            for segment in layout.segments
        ]
        lines = [" ".join(layout.tokens[index].text for index in line) for line in layout.lines]
        order = day_first if day_first is not None else order_from(lines)
        mark = decimal_mark(lines)
        texts = [segment.text for segment in self.segments]
        self.numbers = [
            Printed(form, place)
            for place, text in enumerate(texts)
            for span in find_numbers(text, decimal_mark=mark)
            for form in _forms(span.value)
        ]
        self.dates = [
            Printed(reading.isoformat(), place)
            for place, text in enumerate(texts)
            for span in find_dates(text, day_first=order)
            for reading in span.readings
        ]
        found = Counter(span.code for text in texts for span in find_currencies(text))
        self.currencies = [Printed(code, 0) for code, _ in found.most_common()]
        #: all segments as one text, and where each begins in it
        self.text = "\n".join(texts)
        self.starts = _starts(texts)
        self._counts: dict[str, int] = {}
        self.words = [Printed(word, place) for place, text in enumerate(texts) for word in _worded(text)]

    def place_at(self, offset: int) -> int:
        """The segment of a place in `text`."""
        return bisect_right(self.starts, offset) - 1

    def count(self, value: str) -> int:
        """How often a value of an answer is printed: as it is, or as another form of the same number or day."""
        if value not in self._counts:
            forms = sum(printed.text == value for printed in (*self.numbers, *self.dates))
            whole = rf"(?<!\w){re.escape(value)}(?!\w)"
            self._counts[value] = max(forms, len(re.findall(whole, self.text)) if value.strip() else 0)
        return self._counts[value]

    def candidates(self, kind: FieldKind) -> list[Printed]:
        """What is printed of a kind, in reading order; texts are looked up by their beginning instead."""
        if kind in NUMERIC:
            return self.numbers
        if kind is FieldKind.DATE:
            return self.dates
        if kind is FieldKind.CURRENCY:
            return self.currencies
        return self.words


def _starts(texts: Sequence[str]) -> list[int]:
    starts, offset = [], 0
    for text in texts:
        starts.append(offset)
        offset += len(text) + 1
    return starts


def _forms(value: Decimal) -> list[str]:
    """A number as printed, and with fewer or two decimals where that is the same number."""
    plain = canonical(value)
    short = plain.rstrip("0").rstrip(".") if "." in plain else plain
    cents = canonical(value.quantize(Decimal("0.01"))) if value == round(value, 2) else plain
    return list(dict.fromkeys((plain, cents, short)))


def _worded(text: str) -> list[str]:
    """Words with the marks at their ends taken off: how numbers and codes stand in a record."""
    bare = (word.strip(".,;:()[]#*") for word in text.split())
    return [word for word in bare if word]
