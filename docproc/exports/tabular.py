"""A schema as tables and a document as their rows: groups flattened with dots, lists of objects as tables of their own.

Knows neither CSV nor XLSX.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docproc.domain.extraction import Extraction, FieldTree, FieldValue, record_of
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, Shape
from docproc.exports.cells import Cell, leaves_cell
from docproc.exports.export_item import ExportItem

#: columns before the fields, in every table of documents
DOCUMENT_COLUMNS = ("file", "document_id", "external_id", "status", "pages", "min_confidence", "issues")
#: columns before the fields, in every table of rows
ROW_COLUMNS = ("document_id", "row")

_ISSUES_IN_CELL = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field as a column."""

    name: str
    #: from the row's own object down
    path: tuple[str, ...]
    spec: FieldSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The documents themselves (empty name), or the rows of one list of objects."""

    #: field path of the list, without indexes: `line_items`, `line_items.taxes`
    name: str
    #: from the row's own object of the parent table down
    path: tuple[str, ...] = ()
    #: columns that are no fields: facts of the document, or the keys of a row
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    children: tuple["Table", ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        return (*self.keys, *(column.name for column in self.columns))

    def tables(self) -> Iterator["Table"]:
        """This table and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.tables()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table."""

    table: Table
    cells: tuple[Cell, ...]


def documents_table(schema: ExtractionSchema) -> Table:
    """The table of documents, with the tables of its lists below it."""
    return _table("", (), keys=DOCUMENT_COLUMNS, specs=schema.fields)


def _table(name: str, path: tuple[str, ...], *, keys: tuple[str, ...], specs: Sequence[FieldSpec]) -> Table:
    columns: list[Column] = []
    children: list[Table] = []
    taken = set(keys)
    for below, spec in flattened(specs):
        dotted = ".".join(below)
        if spec.is_table and spec.item is not None:
            child = f"{name}.{dotted}" if name else dotted
            # a row of a list within a list is named by the rows above it as well
            child_keys = (*keys[:-1], f"{name}.row", "row") if name else ROW_COLUMNS
            children.append(_table(child, below, keys=child_keys, specs=spec.item.children))
        else:
            columns.append(Column(name=_free(dotted, taken), path=below, spec=spec))
    return Table(name=name, path=path, keys=keys, columns=tuple(columns), children=tuple(children))


def flattened(specs: Iterable[FieldSpec], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldSpec]]:
    """The fields that are no groups, each with where its value stands."""
    for spec in specs:
        if spec.shape is Shape.GROUP:
            yield from flattened(spec.children, (*above, spec.name))
        else:
            yield (*above, spec.name), spec


def _free(name: str, taken: set[str]) -> str:
    """`name`, or `record.name` when a column of that name stands there already."""
    while name in taken:
        name = f"record.{name}"
    taken.add(name)
    return name


def document_rows(item: ExportItem, documents: Table) -> Iterator[Row]:
    """Every row of one document: those of its lists as they stream, its own last, when all confidences are known."""
    extraction = item.extraction
    fields = extraction.fields or {}
    lowest = math.inf
    for child in documents.children:
        source = item.tables.get(child.name)
        rows = source() if source and extraction.fields is not None else _objects(_at(fields, child.path))
        for row in _list_rows(rows, child, keys=(_text(str(extraction.document_id)),)):
            lowest = min(lowest, _lowest(row.cells))
            yield row
    cells = tuple(_field_cell(_at(fields, column.path), column.spec) for column in documents.columns)
    lowest = min(lowest, _lowest(cells))
    yield Row(table=documents, cells=(*_document_facts(extraction, lowest), *cells))


def _list_rows(rows: Iterable[Mapping[str, FieldTree]], table: Table, *, keys: tuple[Cell, ...]) -> Iterator[Row]:
    for number, fields in enumerate(rows, start=1):
        own = (*keys, Cell(value=Decimal(number), kind=FieldKind.INTEGER))
        for child in table.children:
            yield from _list_rows(_objects(_at(fields, child.path)), child, keys=own)
        cells = tuple(_field_cell(_at(fields, column.path), column.spec) for column in table.columns)
        yield Row(table=table, cells=(*own, *cells))


def _document_facts(extraction: Extraction, lowest: float) -> tuple[Cell, ...]:
    pages = extraction.document.page_count
    if pages is None and extraction.pages:
        pages = len(extraction.pages)
    return (
        _text(extraction.file),
        _text(str(extraction.document_id)),
        _text(extraction.external_id),
        _text(extraction.status.value),
        Cell(value=None if pages is None else Decimal(pages), kind=FieldKind.INTEGER),
        Cell(value=None if lowest == math.inf else Decimal(str(round(lowest, 4))), kind=FieldKind.NUMBER),
        _text(issues_text(extraction)),
    )


def issues_text(extraction: Extraction) -> str:
    """What a person should know of a document, in one cell: why it failed, then its issues, the first of many."""
    found = [f"{issue.code}: {issue.message}" for issue in extraction.issues]
    left = Counter(issue.code.value for issue in extraction.issues[_ISSUES_IN_CELL:])
    found[_ISSUES_IN_CELL:] = [f"{count} more of {code}" for code, count in left.items()]
    if extraction.failure is not None:
        found.insert(0, f"{extraction.failure.code}: {extraction.failure.message}")
    return "; ".join(found)


def _at(tree: FieldTree | Mapping[str, FieldTree] | None, path: Sequence[str]) -> FieldTree | None:
    for name in path:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree if not isinstance(tree, Mapping) else dict(tree)


def _objects(tree: FieldTree | None) -> Iterator[Mapping[str, FieldTree]]:
    branches = tree if isinstance(tree, list) else []
    return (branch if isinstance(branch, dict) else {} for branch in branches)


def _field_cell(tree: FieldTree | None, spec: FieldSpec) -> Cell:
    if isinstance(tree, FieldValue):
        return leaves_cell([tree], spec)
    if isinstance(tree, list) and spec.item is not None and all(isinstance(branch, FieldValue) for branch in tree):
        return leaves_cell([branch for branch in tree if isinstance(branch, FieldValue)], spec.item)
    if not tree:
        return Cell()
    # A list of lists has no place in a table: its bare values, as JSON.
    bare = record_of({spec.name: tree})[spec.name]
    return Cell(value=json.dumps(bare, ensure_ascii=False, separators=(",", ":")))


def _lowest(cells: Iterable[Cell]) -> float:
    return min((cell.confidence for cell in cells if cell.confidence is not None), default=math.inf)


def _text(value: str | None) -> Cell:
    return Cell(value=value)
