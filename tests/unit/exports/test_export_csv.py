"""CSV: RFC 4180 and the European dialect, tables beside the documents, no formula runs."""

import csv
from decimal import Decimal

import pytest
from exports_factory import (
    INVOICE,
    document_id,
    extraction,
    failed_extraction,
    invoice_fields,
    leaf,
    long_rows,
    rows_of,
    schema_of,
    set_of,
    value,
)

from docproc.domain.errors import UsageError
from docproc.domain.extraction import DocumentFacts
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.schema import FieldKind, FieldSpec, Shape
from docproc.exports.cells import cell_text, starts_formula, typed
from docproc.exports.csv_writer import EUROPEAN, RFC_4180, CsvWriter, csv_dialect
from docproc.exports.export_item import ExportItem
from docproc.exports.tabular import DOCUMENT_COLUMNS


def written(tmp_path, *documents, schema=INVOICE, dialect=RFC_4180, name="out.csv"):
    with CsvWriter(tmp_path / "out.csv", schema, dialect=dialect) as writer:
        for document in documents:
            writer.write(document)
    text = (tmp_path / name).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(text.split("\r\n"), delimiter=dialect.delimiter, strict=True))


def test_the_header_is_the_facts_of_the_document_then_the_fields_in_schema_order(tmp_path):
    written(tmp_path)
    header = (tmp_path / "out.csv").read_bytes()
    assert header == (
        b"file,document_id,external_id,status,pages,min_confidence,issues,"
        b"number,issued_on,seller.name,seller.vat_id,orders,total\r\n"
    )


def test_a_document_is_a_row_with_groups_flattened_and_sets_joined(tmp_path):
    (row,) = written(tmp_path, extraction(external_id="X-1"))
    assert row == {
        "file": "in/invoice-1.pdf",
        "document_id": str(document_id(1)),
        "external_id": "X-1",
        "status": "succeeded",
        "pages": "1",
        "min_confidence": "0.7",
        "issues": "",
        "number": "0012345678",
        "issued_on": "2025-03-04",
        "seller.name": "Müller & Söhne",
        "seller.vat_id": "",
        "orders": "A-1 | A-2",
        "total": "9.50",
    }


def test_rows_of_a_list_stand_in_a_second_file_with_their_keys(tmp_path):
    rows = written(tmp_path, extraction(1), extraction(2), name="out.line_items.csv")
    assert [(row["document_id"], row["row"], row["text"], row["amount"]) for row in rows] == [
        (str(document_id(1)), "1", "Screws", "12.50"),
        (str(document_id(1)), "2", "Return", "-3.00"),
        (str(document_id(2)), "1", "Screws", "12.50"),
        (str(document_id(2)), "2", "Return", "-3.00"),
    ]


def test_a_list_within_a_list_names_the_row_above_it(tmp_path):
    schema = schema_of(rows_of("pages", leaf("title"), rows_of("entries", leaf("text"))))
    fields = {
        "pages": [
            {"title": value("a"), "entries": [{"text": value("x")}, {"text": value("y")}]},
            {"title": value("b"), "entries": [{"text": value("z")}]},
        ]
    }
    rows = written(tmp_path, extraction(1, fields), schema=schema, name="out.pages.entries.csv")
    assert list(rows[0]) == ["document_id", "pages.row", "row", "text"]
    assert [(row["pages.row"], row["row"], row["text"]) for row in rows] == [
        ("1", "1", "x"),
        ("1", "2", "y"),
        ("2", "1", "z"),
    ]


def test_spilled_rows_are_rows_and_count_for_the_lowest_confidence(tmp_path):
    fields = invoice_fields()
    del fields["line_items"]
    item = ExportItem(extraction=extraction(2, fields), tables={"line_items": lambda: long_rows(2000)})
    (row,) = written(tmp_path, item)
    lines = (tmp_path / "out.line_items.csv").read_bytes().split(b"\r\n")
    assert row["min_confidence"] == "0.4"
    assert len(lines) == 2002
    assert lines[2000].endswith(b",2000,Row 2000,2000.00")


def test_a_failed_document_is_a_row_that_says_why(tmp_path):
    (row,) = written(tmp_path, failed_extraction())
    assert (row["status"], row["issues"]) == ("failed", "password_required: The document is encrypted")
    assert (row["pages"], row["min_confidence"], row["number"]) == ("", "", "")


def test_issues_stand_in_one_cell_and_the_many_are_counted(tmp_path):
    found = [Issue(code=IssueCode.UNGROUNDED, message=f"m{number}") for number in range(25)]
    (row,) = written(tmp_path, extraction(issues=tuple(found)))
    assert row["issues"].startswith("ungrounded: m0; ungrounded: m1; ")
    assert row["issues"].endswith("; ungrounded: m19; 5 more of ungrounded")


def test_the_european_dialect_has_semicolons_decimal_commas_and_a_byte_order_mark(tmp_path):
    (row,) = written(tmp_path, extraction(), dialect=EUROPEAN)
    raw = (tmp_path / "out.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbffile;document_id;")
    assert (row["total"], row["min_confidence"], row["issued_on"]) == ("9,50", "0,7", "2025-03-04")
    assert not (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf\xef\xbb\xbf")


def test_values_with_delimiters_quotes_and_line_ends_are_quoted_after_rfc_4180(tmp_path):
    with CsvWriter(tmp_path / "out.csv", schema_of(leaf("note"))) as writer:
        writer.write(extraction(1, {"note": value('a "b", c\nd')}))
    raw = (tmp_path / "out.csv").read_bytes()
    assert raw.endswith(b',"a ""b"", c\nd"\r\n')


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 89 1234", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "=", "\ufeff=1"]
)
def test_text_that_would_start_a_formula_is_neutralised(tmp_path, text):
    (row,) = written(tmp_path, extraction(1, {"note": value(text)}), schema=schema_of(leaf("note")))
    assert starts_formula(text)
    assert cell_text(text) == "'" + text
    assert row["note"].startswith("'")


@pytest.mark.parametrize("text", ["", " ", "plain", "a=b", "1-2", "0012345678", "(5)"])
def test_harmless_text_is_left_as_it_is(text):
    assert cell_text(text) == text


def test_file_names_ids_and_messages_are_neutralised_like_any_text(tmp_path):
    hostile = extraction(
        1, file="=cmd|x.pdf", external_id="@x", issues=(Issue(code=IssueCode.UNGROUNDED, message="=1"),)
    )
    (row,) = written(tmp_path, hostile, schema=schema_of(leaf("=name")))
    assert row["file"] == "'=cmd|x.pdf"
    assert row["external_id"] == "'@x"
    assert "'=name" in row


@pytest.mark.parametrize("kind", [FieldKind.MONEY, FieldKind.NUMBER, FieldKind.INTEGER, FieldKind.PERCENT])
def test_a_real_negative_number_stays_a_number_in_every_dialect(kind):
    assert cell_text(typed("-1234.50", kind)) == "-1234.50"
    assert cell_text(typed("-1234.50", kind), decimal_mark=",") == "-1234,50"
    assert cell_text(typed(-3, kind)) == "-3"


@pytest.mark.parametrize(
    ("content", "kind", "cell"),
    [
        ("12.50", FieldKind.MONEY, Decimal("12.50")),
        ("1E+3", FieldKind.NUMBER, Decimal("1E+3")),
        (0.1, FieldKind.NUMBER, Decimal("0.1")),
        ("-x", FieldKind.MONEY, "-x"),
        ("NaN", FieldKind.NUMBER, "NaN"),
        ("1e999999", FieldKind.NUMBER, "1e999999"),
        ("2025-02-30", FieldKind.DATE, "2025-02-30"),
        ("2025-02", FieldKind.DATE, "2025-02"),
        ("0012", FieldKind.ID, "0012"),
        (True, FieldKind.BOOLEAN, True),
        (None, FieldKind.MONEY, None),
    ],
)
def test_a_cell_is_a_number_or_a_day_only_where_the_value_is_one(content, kind, cell):
    assert typed(content, kind) == cell


def test_sets_of_numbers_join_in_the_dialect_and_never_start_a_formula(tmp_path):
    fields = {"parts": [value("-1.5"), value("2")], "one": [value("-1.5")]}
    schema = schema_of(set_of("parts", FieldKind.NUMBER), set_of("one", FieldKind.NUMBER))
    (row,) = written(tmp_path, extraction(1, fields), schema=schema, dialect=EUROPEAN)
    assert (row["parts"], row["one"]) == ("'-1,5 | 2", "-1,5")


def test_a_field_that_is_named_like_a_fact_of_the_document_gets_a_column_of_its_own(tmp_path):
    schema = schema_of(leaf("status"), leaf("file"), leaf("total"))
    (row,) = written(
        tmp_path, extraction(1, {"status": value("paid"), "file": value("F-1"), "total": value("1")}), schema=schema
    )
    assert (row["status"], row["record.status"], row["record.file"]) == ("succeeded", "paid", "F-1")
    assert list(row)[: len(DOCUMENT_COLUMNS)] == list(DOCUMENT_COLUMNS)


def test_a_list_of_lists_is_kept_as_json(tmp_path):
    pairs = FieldSpec(name="pairs", shape=Shape.LIST, item=FieldSpec(name="", shape=Shape.LIST, item=leaf("")))
    (row,) = written(tmp_path, extraction(1, {"pairs": [[value("a"), value("b")]]}), schema=schema_of(pairs))
    assert row["pairs"] == '[["a","b"]]'


def test_the_same_documents_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        with CsvWriter(tmp_path / f"{name}.csv", INVOICE) as writer:
            writer.write(extraction(1))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_an_unknown_dialect_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="rfc4180 or european"):
        csv_dialect("tab")


def test_files_of_lists_have_safe_names_of_their_own(tmp_path):
    names = ["../../evil", "a/b", "a:b", "A?B", "ok", "x" * 300]
    written(tmp_path, schema=schema_of(*(rows_of(name, leaf("text")) for name in names)))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [
            "out.csv",
            "out...-..-evil.csv",
            "out.a-b.csv",
            "out.a-b-3.csv",
            "out.A-B-4.csv",
            "out.ok.csv",
            f"out.{'x' * 80}.csv",
        ]
    )


def test_pages_are_counted_where_the_file_did_not_tell(tmp_path):
    (row,) = written(tmp_path, extraction(1, document=DocumentFacts()))
    assert row["pages"] == "1"
