"""Lines of a table joined to rows: a row starts at a line of figures, wrapped text goes above or below by geometry."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from docproc.domain.page import Word
from docproc.readers.layout.lines import enclosing_words
from docproc.readers.layout.tables_cells import text_of
from docproc.readers.layout.tables_grid import Line
from docproc.readers.layout.tables_headers import is_figure

#: wrapped lines of one text stand at most this many heights apart, white space between
WRAP_GAP = 0.6
#: figures that were set a little lower than their row's first line are within this many heights
OFFSET_GAP = 0.9
#: the same when both lines carry text of their own
TEXT_OFFSET_GAP = 0.1
#: wrapped text starts within this many heights of where it started before, or below it
SAME_LEFT = 3.0
#: white space that parts two rows is this much wider than that within
PART_FACTOR = 1.4

#: `Colour: red` below a name is a note of its own, not the name going on
_NOTE = re.compile(r"[^\W\d_][^\W\d_.-]*(?: [^\W\d_][^\W\d_.-]*)? ?:")

#: page number and words: what one line has in one column
_Part: TypeAlias = tuple[int, tuple[Word, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Which columns of a table tell where its rows are."""

    #: columns of figures; a row holds each at most once
    figures: frozenset[int]
    #: the columns of which one figure alone makes a row
    amounts: frozenset[int]
    #: columns of text that may wrap
    texts: frozenset[int]


@dataclass(slots=True)
class TableRow:
    """One row of a table while it is gathered: the lines with its figures, and the lines of text around them."""

    anchors: list[Line]
    above: list[Line] = field(default_factory=list)
    below: list[Line] = field(default_factory=list)

    @property
    def page(self) -> int:
        return self.anchors[0].page

    @property
    def top(self) -> float:
        return self.anchors[0].row.box.top

    @property
    def bottom(self) -> float:
        return max(line.row.box.bottom for line in self.anchors)

    def words(self, column: int) -> list[tuple[int, Word]]:
        """The words in `column` with their pages: those on the lines of figures, and the text that wraps from there."""
        here, over, under = (_parts(lines, column) for lines in (self.anchors, self.above, self.below))
        if not here and over:
            over, here = over[:-1], over[-1:]
        elif not here:
            here, under = under[:1], under[1:]
        before, after = _wrapped(here[:1], over[::-1]), _wrapped(here[:1], [*here[1:], *under])
        parts = [*before[::-1], *here[:1], *after]
        return [(page, word) for page, words in parts for word in words]

    def figure_words(self, column: int) -> list[tuple[int, Word]]:
        """The words in `column` on the lines of figures alone."""
        return [(line.page, word) for line in self.anchors for word in line.cells.get(column, ())]


def _parts(lines: Sequence[Line], column: int) -> list[_Part]:
    return [(line.page, words) for line in lines if (words := line.cells.get(column))]


def _wrapped(known: Sequence[_Part], parts: Sequence[_Part]) -> list[_Part]:
    """The first of `parts`, which lead away from `known`, as long as each goes on where the one before ended."""
    if not known:
        return []
    first = enclosing_words(known[0][1])
    page, last = known[-1][0], enclosing_words(known[-1][1])
    is_note = _NOTE.match(text_of(known[0][1])) is not None
    chained: list[_Part] = []
    for part in parts:
        box = enclosing_words(part[1])
        gap = max(box.top - last.bottom, last.top - box.bottom)
        in_line = abs(box.left - first.left) < SAME_LEFT * box.height or box.horizontal_overlap(first) > 0
        if not in_line or (part[0] == page and gap > WRAP_GAP * box.height):
            break
        if not is_note and _NOTE.match(text_of(part[1])):
            break
        chained.append(part)
        page, last = part[0], box
    return chained


def filled(line: Line, columns: frozenset[int]) -> frozenset[int]:
    """Those of `columns` in which `line` has a figure."""
    return frozenset(
        column
        for column, words in line.cells.items()
        if column in columns and any(is_figure(word.text) for word in words)
    )


def join_lines(lines: Sequence[Line], keys: Keys) -> list[TableRow]:
    """The rows in `lines`, which follow one another in one table, perhaps over several pages."""
    rows, loose = _anchored(lines, keys)
    if not rows:
        return []
    with_text = sum(any(_texts(anchor, keys) for anchor in row.anchors) for row in rows)
    own_text = 2 * with_text >= len(rows)
    leads = _leads(rows, loose, keys, own_text=own_text)
    for after, between in loose.items():
        texts = [line for line in between if _texts(line, keys)]
        previous = rows[after] if after >= 0 else None
        following = rows[after + 1] if after + 1 < len(rows) else None
        cut = _cut(texts, previous, following, leads=leads)
        if previous is not None:
            previous.below.extend(texts[:cut])
        if following is not None:
            following.above.extend(line for line in texts[cut:] if line.page == following.page)
    return rows


def _leads(rows: Sequence[TableRow], loose: Mapping[int, Sequence[Line]], keys: Keys, *, own_text: bool) -> bool:
    """Whether text stands above the figures that it belongs to: it comes before the first, and none after the last."""
    before = [line for line in loose.get(-1, ()) if _texts(line, keys)]
    if not before or rows[0].top - before[-1].row.box.bottom > WRAP_GAP * before[-1].row.box.height:
        return False
    after = any(_texts(line, keys) for line in loose.get(len(rows) - 1, ()))
    between = sum(any(_texts(line, keys) for line in loose.get(at, ())) for at in range(len(rows) - 1))
    return not own_text or (not after and between == len(rows) - 1)


def _anchored(lines: Sequence[Line], keys: Keys) -> tuple[list[TableRow], dict[int, list[Line]]]:
    """Rows as their lines of figures alone, and the other lines by the index of the row that they follow."""
    rows: list[TableRow] = []
    loose: dict[int, list[Line]] = {}
    taken: frozenset[int] = frozenset()
    for line in lines:
        figures = filled(line, keys.figures)
        if figures and rows and not figures & taken and _set_off(rows[-1], line, keys):
            rows[-1].anchors.append(line)
            taken |= figures
        elif figures & keys.amounts or len(figures) > 1 or (figures and not keys.amounts):
            rows.append(TableRow([line]))
            taken = figures
            before = loose.get(len(rows) - 2, [])
            earlier = filled(before[-1], keys.figures) if before else frozenset()
            if earlier and not earlier & taken and _set_off(TableRow([before[-1]]), line, keys):
                rows[-1].anchors.insert(0, before.pop())
                taken |= earlier
        else:
            loose.setdefault(len(rows) - 1, []).append(line)
    return rows, loose


def _set_off(row: TableRow, line: Line, keys: Keys) -> bool:
    """Whether the figures of `line` belong to `row`, set a little lower."""
    if row.page != line.page:
        return False
    both = bool(_texts(line, keys)) and any(_texts(anchor, keys) for anchor in row.anchors)
    height = line.row.box.height
    return line.row.box.top - row.bottom <= (TEXT_OFFSET_GAP if both else OFFSET_GAP) * height


def _texts(line: Line, keys: Keys) -> list[Word]:
    return [word for column in keys.texts for word in line.cells.get(column, ())]


def _cut(texts: Sequence[Line], previous: TableRow | None, following: TableRow | None, *, leads: bool) -> int:
    """How many of `texts`, which stand between two rows, belong to the row before them."""
    if following is None or (previous is not None and texts and texts[-1].page != following.page):
        return len(texts)
    if previous is None or (texts and texts[0].page != previous.page):
        return 0 if previous is None or leads else len(texts)
    if not texts:
        return 0
    edges = [previous.bottom, *(line.row.box.bottom for line in texts)]
    tops = [*(line.row.box.top for line in texts), following.top]
    gaps = [top - edge for edge, top in zip(edges, tops, strict=True)]
    widest = max(range(len(gaps)), key=lambda at: gaps[at])
    default = 0 if leads else len(texts)
    if widest == default:
        return default
    height = texts[0].row.box.height
    clearly = gaps[widest] > PART_FACTOR * max(gaps[default], 0.0) + 0.1 * height
    return widest if clearly else default
