"""Lines of a table joined to rows: a row starts at a line of figures, wrapped text goes above or below by geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docproc.domain.page import Word
from docproc.readers.layout.tables_grid import Line
from docproc.readers.layout.tables_headers import is_figure

#: wrapped lines of one text stand at most this many heights apart, white space between
WRAP_GAP = 0.6
#: figures that were set a little lower than their row's first line are within this many heights
OFFSET_GAP = 0.9
#: the same when both lines carry text of their own
TEXT_OFFSET_GAP = 0.1
#: a row fills at least this many columns
ROW_CELLS = 2
#: where this share of the rows has text, all have
DESCRIBED = 0.7
#: white space that parts two rows is this much wider than that within
PART_FACTOR = 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Which columns of a table tell where its rows are."""

    #: columns of figures; a row holds each at most once
    figures: frozenset[int]
    #: the columns of which one figure alone makes a row
    amounts: frozenset[int]
    #: columns of text that may wrap
    texts: frozenset[int]
    #: the first column asked for: in a table without figures, what stands in it begins a row
    first: int | None = None

    def starts(self, line: Line, figures: frozenset[int]) -> bool:
        """Whether `line`, which has `figures` in key columns, makes a row."""
        if not self.figures:
            return self.first in line.cells and len(line.cells) >= ROW_CELLS
        return bool(figures & self.amounts) or len(figures) > 1 or bool(figures and not self.amounts)

    def is_strong(self, line: Line, figures: frozenset[int]) -> bool:
        """Whether `line` is a row beyond doubt: set like the others in several columns."""
        return len(figures) >= min(ROW_CELLS, len(self.figures)) if self.figures else self.starts(line, figures)


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
    return _described(rows, keys)


def _described(rows: list[TableRow], keys: Keys) -> list[TableRow]:
    """Without rows that lack the text that nearly all others have: sums without a label."""
    described = [row for row in rows if any(_texts(line, keys) for line in (*row.above, *row.anchors, *row.below))]
    return described if len(described) >= DESCRIBED * len(rows) else rows


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
        elif keys.starts(line, figures):
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
