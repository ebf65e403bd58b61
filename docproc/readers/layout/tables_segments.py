"""The lines of a table under its header, put into columns, down to its total; joins no rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docproc.readers.layout.rows_join import Keys, filled
from docproc.readers.layout.tables_arithmetic import row_agrees
from docproc.readers.layout.tables_cells import number_of
from docproc.readers.layout.tables_grid import SAMPLE, Lane, Line, is_mark, lanes_of, learned, split
from docproc.readers.layout.tables_headers import Column, is_figure
from docproc.readers.layout.tables_stretches import Stretch
from docproc.readers.layout.tables_targets import Target
from docproc.readers.layout.tables_totals import LineKind, kind_of
from docproc.readers.layout.tables_vocabulary import NUMERIC_ROLES, Role

#: white space of this many heights makes it doubtful that a table goes on
DOUBT_GAP = 5.0
#: lines among which the last counted row is looked for
LOOK_BACK = 60

#: figures that stand in a row without making it one
_SIDE_ROLES = frozenset({Role.TAX_RATE, Role.DISCOUNT, Role.TAX_AMOUNT})
_AMOUNT_ROLES = frozenset({Role.AMOUNT, Role.DEBIT, Role.CREDIT})


@dataclass(frozen=True, slots=True)
class Segment:
    """The lines under one header, split into its columns."""

    columns: tuple[Column, ...]
    #: where the words of each column stand
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    keys: Keys


def keys_of(columns: Sequence[Column], targets: Sequence[Target]) -> Keys:
    """Which of `columns` tell rows."""
    figures, amounts, texts = set(), set(), set()
    for index, column in enumerate(columns):
        if column.target is None:
            continue
        target = targets[column.target]
        if target.is_text:
            texts.add(index)
        elif target.is_numeric and target.role not in _SIDE_ROLES:
            figures.add(index)
            if target.role in _AMOUNT_ROLES:
                amounts.add(index)
    asked = (at for at, column in enumerate(columns) if column.target is not None and targets[column.target].spec)
    return Keys(figures=frozenset(figures), amounts=frozenset(amounts), texts=frozenset(texts), first=next(asked, None))


def segment_of(stretch: Stretch, targets: Sequence[Target], *, decimal_mark: str | None) -> Segment:
    """The lines of the table in `stretch`, put into columns: by the header first, then by where the data stands."""
    columns, page_right = stretch.header.columns, stretch.page_right
    keys = keys_of(columns, targets)
    proof = _Proof(roles_of(columns, targets), position_of(columns, targets), decimal_mark)
    lanes = lanes_of(columns, targets, page_right=page_right)
    sample = _table_lines(stretch, lanes, keys, proof, limit=SAMPLE)
    anchors = [line for line in sample if len(clean_figures(line, keys)) > 1] or sample
    lanes = learned(lanes, anchors, page_right=page_right)
    return Segment(columns, tuple(lanes), tuple(_table_lines(stretch, lanes, keys, proof)), keys)


def clean_figures(line: Line, keys: Keys) -> frozenset[int]:
    """The key columns that hold a figure and nothing but figures and what may stand beside them."""
    return frozenset(
        column
        for column in filled(line, keys.figures)
        if all(is_figure(word.text) or is_mark(word.text) for word in line.cells[column])
    )


def figures_of(line: Line, decimal_mark: str | None) -> dict[int, Decimal]:
    """The numbers on `line` by column."""
    found = ((column, number_of(words, decimal_mark)) for column, words in line.cells.items())
    return {column: number[0] for column, number in found if number is not None}


@dataclass(frozen=True, slots=True)
class _Proof:
    """How a line shows that it is a row of this table, whatever stands before it."""

    roles: Mapping[Role, int]
    #: the column that counts the rows, if there is one
    position: int | None
    decimal_mark: str | None

    def holds(self, line: Line, lines: Sequence[Line]) -> bool:
        """Its figures agree, or it is counted on from the last row of `lines`."""
        return row_agrees(figures_of(line, self.decimal_mark), self.roles) is True or self._counts_on(line, lines)

    def _counts_on(self, line: Line, lines: Sequence[Line]) -> bool:
        own = self._count(line)
        if own is None:
            return False
        earlier = (self._count(before) for before in reversed(lines[-LOOK_BACK:]))
        return own - 1 == next((count for count in earlier if count is not None), None)

    def _count(self, line: Line) -> Decimal | None:
        found = number_of(line.cells.get(self.position, ()), None) if self.position is not None else None
        return found[0] if found is not None else None


def _table_lines(
    stretch: Stretch, lanes: Sequence[Lane], keys: Keys, proof: _Proof, *, limit: int | None = None
) -> list[Line]:
    """The lines of a table down to its total, without carried sums, page notes and what stands between pages.

    After a total, which may be that of a group, and after the header of another table, which may hold the details of a
    row, the table goes on only with a line that proves to be a row.
    """
    lines: list[Line] = []
    page, bottom = stretch.header.page, stretch.header.box.bottom
    doubtful = closed = False
    text_left = lanes[min(keys.texts)].left if keys.texts else None
    for at, row in enumerate(stretch.rows[:limit]):
        closed = closed or at in stretch.breaks
        if closed and not any(is_figure(word.text) for word in row.words):
            continue  # prose after the table is not worth splitting
        line = split(row, lanes)
        figures = clean_figures(line, keys)
        kind = kind_of(line, figures=figures, texts=keys.texts, text_left=text_left)
        doubtful = doubtful or row.page != page or row.box.top - bottom > DOUBT_GAP * row.cells[0].height
        page, bottom = row.page, row.box.bottom
        closed = closed or (kind is LineKind.TOTAL and (bool(lines) or not doubtful))
        if kind is not LineKind.ROW or (closed and not (figures and proof.holds(line, lines))):
            continue
        if doubtful and not keys.is_strong(line, figures):
            continue
        doubtful = closed = False
        lines.append(line)
    return lines


def roles_of(columns: Sequence[Column], targets: Sequence[Target]) -> Mapping[Role, int]:
    """Which column has which role of those that arithmetic knows."""
    found: dict[Role, int] = {}
    for index, column in enumerate(columns):
        role = targets[column.target].role if column.target is not None else None
        if role is not None and role in NUMERIC_ROLES:
            found[role] = index
    return found


def position_of(columns: Sequence[Column], targets: Sequence[Target]) -> int | None:
    """The column that counts the rows."""
    roles = (targets[column.target].role if column.target is not None else None for column in columns)
    return next((index for index, role in enumerate(roles) if role is Role.POSITION), None)
