"""An extraction as JSON text, piece by piece, with the rows of long tables spliced in. Knows no file."""

import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import from_json, to_jsonable_python

from docproc.domain.extraction import FieldValue, record_of
from docproc.domain.schema import ExtractionSchema, FieldSpec
from docproc.exports.export_item import ExportItem, LineSource, RowSource

#: allowed raw in JSON, yet taken for a line end by many line readers
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
#: keys of a leaf as it is kept
_LEAF = FieldValue.model_fields.keys()


def json_pieces(item: ExportItem, schema: ExtractionSchema, *, indent: int | None = None) -> Iterator[str]:
    """The contract object of `item` in pieces of bounded size, without a line end after it."""
    contract = item.extraction.model_dump(mode="json", by_alias=True)
    spilled: dict[str, Iterator[str]] = {}
    for path, source in item.tables.items():
        for part, texts in (("record", _record_texts), ("fields", _field_texts)):
            if contract[part] is not None:
                mark = secrets.token_hex(16)
                _put(contract[part], path.split("."), mark, specs=schema.fields)
                spilled[mark] = texts(source, item.lines.get(path), indent=indent)
    text = _text(contract, indent=indent)
    for mark, rows in sorted(spilled.items(), key=lambda entry: text.index(entry[0])):
        before, text = text.split(f'"{mark}"', 1)
        yield before
        yield from _list_pieces(rows, indent=indent, line=before.rsplit("\n", 1)[-1])
    yield text


def indented(line: bytes, *, indent: int = 2) -> str:
    """What `json_pieces` makes with an indent, of one line that it made without."""
    return _text(json.loads(line), indent=indent)


def _record_texts(rows: RowSource, lines: LineSource | None, *, indent: int | None) -> Iterator[str]:
    bare = map(record_of, rows()) if lines is None else (_bare(from_json(line)) for line in lines())
    return (_text(row, indent=indent) for row in bare)


def _field_texts(rows: RowSource, lines: LineSource | None, *, indent: int | None) -> Iterator[str]:
    if lines is not None and indent is None:
        return (_in_one_line(line.decode()) for line in lines())
    trees = map(to_jsonable_python, rows()) if lines is None else map(from_json, lines())
    return (_text(row, indent=indent) for row in trees)


def _bare(tree: Any) -> Any:  # noqa: ANN401 plain JSON
    """What `record_of` makes, of a field tree as it is kept."""
    if isinstance(tree, list):
        return [_bare(branch) for branch in tree]
    # a group may have fields of these names, yet then its `value` is no plain value
    if tree.keys() == _LEAF and not isinstance(tree["value"], dict | list):
        return tree["value"]
    return {name: _bare(branch) for name, branch in tree.items()}


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


def _list_pieces(rows: Iterator[str], *, indent: int | None, line: str) -> Iterator[str]:
    """The texts of `rows` as a JSON list that stands after `line`."""
    margin = "" if indent is None else "\n" + " " * (len(line) - len(line.lstrip(" ")))
    step = " " * (indent or 0)
    opening = "["
    for text in rows:
        yield opening + margin + (step if margin else "") + text.replace("\n", margin + step)
        opening = ","
    yield "[]" if opening == "[" else margin + "]"


def _text(value: Any, *, indent: int | None) -> str:  # noqa: ANN401 plain JSON
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return _in_one_line(text)


def _in_one_line(text: str) -> str:
    return text if text.isascii() else text.translate(_LINE_ENDS)
