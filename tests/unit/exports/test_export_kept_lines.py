"""Rows that are kept as JSON text go into JSON as they are."""

import io
import json
from collections.abc import Iterator

import pytest
from exports_factory import INVOICE, extraction, invoice_fields, long_rows
from pydantic import TypeAdapter

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.geometry import Box
from docproc.exports.export_item import ExportItem
from docproc.exports.json_text import indented, json_pieces
from docproc.exports.json_writers import write_line

_ROW: TypeAdapter[dict[str, FieldTree]] = TypeAdapter(dict[str, FieldTree])

PLACE = Evidence(page=1, box=Box(1.5, 2.0, 30.25, 4.0), text="Stra\u00dfe\u2028 7", match=MatchKind.FUZZY)
ODD: list[dict[str, FieldTree]] = [
    {"description": FieldValue(value='a\u2028b\x85c \u00fc "q"\n', evidence=(PLACE,), confidence=0.25)},
    {"amount": FieldValue(value=1234.5), "flag": FieldValue(value=True), "nothing": FieldValue(value=None)},
    {"group": {"value": FieldValue(value="v"), "inner": [{"x": FieldValue(value=2)}, FieldValue(value=3)]}},
    {"group": {name: FieldValue(value=name) for name in FieldValue.model_fields}},
    {},
]


def _no_rows() -> Iterator[dict[str, FieldTree]]:
    raise AssertionError("the rows were taken apart")


def _item(rows: list[dict[str, FieldTree]], *, lines: bool) -> ExportItem:
    fields = invoice_fields()
    del fields["line_items"]
    kept = [_ROW.dump_json(row) for row in rows]
    return ExportItem(
        extraction=extraction(2, fields),
        tables={"line_items": _no_rows if lines else lambda: iter(rows)},
        lines={"line_items": lambda: iter(kept)} if lines else {},
    )


def _line(item: ExportItem) -> bytes:
    stream = io.BytesIO()
    write_line(stream, item, INVOICE)
    return stream.getvalue()


@pytest.mark.parametrize("rows", [ODD, [], list(long_rows(30))], ids=["odd", "none", "many"])
def test_kept_lines_make_the_same_line_as_rows(rows: list[dict[str, FieldTree]]) -> None:
    made = _line(_item(rows, lines=True))
    assert made == _line(_item(rows, lines=False))
    assert len(made.decode().splitlines()) == 1
    assert len(json.loads(made)["record"]["line_items"]) == len(rows)


def test_kept_lines_make_the_same_indented_file_as_rows() -> None:
    with_lines, with_rows = (
        "".join(json_pieces(_item(ODD, lines=lines), INVOICE, indent=2)) for lines in (True, False)
    )
    assert with_lines == with_rows


def test_a_line_that_travelled_is_indented_to_the_letter_as_it_would_have_been_at_home() -> None:
    for rows in (ODD, [], list(long_rows(3))):
        item = _item(rows, lines=True)
        assert indented(_line(item)) == "".join(json_pieces(item, INVOICE, indent=2))
