"""Tables to lists of rows for any schema: headers, columns, rows, and arithmetic as the judge between them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from docproc.domain.issues import Issue, IssueCode
from docproc.domain.page import Word
from docproc.domain.reading import FieldHint, Window
from docproc.domain.schema import FieldSpec, JsonValue
from docproc.readers.layout.lines import visual_rows
from docproc.readers.layout.rows_join import TableRow, join_lines
from docproc.readers.layout.tables_arithmetic import choose_columns, row_agrees
from docproc.readers.layout.tables_cells import (
    CellValue,
    Conventions,
    cell_value,
    evidence_of,
    is_ambiguous_date,
    number_of,
)
from docproc.readers.layout.tables_glued import cut_quantity
from docproc.readers.layout.tables_headers import Header, find_headers
from docproc.readers.layout.tables_labels import LabelIndex
from docproc.readers.layout.tables_segments import Page, Segment, roles_of, same_table, segments_of
from docproc.readers.layout.tables_targets import Target, targets_of
from docproc.readers.layout.tables_vocabulary import Role

#: tables of a window that are read to the end before one is chosen
MAX_TABLES = 4
#: what a table whose figures agree is worth beside its header's score
AGREEMENT = 3.0
#: probabilities of a cell: arithmetic agrees, cannot tell, disagrees
PROVED, PLAIN, DISPROVED = 0.97, 0.85, 0.55

_ARITHMETIC = (Role.QUANTITY, Role.UNIT_PRICE, Role.AMOUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsReading:
    """The rows of one list field and what is known of their cells."""

    rows: list[dict[str, JsonValue]] = field(default_factory=list)
    #: by `[row].name`
    hints: dict[str, FieldHint] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """One row with its columns settled: the words of each target."""

    row: TableRow
    words: Mapping[int, Sequence[Word]]
    #: whether quantity, price and total agree; None when that cannot be told
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class _Table:
    reads: Sequence[_Read]
    worth: float


def read_rows(window: Window, spec: FieldSpec, *, decimal_mark: str | None, day_first: bool | None) -> RowsReading:
    """The rows of the table in `window` that `spec`, a list of groups, describes; none when there is no such table."""
    if spec.item is None or not spec.item.children:
        return RowsReading()
    targets = targets_of(spec.item)
    conventions = Conventions(decimal_mark, day_first)
    pages = _pages(window, targets)
    headers = [header for page in pages for header in page.headers]
    tables = [_table(pages, header, targets, conventions) for header in _different(headers, targets)]
    best = max(tables, key=lambda table: table.worth, default=None)
    if best is None or not best.reads:
        return RowsReading()
    return _reading(best.reads[: spec.max_items], targets, conventions)


def _pages(window: Window, targets: Sequence[Target]) -> list[Page]:
    index = LabelIndex(targets)
    pages = []
    for content in window.pages:
        rows = visual_rows(content)
        pages.append(Page(content.number, content.width, rows, find_headers(rows, index, targets)))
    return pages


def _different(headers: Iterable[Header], targets: Sequence[Target]) -> list[Header]:
    """The best headers of the window, each of a table of its own."""
    chosen: list[Header] = []
    for header in sorted(headers, key=lambda header: -header.score):
        if not any(same_table(header, other, targets) for other in chosen):
            chosen.append(header)
    return chosen[:MAX_TABLES]


def _table(pages: Sequence[Page], header: Header, targets: Sequence[Target], conventions: Conventions) -> _Table:
    reads: list[_Read] = []
    for segment in segments_of(pages, header, targets, decimal_mark=conventions.decimal_mark):
        reads.extend(_reads(segment, targets, conventions))
    if not reads:
        return _Table((), 0.0)
    agreed = sum(read.agrees is True for read in reads) / len(reads)
    return _Table(reads, header.score + AGREEMENT * agreed)


def _reads(segment: Segment, targets: Sequence[Target], conventions: Conventions) -> list[_Read]:
    rows = join_lines(segment.lines, segment.keys)
    figures = [_figures(row, segment, conventions) for row in rows]
    told = roles_of(segment.columns, targets)
    free = sorted({column for row in figures for column in row})
    # totals with tax are not quantity times price where prices are without
    gross = any(target.role is Role.AMOUNT and target.net is False for target in targets)
    roles = dict(told) if gross else choose_columns(figures, told, free)
    for row, numbers in zip(rows, figures, strict=True):
        _add_glued(row, numbers, roles, segment)
    by_target = _column_by_target(segment, targets, roles)
    return [
        _Read(row, _words(row, by_target, targets, segment), row_agrees(numbers, roles))
        for row, numbers in zip(rows, figures, strict=True)
    ]


def _add_glued(row: TableRow, figures: dict[int, Decimal], roles: Mapping[Role, int], segment: Segment) -> None:
    """Find a quantity that was printed into its neighbour."""
    if not all(role in roles for role in _ARITHMETIC) or roles[Role.QUANTITY] in figures:
        return
    quantity = cut_quantity(row, figures, roles, segment.lanes[roles[Role.QUANTITY]])
    if quantity is not None:
        figures[roles[Role.QUANTITY]] = quantity


def _figures(row: TableRow, segment: Segment, conventions: Conventions) -> dict[int, Decimal]:
    """The numbers on the row's lines of figures, by column."""
    numbers: dict[int, Decimal] = {}
    for column in range(len(segment.columns)):
        if column in segment.keys.texts:
            continue
        found = number_of(row.figure_words(column), conventions.decimal_mark)
        if found is not None:
            numbers[column] = found[0]
    return numbers


def _column_by_target(segment: Segment, targets: Sequence[Target], roles: Mapping[Role, int]) -> dict[int, int]:
    """Which column each field takes its cells from: as the header says, but where arithmetic knew better."""
    columns = {column.target: index for index, column in enumerate(segment.columns) if column.target is not None}
    for target_index, target in enumerate(targets):
        if target.role in _ARITHMETIC and target.role in roles:
            columns[target_index] = roles[target.role]
    return columns


def _words(
    row: TableRow, columns: Mapping[int, int], targets: Sequence[Target], segment: Segment
) -> dict[int, Sequence[Word]]:
    words: dict[int, Sequence[Word]] = {}
    for target, column in columns.items():
        if targets[target].spec is not None:
            words[target] = row.words(column) if column in segment.keys.texts else row.figure_words(column)
    return words


def _reading(reads: Sequence[_Read], targets: Sequence[Target], conventions: Conventions) -> RowsReading:
    rows: list[dict[str, JsonValue]] = []
    hints: dict[str, FieldHint] = {}
    issues: list[Issue] = []
    for read in reads:
        values = _values(read, targets, conventions)
        if not any(cell is not None for cell in values.values()):
            continue
        at = len(rows)
        rows.append({name: cell.value if cell is not None else None for name, cell in values.items()})
        pages = {id(word): line.page for line in (*read.row.above, *read.row.below) for word in line.row.words}
        for name, cell in values.items():
            if cell is not None:
                evidence = evidence_of(cell, pages, read.row.page)
                hints[f"[{at}].{name}"] = FieldHint(model=_probability(read, name, targets), evidence=evidence)
        issues.extend(_issues(read, targets, conventions, at=at))
    return RowsReading(rows=rows, hints=hints, issues=tuple(issues))


def _values(read: _Read, targets: Sequence[Target], conventions: Conventions) -> dict[str, CellValue | None]:
    values: dict[str, CellValue | None] = {}
    for index, target in enumerate(targets):
        if target.spec is not None:
            values[target.spec.name] = cell_value(read.words.get(index, ()), target.spec, conventions)
    return values


def _probability(read: _Read, name: str, targets: Sequence[Target]) -> float:
    target = next(target for target in targets if target.spec is not None and target.spec.name == name)
    if target.role not in _ARITHMETIC or read.agrees is None:
        return PLAIN
    return PROVED if read.agrees else DISPROVED


def _issues(read: _Read, targets: Sequence[Target], conventions: Conventions, *, at: int) -> list[Issue]:
    return [
        Issue(
            code=IssueCode.AMBIGUOUS_DATE,
            fields=(f"[{at}].{target.spec.name}",),
            message="The date can be read with the day or with the month first.",
        )
        for index, target in enumerate(targets)
        if target.spec is not None and is_ambiguous_date(read.words.get(index, ()), target.spec, conventions)
    ]
