"""Long tables of a field tree, cut out of it and written row by row; knows no export."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from docproc.domain.extraction import FieldTree
from docproc.domain.schema import ExtractionSchema, FieldSpec, Shape

#: a longer table does not travel inside its extraction
MAX_ROWS = 1000

_ROW: TypeAdapter[dict[str, FieldTree]] = TypeAdapter(dict[str, FieldTree])

Rows = list[dict[str, FieldTree]]


def cut_long_tables(
    fields: dict[str, FieldTree], schema: ExtractionSchema
) -> tuple[dict[str, FieldTree], dict[str, Rows]]:
    """The tree with an empty list where a table was long, and those tables by field path."""
    cut: dict[str, Rows] = {}
    return _cut(fields, schema.fields, cut, ""), cut


def _cut(
    fields: dict[str, FieldTree], specs: tuple[FieldSpec, ...], cut: dict[str, Rows], prefix: str
) -> dict[str, FieldTree]:
    kept = dict(fields)
    for spec in specs:
        tree, path = fields.get(spec.name), f"{prefix}{spec.name}"
        if spec.shape is Shape.GROUP and isinstance(tree, dict):
            kept[spec.name] = _cut(tree, spec.children, cut, f"{path}.")
        elif spec.is_table and isinstance(tree, list) and len(tree) > MAX_ROWS:
            cut[path] = [row for row in tree if isinstance(row, dict)]
            kept[spec.name] = []
    return kept


def row_lines(rows: Rows) -> Iterator[bytes]:
    """One row a line."""
    for row in rows:
        yield _ROW.dump_json(row) + b"\n"


def rows_of_lines(pieces: Iterator[bytes]) -> Iterator[dict[str, FieldTree]]:
    """Rows from the pieces of a blob, which end anywhere."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield _ROW.validate_json(line)


def with_tables(fields: dict[str, FieldTree], tables: dict[str, Any]) -> dict[str, FieldTree]:
    """The tree with its long tables back in place."""
    whole: dict[str, Any] = dict(fields)
    for path, rows in tables.items():
        *parents, name = path.split(".")
        node = whole
        for parent in parents:
            node[parent] = dict(node[parent])
            node = node[parent]
        node[name] = rows
    return whole
