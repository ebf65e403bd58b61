"""The labels around a place on a page: before it, left of it, above it, and the heading it stands under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from docproc.domain.geometry import Box
from docproc.readers.layout.items import is_item_heading
from docproc.readers.layout.labels import Terms, best_concept, known_share, known_terms, terms_of
from docproc.readers.layout.lines import Cell, Row, Sheet
from docproc.readers.layout.thesaurus import PARTY_TERMS, TITLES

#: words of a text before a value that can still be its label
PREFIX_WORDS: Final = 7
#: how far up a label may stand, in print heights of the value
REACH_ABOVE: Final = 14.0
#: rows up that a heading may stand
HEADING_ROWS: Final = 16
#: what a label loses for each other value between it and the place, on its left and above
VALUE_BETWEEN: Final = 0.85
VALUE_ABOVE: Final = 0.93
#: what the next label loses for each label nearer than it
NEXT_LEFT: Final = 0.7
NEXT_ABOVE: Final = 0.6
#: what other labels lose when a value follows its own label, or a label above already has a value beside it
SECOND_LEFT: Final = 0.6
SECOND_ABOVE: Final = 0.5
#: what words of running text lose as labels
IN_PROSE: Final = 0.7
#: what parts of a text lose as its label: the last words of it, the last of a cell, and all of a prefix with values
LAST_WORDS: Final = 3
CUT_LABEL: Final = 0.97
LAST_WORD: Final = 0.9
WHOLE_PREFIX: Final = 0.85
#: a text of more words is prose, no label
LABEL_WORDS: Final = 8
#: how far left or, doubled, right of a heading its lines may begin, in print heights
INDENT: Final = 3.0
#: what a heading loses of its meaning for each row below it
HEADING_FADE: Final = 0.06
#: a cell of more words is running text
PROSE_WORDS: Final = 9
#: a party's heading has at most this many words
HEADING_WORDS: Final = 4
#: from this many words on, the last one may be a label that print of another column runs into
RUN_INTO: Final = 3
#: labels less near than this are not read
FAR: Final = 0.4
#: share of the narrower width that a label above has in common with the place
COLUMN_OVERLAP: Final = 0.15
#: so many labels above are read
LABELS_ABOVE: Final = 3
#: a label may stand behind a value in a cell of at most this many words
LABELS_BEHIND: Final = 5
#: cells of one sentence stand at most this many heights apart
SENTENCE_GAP: Final = 3.0
#: share of known words in a label that stands alone
KNOWN: Final = 0.6
#: how surely a heading must name a party
HEADING_FIT: Final = 0.8

#: `VAT 20 %` is the label of an amount, not a value
_RATE = re.compile(r"(?<![\w.,])\d{1,2}(?:[.,]\d{1,2})? ?%")
#: `incl. VAT 20 %` stands before the tax, not before what holds it
_HOLDS = re.compile(r"^(?:incl|including|inkl|inklusive|includes|included)\b\W*(?=[^\W\d].*%)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]|#")
_DATE_WORDS: Final = frozenset({"vom", "of", "dated", "du", "del", "van", "on", "am", "le", "il", "from", "the", "as"})
_PARTY_CONCEPTS: Final = frozenset({"seller name", "buyer name", "payee", "delivery address"})


class Relation(StrEnum):
    """Where a label stands as seen from the value."""

    INLINE = "inline"
    LEFT = "left"
    ABOVE = "above"
    SENTENCE = "sentence"
    RIGHT = "right"
    HEADING = "heading"


#: how much a label of each relation is trusted
TRUST: Final = {
    Relation.INLINE: 1.0,
    Relation.LEFT: 1.0,
    Relation.ABOVE: 0.94,
    Relation.SENTENCE: 0.9,
    Relation.RIGHT: 0.55,
    Relation.HEADING: 0.85,
}


@dataclass(frozen=True, slots=True)
class Label:
    """Print that may name a value."""

    text: str
    terms: Terms
    relation: Relation
    #: 1 when it stands right beside the value, less the farther away
    nearness: float

    @property
    def trust(self) -> float:
        return TRUST[self.relation] * self.nearness


class Surroundings:
    """Finds the labels around places of one sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._labels: dict[tuple[int, int], tuple[Label, ...]] = {}
        self._item_headings = frozenset(row.index for row in sheet.rows if is_item_heading(row))
        self._speaks = {id(cell): _speaks(cell.text) for cell in sheet.cells}

    def labels(self, cell: Cell, *, start: int) -> tuple[Label, ...]:
        """Labels of what begins at offset `start` of `cell`, the nearest first."""
        place = id(cell), start
        if place not in self._labels:
            self._labels[place] = self._find(cell, start)
        return self._labels[place]

    def _find(self, cell: Cell, start: int) -> tuple[Label, ...]:
        found = list(_inline(cell.text[:start]))
        if len(cell.text.split()) > PROSE_WORDS and ":" not in cell.text[:start]:
            found = [_weaker(label, IN_PROSE) for label in found]
        place = _place(cell, start)
        left = list(self._left(cell))
        above = list(self._above(cell, place))
        if found and found[0].terms - {"number"}:  # a value behind its own label has little need of others
            left = [_weaker(label, SECOND_LEFT) for label in left]
            above = [_weaker(label, SECOND_ABOVE) for label in above]
        if not found:  # a sentence may be cut by a wide gap
            found.extend(self._sentence_left(cell))
        found.extend(left)
        found.extend(above)
        found.extend(self._right(cell, start))
        heading, rows = self.heading(cell)
        if heading:
            found = [_under(label, heading) for label in found]
            found.append(Label(" ".join(sorted(heading)), heading, Relation.HEADING, max(0.0, 1 - HEADING_FADE * rows)))
        return tuple(label for label in found if label.terms)

    def after(self, cell: Cell, *, end: int) -> tuple[Label, ...]:
        """What is printed right after a tick box: the rest of its cell, or the next cell."""
        rest = cell.text[end:].strip()
        if not rest:
            row = self.sheet.rows[cell.row]
            following = row.cells[_index(row, cell) + 1 :]
            rest = following[0].text if following else ""
        return (_label(_strip(rest), relation=Relation.INLINE, nearness=1.0),) if rest else ()

    def heading(self, cell: Cell) -> tuple[Terms, int]:
        """Terms of the party heading that `cell` stands under, empty when there is none, and how many rows up."""
        rows = self.sheet.rows
        row_cells = rows[cell.row].cells
        lefts = [other.box.left for other in row_cells[: _index(rows[cell.row], cell) + 1][-2:]]
        for row in reversed(rows[max(0, cell.row - HEADING_ROWS) : cell.row]):
            if row.index in self._item_headings:  # below the items the page speaks of other things
                break
            for other in row.cells:
                terms = _party_heading(other.text)
                if terms and any(_stands_under(left, other) for left in lefts):
                    return terms, cell.row - row.index
        return frozenset(), 0

    def _sentence_left(self, cell: Cell) -> Iterator[Label]:
        row = self.sheet.rows[cell.row]
        before = row.cells[: _index(row, cell)]
        if before and cell.box.left - before[-1].box.right < SENTENCE_GAP * cell.height:
            yield from _sentence(before[-1].text)

    def _left(self, cell: Cell) -> Iterator[Label]:
        row = self.sheet.rows[cell.row]
        nearness = 1.0
        for other in reversed(row.cells[: _index(row, cell)]):
            if not self._speaks[id(other)]:
                nearness *= VALUE_BETWEEN
                continue
            text = _tail(other.text)
            if len(other.text.split()) > PROSE_WORDS:
                nearness *= IN_PROSE
            if text:
                yield _label(text, relation=Relation.LEFT, nearness=nearness)
                if len(text.split()) >= RUN_INTO and known_share(text) < KNOWN:  # another column may run into the label
                    yield _label(text.split()[-1], relation=Relation.LEFT, nearness=LAST_WORD * nearness)
            nearness *= NEXT_LEFT
            if nearness < FAR:
                return

    def _above(self, cell: Cell, place: Box) -> Iterator[Label]:
        height = max(place.height, 1.0)
        nearness = 1.0
        seen = 0
        for row in reversed(self.sheet.rows[: cell.row]):
            distance = (place.top - row.box.bottom) / height
            if distance > REACH_ABOVE:
                return
            for other in row.cells:
                if other.box.horizontal_overlap(place) < COLUMN_OVERLAP and abs(other.box.left - place.left) > height:
                    continue
                if not self._speaks[id(other)]:
                    nearness *= VALUE_ABOVE
                    continue
                far = max(0.0, distance) / REACH_ABOVE
                used = SECOND_ABOVE if self._has_value(row, other) else 1.0
                near = used * nearness * (1 - 0.5 * far)
                if len(other.text.split()) <= LABEL_WORDS:
                    yield _label(_strip(other.text), relation=Relation.ABOVE, nearness=near)
                seen += 1
                nearness *= NEXT_ABOVE
                if seen >= LABELS_ABOVE:
                    return

    def _has_value(self, row: Row, cell: Cell) -> bool:
        """Whether a label already has its value on its right."""
        following = row.cells[_index(row, cell) + 1 :]
        return bool(following) and not self._speaks[id(following[0])]

    def _right(self, cell: Cell, start: int) -> Iterator[Label]:
        words = cell.text[start:].split()
        tail = " ".join(word for word in words[1:5] if _LETTER.search(word))
        if tail and len(words) <= LABELS_BEHIND:
            yield _label(tail, relation=Relation.RIGHT, nearness=1.0)


@lru_cache(maxsize=4096)
def _party_heading(text: str) -> Terms:
    words = text.strip(" :").split()
    if not 0 < len(words) <= HEADING_WORDS or _DIGIT.search(text):
        return frozenset()
    terms = frozenset(terms_of(text))
    concept, fit = best_concept(terms)
    return terms if concept in _PARTY_CONCEPTS and fit >= HEADING_FIT else frozenset()


def _stands_under(left: float, heading: Cell) -> bool:
    """What begins at `left` is aligned with the heading, or indented below it."""
    return -INDENT * heading.height <= left - heading.box.left <= 2 * INDENT * heading.height


def _under(label: Label, heading: Terms) -> Label:
    """The label read together with its heading: `Name` under `Buyer` is the buyer's name, `Invoice date` is not."""
    if label.terms & heading or not label.terms <= PARTY_TERMS:
        return label
    return Label(label.text, label.terms | heading, label.relation, label.nearness)


def _inline(prefix: str) -> Iterator[Label]:
    """Labels in the text before the value, in the same cell."""
    prefix = prefix.rstrip()
    if not _LETTER.search(prefix):
        return
    tail = _tail(prefix)
    yield from _sentence(prefix)
    if tail:
        yield _label(tail, relation=Relation.INLINE, nearness=1.0)
        words = tail.split()
        for length in range(1, min(len(words), LAST_WORDS + 1)):
            yield _label(" ".join(words[-length:]), relation=Relation.INLINE, nearness=CUT_LABEL)
    whole = _strip(" ".join(prefix.split()[-PREFIX_WORDS:]))
    if whole != tail:
        yield _label(whole, relation=Relation.INLINE, nearness=WHOLE_PREFIX)


def _sentence(prefix: str) -> Iterator[Label]:
    """`Invoice No. X of D`: after a preposition of time the label is the date of what the line speaks of."""
    words = prefix.replace("|", " ").split()
    if not words or words[-1].lower().strip(",") not in _DATE_WORDS:
        return
    for subject in sorted(known_terms(" ".join(words)) & TITLES):
        yield Label(prefix, frozenset({subject, "date"}), Relation.SENTENCE, 1.0)


def _label(text: str, *, relation: Relation, nearness: float) -> Label:
    text = _HOLDS.sub("", text)
    return Label(text, frozenset(terms_of(text)), relation, nearness)


def _weaker(label: Label, factor: float) -> Label:
    return Label(label.text, label.terms, label.relation, label.nearness * factor)


def _tail(text: str) -> str:
    """The words after the last value in `text`: in `Date: 3.4.25 Time:` that is `Time`."""
    kept: list[str] = []
    for word in reversed(_RATE.sub("%", text).split()[-PREFIX_WORDS:]):
        if _is_value(word):
            break
        kept.append(word)
        if len(kept) > 1 and word.endswith((":", ";")) and _LETTER.search(" ".join(kept[:-1])):
            kept.pop()
            break
    return _strip(" ".join(reversed(kept)))


def _is_value(word: str) -> bool:
    """A word of digits; not `(875)`, and not the rate in `VAT@6%`."""
    digits = sum(mark.isdigit() for mark in word)
    return (
        digits * 2 >= sum(mark.isalnum() for mark in word) > 0 and not word.startswith("(") and not word.endswith("%")
    )


def _strip(text: str) -> str:
    return text.strip(" :;,.-=>|*()[]")


def _speaks(text: str) -> bool:
    """Whether print can be a label: it has letters, and most of its words hold no digits."""
    words = text.split()
    return bool(_LETTER.search(text)) and 2 * sum(bool(_DIGIT.search(word)) for word in words) <= len(words)


def _place(cell: Cell, start: int) -> Box:
    """The box of the rest of `cell` from offset `start`."""
    position = 0
    for index, word in enumerate(cell.words):
        position += len(word.text)
        if position > start:
            first = cell.words[index]
            return Box(first.left, cell.box.top, cell.box.right, cell.box.bottom)
        position += 1
    return cell.box


def _index(row: Row, cell: Cell) -> int:
    return next(index for index, other in enumerate(row.cells) if other is cell)
