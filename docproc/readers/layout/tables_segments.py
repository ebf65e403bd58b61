"""Stretches of a table: from a header down to its totals, over as many pages as it takes; joins no rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docproc.readers.layout.lines import Row
from docproc.readers.layout.rows_join import Keys, filled
from docproc.readers.layout.tables_arithmetic import row_agrees
from docproc.readers.layout.tables_cells import number_of
from docproc.readers.layout.tables_grid import SAMPLE, Lane, Line, is_mark, lanes_of, learned, split
from docproc.readers.layout.tables_headers import Column, Header, is_figure
from docproc.readers.layout.tables_targets import Target
from docproc.readers.layout.tables_totals import LineKind, kind_of
from docproc.readers.layout.tables_vocabulary import NUMERIC_ROLES, Role

#: headers with this share of the best one's fields belong to the same table
SAME_TABLE = 0.6
#: white space of this many heights makes it doubtful that a table goes on
DOUBT_GAP = 5.0

#: figures that stand in a row without making it one
_SIDE_ROLES = frozenset({Role.TAX_RATE, Role.DISCOUNT, Role.TAX_AMOUNT})
_AMOUNT_ROLES = frozenset({Role.AMOUNT, Role.DEBIT, Role.CREDIT})


@dataclass(frozen=True, slots=True)
class Page:
    """One page as rows, with the headers on it."""

    number: int
    width: float
    rows: Sequence[Row]
    headers: Sequence[Header]


@dataclass(frozen=True, slots=True)
class Segment:
    """The lines under one header, split into its columns."""

    columns: tuple[Column, ...]
    #: where the words of each column stand
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    keys: Keys


def same_table(header: Header, best: Header, targets: Sequence[Target]) -> bool:
    """Whether two headers name mostly the same fields."""
    wanted = {target for target in best.targets if targets[target].spec is not None}
    return len(header.targets & wanted) >= SAME_TABLE * len(wanted)


def segments_of(
    pages: Sequence[Page], best: Header, targets: Sequence[Target], *, decimal_mark: str | None
) -> list[Segment]:
    """The stretches of the table that `best` heads; its repetitions start new ones."""
    segments = []
    for header, rows, page_right in _stretches(pages, best, targets):
        segment = _segment(header, rows, targets, page_right=page_right, decimal_mark=decimal_mark)
        if segment.lines:
            segments.append(segment)
    return segments


def _stretches(
    pages: Sequence[Page], best: Header, targets: Sequence[Target]
) -> Iterator[tuple[Header, list[Row], float]]:
    """Each header of the table with the rows down to the next header of any table."""
    current: Header | None = None
    rows: list[Row] = []
    page_right = 0.0
    for page in pages:
        starts = {header.first: header for header in page.headers}
        at = 0
        while at < len(page.rows):
            header = starts.get(at)
            if header is None:
                if current is not None:
                    rows.append(page.rows[at])
                at += 1
                continue
            if current is not None:
                yield current, rows, page_right
            current = header if same_table(header, best, targets) else None
            rows, page_right = [], page.width
            at = header.after
    if current is not None:
        yield current, rows, page_right


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
    return Keys(figures=frozenset(figures), amounts=frozenset(amounts), texts=frozenset(texts))


def _segment(
    header: Header, rows: Sequence[Row], targets: Sequence[Target], *, page_right: float, decimal_mark: str | None
) -> Segment:
    keys = keys_of(header.columns, targets)
    roles = roles_of(header.columns, targets)

    def proves(line: Line) -> bool:
        return row_agrees(figures_of(line, decimal_mark), roles) is True

    lanes = lanes_of(header.columns, targets, page_right=page_right)
    sample = _table_lines(rows[:SAMPLE], header, lanes, keys, proves=proves)
    anchors = [line for line in sample if len(clean_figures(line, keys)) > 1] or sample
    lanes = learned(lanes, anchors, page_right=page_right)
    return Segment(header.columns, tuple(lanes), tuple(_table_lines(rows, header, lanes, keys, proves=proves)), keys)


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


def _table_lines(
    rows: Sequence[Row], header: Header, lanes: Sequence[Lane], keys: Keys, *, proves: Callable[[Line], bool]
) -> list[Line]:
    """The lines of `rows` up to the table's total, without carried sums, page notes and what stands between pages.

    After a total, which may be that of a group, the table goes on only with a line that `proves` to be a row.
    """
    lines: list[Line] = []
    page, bottom = header.page, header.box.bottom
    doubtful = closed = False
    texts = sorted(keys.texts)
    text_left = lanes[texts[0]].left if texts else None
    for row in rows:
        line = split(row, lanes)
        figures = clean_figures(line, keys)
        kind = kind_of(line, figures=figures, texts=texts, text_left=text_left)
        if row.page != page or row.box.top - bottom > DOUBT_GAP * row.cells[0].height:
            doubtful = True
        page, bottom = row.page, row.box.bottom
        if kind is LineKind.TOTAL:
            closed = closed or bool(lines) or not doubtful
        if kind is not LineKind.ROW or (closed and not (len(figures) > 1 and proves(line))):
            continue
        if doubtful and len(figures) < min(2, len(keys.figures)):
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
