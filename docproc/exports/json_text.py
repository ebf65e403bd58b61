"""An extraction as JSON text, piece by piece, with the rows of long tables spliced in. Knows no file."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic_core import to_jsonable_python

from docproc.domain.extraction import FieldTree, record_of
from docproc.domain.schema import ExtractionSchema, FieldSpec
from docproc.exports.export_item import ExportItem, RowSource

#: allowed raw in JSON, yet taken for a line end by many line readers
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def json_pieces(item: ExportItem, schema: ExtractionSchema, *, indent: int | None = None) -> Iterator[str]:
    """The contract object of `item` in pieces of bounded size, without a line end after it."""
    contract = item.extraction.model_dump(mode="json", by_alias=True)
    spilled: dict[str, Callable[[], Iterator[Any]]] = {}
    for path, source in item.tables.items():
        for part, shape in (("record", record_of), ("fields", dict)):
            if contract[part] is not None:
                mark = secrets.token_hex(16)
                _put(contract[part], path.split("."), mark, specs=schema.fields)
                spilled[mark] = _plain_rows(source, shape)
    text = _text(contract, indent=indent)
    for mark, rows in sorted(spilled.items(), key=lambda entry: text.index(entry[0])):
        before, text = text.split(f'"{mark}"', 1)
        yield before
        yield from _list_pieces(rows(), indent=indent, line=before.rsplit("\n", 1)[-1])
    yield text


def _plain_rows(source: RowSource, shape: Callable[[dict[str, FieldTree]], Any]) -> Callable[[], Iterator[Any]]:
    return lambda: (to_jsonable_python(shape(row)) for row in source())


def _put(tree: dict[str, Any], path: Sequence[str], mark: str, *, specs: Sequence[FieldSpec]) -> None:
    """Set `mark` at `path` and bring the keys on the way there into schema order."""
    name, *rest = path
    if rest:
        children = next((spec.children for spec in specs if spec.name == name), ())
        if not isinstance(tree.get(name), dict):
            tree[name] = {}
        _put(tree[name], rest, mark, specs=children)
    else:
        tree[name] = mark
    for key in [spec.name for spec in specs if spec.name in tree]:
        tree[key] = tree.pop(key)


def _list_pieces(rows: Iterator[Any], *, indent: int | None, line: str) -> Iterator[str]:
    """`rows` as a JSON list that stands after `line`."""
    margin = "" if indent is None else "\n" + " " * (len(line) - len(line.lstrip(" ")))
    step = " " * (indent or 0)
    opening = "["
    for row in rows:
        text = _text(row, indent=indent)
        yield opening + margin + (step if margin else "") + text.replace("\n", margin + step)
        opening = ","
    yield "[]" if opening == "[" else margin + "]"


def _text(value: Any, *, indent: int | None) -> str:  # noqa: ANN401 plain JSON
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return text if text.isascii() else text.translate(_LINE_ENDS)
