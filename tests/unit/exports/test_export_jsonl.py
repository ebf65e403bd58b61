"""JSONL and JSON files: the contract as it is, long tables spliced in as they stream."""

import io
import json

import pytest
from exports_factory import (
    INVOICE,
    document_id,
    extraction,
    failed_extraction,
    group,
    invoice_fields,
    leaf,
    long_rows,
    rows_of,
    schema_of,
    value,
)

from docproc.domain.extraction import DocumentPart, Extraction
from docproc.exports.export_item import ExportItem
from docproc.exports.json_writers import JsonFolderWriter, JsonlWriter, file_name, write_line


def spilled(rows: int, number: int = 2) -> ExportItem:
    fields = invoice_fields()
    del fields["line_items"]
    return ExportItem(extraction=extraction(number, fields), tables={"line_items": lambda: long_rows(rows)})


def line_of(document: Extraction | ExportItem, schema=INVOICE) -> str:
    stream = io.BytesIO()
    write_line(stream, document, schema)
    return stream.getvalue().decode()


def test_every_document_is_one_line_and_reads_back_as_the_same_extraction(tmp_path):
    documents = [extraction(1), failed_extraction(2), extraction(3)]
    with JsonlWriter(tmp_path / "out.jsonl", INVOICE) as writer:
        for document in documents:
            writer.write(document)
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines(keepends=True)
    assert [Extraction.model_validate_json(line) for line in lines] == documents
    assert all(line.endswith(b"}\n") for line in lines)


def test_keys_stand_in_contract_order_and_text_is_compact_utf8():
    line = line_of(extraction())
    names = [info.alias or name for name, info in Extraction.model_fields.items()]
    assert list(json.loads(line)) == names
    assert line.startswith('{"contract":"1","job_id":')
    assert "Müller & Söhne" in line


@pytest.mark.parametrize("line_end", ["\u2028", "\u2029", "\x85", "\n", "\r\n"])
def test_a_line_end_within_a_value_never_splits_the_line(line_end):
    text = f"first{line_end}second"
    line = line_of(extraction(fields=invoice_fields(number=value(text))))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["record"]["number"] == text


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_spilled_table_reads_as_if_its_rows_had_been_in_memory(rows):
    whole = extraction(2, invoice_fields(line_items=list(long_rows(rows))))
    assert line_of(spilled(rows)) == line_of(whole)


def test_a_spilled_table_within_a_group_stands_in_schema_order():
    schema = schema_of(group("account", leaf("iban"), rows_of("entries", leaf("text")), leaf("balance")), leaf("bank"))
    fields = {"account": {"iban": value("X"), "balance": value("1")}, "bank": value("B")}
    item = ExportItem(extraction=extraction(1, fields), tables={"account.entries": lambda: long_rows(2)})
    record = json.loads(line_of(item, schema))["record"]
    assert list(record) == ["account", "bank"]
    assert list(record["account"]) == ["iban", "entries", "balance"]
    assert [row["text"] for row in record["account"]["entries"]] == ["Row 1", "Row 2"]


def test_two_spilled_tables_are_spliced_each_at_its_place():
    schema = schema_of(rows_of("second", leaf("text")), rows_of("first", leaf("text")))
    item = ExportItem(
        extraction=extraction(1, {}), tables={"first": lambda: long_rows(1), "second": lambda: long_rows(2)}
    )
    parsed = json.loads(line_of(item, schema))
    assert {name: len(rows) for name, rows in parsed["record"].items()} == {"second": 2, "first": 1}
    assert {name: len(rows) for name, rows in parsed["fields"].items()} == {"second": 2, "first": 1}
    assert list(parsed["fields"]) == ["second", "first"]


def test_a_failed_document_keeps_its_null_record_even_when_rows_were_spilled():
    item = ExportItem(extraction=failed_extraction(), tables={"line_items": lambda: long_rows(3)})
    assert json.loads(line_of(item))["record"] is None


def test_a_spilled_table_is_never_held_in_memory_as_a_whole():
    class Counting(io.BytesIO):
        largest = 0

        def writelines(self, pieces):
            for piece in pieces:
                self.largest = max(self.largest, len(piece))

    stream = Counting()
    write_line(stream, spilled(5_000), INVOICE)
    assert 0 < stream.largest < 20_000


@pytest.mark.parametrize("rows", [0, 2])
def test_a_folder_holds_one_indented_file_a_document(tmp_path, rows):
    whole = extraction(2, invoice_fields(line_items=list(long_rows(rows))))
    with JsonFolderWriter(tmp_path / "records", INVOICE) as writer:
        writer.write(spilled(rows))
        writer.write(failed_extraction(3))
    names = sorted(path.name for path in (tmp_path / "records").iterdir())
    assert names == sorted(
        f"{stem}.json" for stem in (f"in-invoice-2.pdf-{document_id(2)}", f"in-locked.pdf-{document_id(3)}")
    )
    text = (tmp_path / "records" / f"in-invoice-2.pdf-{document_id(2)}.json").read_text(encoding="utf-8")
    assert text == json.dumps(whole.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize(
    ("file", "start"),
    [
        ("../../etc/passwd", "etc-passwd-"),
        ("Rechnung Nr. 5 \u2013 Müller.pdf", "Rechnung-Nr.-5-Muller.pdf-"),
        ("con", "con-"),
        ("请求书", "document-"),
        ("a\x00b\n<script>.pdf", "a-b-script-.pdf-"),
        ("x" * 500 + ".pdf", "x" * 76 + ".pdf-"),
        (".hidden", "hidden-"),
    ],
)
def test_a_file_name_is_readable_safe_and_ends_with_the_document_id(file, start):
    assert file_name(extraction(4, file=file)) == f"{start}{document_id(4)}.json"


def test_parts_of_one_file_get_files_of_their_own():
    first = extraction(1, part=DocumentPart(index=1, pages=(1, 2)))
    second = extraction(1, part=DocumentPart(index=2, pages=(3,)))
    assert file_name(first) != file_name(second)


def test_a_sender_s_not_a_number_is_null():
    line = line_of(extraction(1, metadata={"ratio": float("nan")}))
    assert json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))["metadata"] == {
        "ratio": None
    }
