"""Tables to lists of rows for any schema: headers, columns, rows, and arithmetic as the judge between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import FieldHint, Window
from docproc.domain.schema import FieldSpec, JsonValue
from docproc.readers.layout.lines import visual_rows
from docproc.readers.layout.tables_cells import (
    CellValue,
    Conventions,
    cell_value,
    evidence_of,
    is_ambiguous_date,
    number_of,
)
from docproc.readers.layout.tables_headed import read_headed
from docproc.readers.layout.tables_headerless import SUMMED, read_list
from docproc.readers.layout.tables_headers import Header, find_headers
from docproc.readers.layout.tables_labels import LabelIndex
from docproc.readers.layout.tables_ledger import with_balances
from docproc.readers.layout.tables_reads import RowRead
from docproc.readers.layout.tables_segments import segment_of
from docproc.readers.layout.tables_stretches import Page, same_table, stretches
from docproc.readers.layout.tables_targets import Target, targets_of
from docproc.readers.layout.tables_vocabulary import ARITHMETIC, Role
from docproc.readers.turns import in_turn

#: tables of a window that are read to the end before one is chosen
MAX_TABLES = 4
#: schemas of rows whose labels are kept ready
KEPT_INDEXES = 32
#: what a table whose figures agree is worth beside its header's score
AGREEMENT = 3.0
#: a table under a header stands without a second look when this share of its rows agrees
SURE = 0.5
#: probabilities of a cell: arithmetic agrees, cannot tell, disagrees
PROVED, PLAIN, DISPROVED = 0.98, 0.9, 0.7

#: what agreeing figures prove
PROVABLE = frozenset((*ARITHMETIC, Role.BALANCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsReading:
    """The rows of one list field and what is known of their cells."""

    rows: list[dict[str, JsonValue]] = field(default_factory=list)
    #: by `[row].name`
    hints: dict[str, FieldHint] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Table:
    reads: Sequence[RowRead]
    #: share of the rows whose figures agree
    agreed: float
    worth: float


def read_rows(window: Window, spec: FieldSpec, *, decimal_mark: str | None, day_first: bool | None) -> RowsReading:
    """The rows of the table in `window` that `spec`, a list of groups, describes; none when there is no such table."""
    if spec.item is None or not spec.item.children:
        return RowsReading()
    index = _index_of(spec.item)
    targets = index.targets
    conventions = Conventions(decimal_mark, day_first)
    pages = _pages(window, index)
    headers = [header for page in pages for header in page.headers if header.wanted]
    chosen = in_turn(_different(headers, targets), window.checkpoint)
    tables = [_table(pages, header, targets, conventions) for header in chosen]
    best = max(tables, key=lambda table: table.worth, default=_Table((), 0.0, 0.0))
    reads = best.reads if best.agreed >= SURE else _second_look(best.reads, pages, targets, conventions)
    return _reading(reads[: spec.max_items], targets, conventions)


@lru_cache(maxsize=KEPT_INDEXES)
def _index_of(row: FieldSpec) -> LabelIndex:
    """What the columns of a table of such rows may mean: told by the schema alone, so told once for its documents."""
    return LabelIndex(targets_of(row))


def _pages(window: Window, index: LabelIndex) -> list[Page]:
    pages = []
    for content in in_turn(window.pages, window.checkpoint):
        rows = visual_rows(content)
        pages.append(Page(content.number, content.width, rows, find_headers(rows, index)))
    return pages


def _different(headers: Iterable[Header], targets: Sequence[Target]) -> list[Header]:
    """The best headers of the window, each of a table of its own."""
    chosen: list[Header] = []
    for header in sorted(headers, key=lambda header: -header.score):
        if not any(same_table(header, other, targets) for other in chosen):
            chosen.append(header)
    return chosen[:MAX_TABLES]


def _table(pages: Sequence[Page], header: Header, targets: Sequence[Target], conventions: Conventions) -> _Table:
    reads: list[RowRead] = []
    for stretch in stretches(pages, header, targets):
        segment = segment_of(stretch, targets, decimal_mark=conventions.decimal_mark)
        reads.extend(read_headed(segment, targets, conventions))
    if not reads:
        return _Table((), 0.0, 0.0)
    reads = with_balances(reads, targets, conventions)
    agreed = sum(read.agrees is True for read in reads) / len(reads)
    return _Table(reads, agreed, header.score + AGREEMENT * agreed)


def _second_look(
    headed: Sequence[RowRead], pages: Sequence[Page], targets: Sequence[Target], conventions: Conventions
) -> Sequence[RowRead]:
    """The rows of a list without header where they explain a printed total and those under the header do not."""
    rows = [row for page in pages for row in page.rows]
    listed = read_list(rows, targets, decimal_mark=conventions.decimal_mark)
    if not listed or not headed:
        return listed or headed
    if listed[0].trust < SUMMED or _sum(listed, targets, conventions) == _sum(headed, targets, conventions):
        return headed
    return listed


def _sum(reads: Sequence[RowRead], targets: Sequence[Target], conventions: Conventions) -> Decimal:
    amount = next((index for index, target in enumerate(targets) if target.role is Role.AMOUNT), None)
    total = Decimal(0)
    for read in reads:
        found = number_of(read.plain_words(amount), conventions.decimal_mark) if amount is not None else None
        total += found[0] if found is not None else 0
    return total


def _reading(reads: Sequence[RowRead], targets: Sequence[Target], conventions: Conventions) -> RowsReading:
    rows: list[dict[str, JsonValue]] = []
    hints: dict[str, FieldHint] = {}
    issues: list[Issue] = []
    for read in reads:
        cells = _cells(read, targets, conventions)
        if not any(cells.values()):
            continue
        at, pages = len(rows), read.pages
        rows.append({name: cell.value if cell is not None else None for name, cell in cells.items()})
        for target in targets:
            cell = cells.get(target.spec.name) if target.spec is not None else None
            if target.spec is not None and cell is not None:
                evidence = evidence_of(cell, pages)
                hints[f"[{at}].{target.spec.name}"] = FieldHint(model=_probability(read, target), evidence=evidence)
        issues.extend(_issues(read, targets, conventions, at=at))
    return RowsReading(rows=rows, hints=hints, issues=tuple(issues))


def _cells(read: RowRead, targets: Sequence[Target], conventions: Conventions) -> dict[str, CellValue | None]:
    return {
        target.spec.name: cell_value(read.plain_words(index), target.spec, conventions, negated=index in read.negated)
        for index, target in enumerate(targets)
        if target.spec is not None
    }


def _probability(read: RowRead, target: Target) -> float:
    if target.role not in PROVABLE or read.agrees is None:
        return PLAIN * read.trust
    return PROVED if read.agrees else DISPROVED * read.trust


def _issues(read: RowRead, targets: Sequence[Target], conventions: Conventions, *, at: int) -> list[Issue]:
    return [
        Issue(
            code=IssueCode.AMBIGUOUS_DATE,
            fields=(f"[{at}].{target.spec.name}",),
            message="The date can be read with the day or with the month first.",
        )
        for index, target in enumerate(targets)
        if target.spec is not None and is_ambiguous_date(read.plain_words(index), target.spec, conventions)
    ]
