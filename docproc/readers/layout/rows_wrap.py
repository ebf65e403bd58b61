"""The text of one cell over its lines: which of the lines around a row still belong to it; knows no values."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

from docproc.domain.page import Word
from docproc.readers.layout.lines import enclosing_words
from docproc.readers.layout.rows_join import WRAP_GAP, TableRow
from docproc.readers.layout.tables_cells import text_of
from docproc.readers.layout.tables_grid import Lane, Line
from docproc.readers.layout.tables_reads import PagedWords

#: wrapped text starts within this many heights of where it started before, or below it
SAME_LEFT = 3.0
#: print that is larger or smaller by this share is other text
SIZE_CHANGE = 0.07
#: a word would have fitted when it leaves this many heights of room, a space included
ROOM = 0.6

#: `Colour: red` below a name is a note of its own, not the name going on
_NOTE = re.compile(r"[^\W\d_][^\W\d_.-]*(?: [^\W\d_][^\W\d_.-]*)? ?:")

#: page number and words: what one line has in one column
_Part: TypeAlias = tuple[int, tuple[Word, ...]]


def figure_words(row: TableRow, column: int) -> PagedWords:
    """The words in `column` on the row's lines of figures alone."""
    return [(line.page, word) for line in row.anchors for word in line.cells.get(column, ())]


def cell_words(row: TableRow, column: int, *, reach: float | None = None) -> PagedWords:
    """The words in `column` on the row's lines of figures, and the text that wraps from there.

    With `reach`, the right edge up to which the column is written, a line that was broken before it was full ends the
    text: what follows is something else, though it stands close.
    """
    return [(page, word) for page, words in _up_to_break(_cell_parts(row, column), reach) for word in words]


def reach_of(rows: Iterable[TableRow], column: int, lane: Lane) -> float:
    """The right edge up to which `column` is written: its longest line that keeps to its lane."""
    edges = (words[-1].right for row in rows for _, words in _cell_parts(row, column))
    return max((edge for edge in edges if edge <= lane.right), default=lane.right)


def _cell_parts(row: TableRow, column: int) -> list[_Part]:
    """The lines of one cell: those beside the row's figures, and those that follow from there."""
    here, over, under = (_parts(lines, column) for lines in (row.anchors, row.above, row.below))
    if not here and over:
        over, here = over[:-1], over[-1:]
    elif not here:
        here, under = under[:1], under[1:]
    before, after = _wrapped(here[:1], over[::-1]), _wrapped(here[:1], [*here[1:], *under])
    return [*before[::-1], *here[:1], *after]


def _parts(lines: Sequence[Line], column: int) -> list[_Part]:
    return [(line.page, words) for line in lines if (words := line.cells.get(column))]


def _wrapped(known: Sequence[_Part], parts: Sequence[_Part]) -> list[_Part]:
    """The first of `parts`, which lead away from `known`, as long as each goes on where the one before ended."""
    if not known:
        return []
    _, words = known[0]
    is_note = _NOTE.match(text_of(words)) is not None
    chained: list[_Part] = []
    before = known[0]
    for part in parts:
        if not _goes_on(words, before, part) or (not is_note and _NOTE.match(text_of(part[1]))):
            break
        chained.append(part)
        before = part
    return chained


def _goes_on(first: Sequence[Word], before: _Part, part: _Part) -> bool:
    """Whether `part` is set like the text before it: close to it, in line with its start, in the same size."""
    box, start, last = enclosing_words(part[1]), enclosing_words(first), enclosing_words(before[1])
    gap = max(box.top - last.bottom, last.top - box.bottom)
    if part[0] == before[0] and gap > WRAP_GAP * box.height:
        return False
    exact = all(word.confidence == 1 for word in (*first, *part[1]))  # boxes of OCR vary from line to line
    if exact and abs(_size(part[1]) / _size(first) - 1) > SIZE_CHANGE:
        return False
    return abs(box.left - start.left) < SAME_LEFT * box.height or box.horizontal_overlap(start) > 0


def _size(words: Sequence[Word]) -> float:
    return max(words[0].bottom - words[0].top, 0.1)


def _up_to_break(parts: Sequence[_Part], reach: float | None) -> Sequence[_Part]:
    """`parts` up to the first line after which the next word would still have fitted."""
    if reach is None or (parts and _NOTE.match(text_of(parts[0][1]))):
        return parts
    for count, ((_, words), (_, following)) in enumerate(pairwise(parts), 1):
        room = ROOM * _size(words)
        if words[-1].right + room + following[0].right - following[0].left < reach:
            return parts[:count]
    return parts
