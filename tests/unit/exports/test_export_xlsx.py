"""XLSX: real types, child sheets with keys, nothing interpreted, nothing lost without a word."""

import zipfile
from datetime import datetime

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
    value,
)
from openpyxl import load_workbook

from docproc.domain.errors import UsageError
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import FieldKind
from docproc.exports.cells import Concern
from docproc.exports.export_item import ExportItem
from docproc.exports.tabular import DOCUMENT_COLUMNS
from docproc.exports.xlsx_sheet import TINTS, SheetNames
from docproc.exports.xlsx_writer import ISSUE_COLUMNS, XlsxWriter


def book_of(tmp_path, *documents, schema=INVOICE, **options):
    with XlsxWriter(tmp_path / "out.xlsx", schema, overwrite=True, **options) as writer:
        for document in documents:
            writer.write(document)
    return load_workbook(tmp_path / "out.xlsx")


def rows_in(sheet):
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def cell_in(sheet, column, row=2):
    names = [cell.value for cell in sheet[1]]
    return sheet.cell(row, names.index(column) + 1)


def one_cell(tmp_path, content, kind=FieldKind.TEXT, confidence=0.95, **more):
    book = book_of(
        tmp_path, extraction(1, {"field": value(content, confidence, **more)}), schema=schema_of(leaf("field", kind))
    )
    return cell_in(book["records"], "field")


def fill_of(cell):
    return "#" + cell.fill.start_color.rgb[2:] if cell.fill.fill_type else None


def test_a_workbook_has_a_sheet_of_records_one_a_list_the_issues_and_a_legend(tmp_path):
    book = book_of(tmp_path, extraction(1), failed_extraction(2))
    assert book.sheetnames == ["records", "line_items", "issues", "legend"]
    (first, second) = rows_in(book["records"])
    assert list(first)[: len(DOCUMENT_COLUMNS)] == list(DOCUMENT_COLUMNS)
    assert (first["number"], first["seller.name"], first["orders"]) == ("0012345678", "Müller & Söhne", "A-1 | A-2")
    assert (second["status"], second["issues"]) == ("failed", "password_required: The document is encrypted")


def test_child_rows_carry_the_document_id_and_their_number(tmp_path):
    rows = rows_in(book_of(tmp_path, extraction(1), extraction(2))["line_items"])
    assert [(row["document_id"], row["row"], row["text"], row["amount"]) for row in rows] == [
        (str(document_id(1)), 1, "Screws", 12.5),
        (str(document_id(1)), 2, "Return", -3),
        (str(document_id(2)), 1, "Screws", 12.5),
        (str(document_id(2)), 2, "Return", -3),
    ]


@pytest.mark.parametrize(
    ("content", "kind", "shown", "number_format"),
    [
        ("1234.50", FieldKind.MONEY, 1234.5, "#,##0.00"),
        ("-3.000", FieldKind.MONEY, -3, "#,##0.000"),
        ("2025", FieldKind.INTEGER, 2025, "0"),
        ("1.5", FieldKind.NUMBER, 1.5, "0.0"),
        ("19.00", FieldKind.PERCENT, 19, '0.00" %"'),
        ("2025-03-04", FieldKind.DATE, datetime(2025, 3, 4), "yyyy-mm-dd"),  # noqa: DTZ001
        ("0012345678", FieldKind.ID, "0012345678", "@"),
        ("DE89 3704 0044", FieldKind.IBAN, "DE89 3704 0044", "@"),
        (True, FieldKind.BOOLEAN, True, '"true";"true";"false"'),
    ],
)
def test_a_value_is_a_real_number_day_or_text_after_its_kind(tmp_path, content, kind, shown, number_format):
    cell = one_cell(tmp_path, content, kind)
    assert (cell.value, cell.number_format) == (shown, number_format)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("12345678901234567.89", FieldKind.MONEY),  # more digits than Excel keeps
        ("1899-12-31", FieldKind.DATE),  # before Excel's first day
        ("2025-02", FieldKind.DATE),
        ("n/a", FieldKind.MONEY),
    ],
)
def test_what_excel_would_change_stays_text(tmp_path, content, kind):
    cell = one_cell(tmp_path, content, kind)
    assert (cell.value, cell.data_type) == (content, "s")


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "https://example.com", "+49", "{=1}", "mailto:a@b.c", "12"])
def test_text_is_never_a_formula_a_link_or_a_number(tmp_path, text):
    cell = one_cell(tmp_path, text)
    assert cell.hyperlink is None
    assert (cell.value, cell.data_type) == (text, "s")


def test_text_that_starts_like_a_formula_stays_text_when_it_is_edited(tmp_path):
    assert one_cell(tmp_path, "=1+1").quotePrefix
    assert not one_cell(tmp_path, "1+1").quotePrefix


def test_text_that_looks_like_markup_of_the_library_is_escaped(tmp_path):
    text = "<r><t>x</t></r><r></si></sst><evil/></r>"
    assert one_cell(tmp_path, text).value.rstrip() == text


@pytest.mark.parametrize("text", ["a & b < c > d", "\x00\x08 control", "_x0041_ literal", " padded ", "\ufffe", "😀"])
def test_any_text_gives_a_workbook_that_opens(tmp_path, text):
    shown = one_cell(tmp_path, text).value
    assert shown is not None
    if text.isprintable():
        # Excel takes _xHHHH_ for a character, so the file spells a printed underscore as _x005F_; openpyxl shows that.
        assert shown.replace("_x005F_", "_") == text


def test_a_cell_that_is_too_long_is_cut_in_plain_sight(tmp_path):
    schema = schema_of(leaf("text"), rows_of("rows", leaf("text")))
    fields = {"text": value("x" * 40_000), "rows": [{"text": value("y")}, {"text": value("😀" * 20_000)}]}
    book = book_of(tmp_path, extraction(1, fields), schema=schema)
    (record,) = rows_in(book["records"])
    assert record["text"].endswith("x … [cut here: the cell holds no more]")
    assert len(record["text"]) == 32_767
    assert record["issues"] == "cell_cut: 2 cut at 32,767 characters, see the sheet issues"
    child = rows_in(book["rows"])[1]["text"]
    assert child.startswith("😀")
    assert len(child.encode("utf-16-le")) // 2 <= 32_767
    (issue,) = rows_in(book["issues"])
    assert (issue["code"], issue["fields"]) == ("cell_cut", "rows[1].text, text")


def test_full_sheets_roll_over_to_a_second_with_the_same_header(tmp_path):
    fields = invoice_fields()
    del fields["line_items"]
    item = ExportItem(extraction=extraction(1, fields), tables={"line_items": lambda: long_rows(11)})
    book = book_of(tmp_path, item, max_rows=6)
    sheets = [book[name] for name in book.sheetnames if name.startswith("line_items")]
    assert [sheet.title for sheet in sheets] == ["line_items", "line_items (2)", "line_items (3)"]
    assert [row["row"] for sheet in sheets for row in rows_in(sheet)] == list(range(1, 12))
    assert all(sheet.freeze_panes == "B2" for sheet in sheets)


def test_sheet_names_are_short_legal_and_unique_whatever_the_case():
    names = SheetNames()
    wanted = ["line_items", "Line_Items", "a" * 40, "a" * 41, "x/y:z?*[1]\\", "'quoted'", "history", "", "😀" * 20]
    given = [names.free(name) for name in wanted]
    assert given == [
        "line_items",
        "Line_Items (2)",
        "a" * 31,
        "a" * 27 + " (2)",
        "x_y_z___1__",
        "quoted",
        "history (2)",
        "sheet",
        "😀" * 15,
    ]


def test_a_list_that_is_called_like_a_sheet_of_ours_gets_another_name(tmp_path):
    schema = schema_of(rows_of("records", leaf("text")), rows_of("issues", leaf("text")))
    book = book_of(tmp_path, extraction(1, {}), schema=schema)
    assert book.sheetnames == ["records", "records (2)", "issues", "issues (2)", "legend"]


@pytest.mark.parametrize(
    ("confidence", "grounded", "concern"),
    [
        (0.2, True, Concern.DOUBTFUL),
        (0.2, False, Concern.DOUBTFUL),
        (0.7, True, Concern.CHECK),
        (0.9, False, Concern.UNGROUNDED),
        (None, True, None),
        (0.9, True, None),
    ],
)
def test_a_value_to_look_at_is_tinted(tmp_path, confidence, grounded, concern):
    cell = one_cell(tmp_path, "x", confidence=confidence, grounded=grounded)
    assert fill_of(cell) == TINTS.get(concern)


def test_a_threshold_of_the_field_comes_before_the_general_one(tmp_path):
    schema = schema_of(leaf("strict", threshold=0.99), leaf("lax", threshold=0.6))
    fields = {"strict": value("x", 0.95), "lax": value("x", 0.7)}
    sheet = book_of(tmp_path, extraction(1, fields), schema=schema)["records"]
    assert fill_of(cell_in(sheet, "strict")) == TINTS[Concern.CHECK]
    assert fill_of(cell_in(sheet, "lax")) is None


def test_every_colour_stands_in_the_legend(tmp_path):
    legend = book_of(tmp_path)["legend"]
    shown = {row[0].value: fill_of(row[0]) for row in legend.iter_rows(min_row=2)}
    assert shown == {**{concern.value: TINTS[concern] for concern in Concern}, "plain": None}


def test_issues_and_failures_stand_on_a_sheet_of_their_own(tmp_path):
    issue = Issue(
        code=IssueCode.SUM_MISMATCH, fields=("total", "line_items[0].amount"), severity=Severity.ERROR, message="=no"
    )
    rows = rows_in(book_of(tmp_path, extraction(1, issues=(issue,)), failed_extraction(2))["issues"])
    assert [tuple(row.values())[1:] for row in rows] == [
        ("in/invoice-1.pdf", "sum_mismatch", "error", "total, line_items[0].amount", "=no"),
        ("in/locked.pdf", "password_required", "error", None, "The document is encrypted"),
    ]
    assert list(rows[0]) == list(ISSUE_COLUMNS)


def test_the_header_is_frozen_filtered_and_widths_follow_the_text(tmp_path):
    sheet = book_of(tmp_path, extraction(1))["records"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:M2"
    assert 30 < sheet.column_dimensions["B"].width < 60  # a document id
    assert sheet.column_dimensions["E"].width < 15  # pages


def test_the_same_documents_give_the_same_bytes(tmp_path):
    def members():
        book_of(tmp_path, extraction(1), extraction(2))
        return (tmp_path / "out.xlsx").read_bytes()

    assert members() == members()


def test_nothing_in_the_workbook_is_a_formula_part_or_a_link_to_elsewhere(tmp_path):
    book_of(tmp_path, extraction(1, invoice_fields(number=value("=HYPERLINK(1)"))))
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets)


def test_a_schema_that_is_wider_than_a_sheet_is_refused(tmp_path):
    wide = schema_of(*(leaf(f"f{number}") for number in range(16_380)))
    with pytest.raises(UsageError, match="16,384 columns"):
        XlsxWriter(tmp_path / "out.xlsx", wide)
