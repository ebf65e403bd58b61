"""The pages that users read name every key, word and column that the code knows."""

import re
from pathlib import Path

import pytest
from exports_factory import INVOICE

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import (
    ConfidenceParts,
    Correction,
    DocumentFacts,
    DocumentPart,
    Extraction,
    ExtractionStatus,
    FieldValue,
    PageFacts,
    Review,
)
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.page import PageState, TextSource
from docproc.domain.reading import Attempt
from docproc.exports.cells import Concern
from docproc.exports.csv_writer import DIALECTS
from docproc.exports.opening import ExportFormat
from docproc.exports.report.report_writer import ReportLimits
from docproc.exports.tabular import DOCUMENT_COLUMNS, ROW_COLUMNS, documents_table
from docproc.exports.xlsx_sheet import MAX_CELL_UNITS, MAX_ROWS
from docproc.exports.xlsx_writer import CUT_CODE, ISSUE_COLUMNS, ISSUES_SHEET, LEGEND_SHEET, RECORDS_SHEET

DOCS = Path(__file__).parents[3] / "docs"
CONTRACT = (DOCS / "contract.md").read_text(encoding="utf-8")
EXPORTS = (DOCS / "exports.md").read_text(encoding="utf-8")


def section(text, title):
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {title!r}"
    return found.group(1)


def documented(text):
    """The names in the first column of the tables."""
    return [name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(.*?)`", row)]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (ExtractionStatus, "`status`"),
        (MatchKind, "`match`"),
        (Severity, "`severity`"),
        (IssueCode, "Issue codes"),
        (FailureCode, "Failure codes"),
        (FailureCategory, "Failure categories"),
        (Phase, "Phases"),
        (PageState, "Page `state`"),
        (TextSource, "Page `source`"),
    ],
)
def test_every_word_of_a_word_list_is_documented_and_no_other(words, title):
    assert documented(section(CONTRACT, title)) == [word.value for word in words]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (Extraction, "Keys of the object"),
        (DocumentFacts, "`document`"),
        (DocumentPart, "`part`"),
        (FieldValue, "A leaf of `fields`"),
        (Issue, "An issue"),
        (Review, "`review`"),
        (Correction, "A correction"),
        (Failure, "`failure`"),
        (PageFacts, "A page of `pages`"),
        (Attempt, "An attempt of `attempts`"),
    ],
)
def test_every_key_is_documented_in_its_order(body, title):
    assert documented(section(CONTRACT, title)) == [info.alias or name for name, info in body.model_fields.items()] + (
        list(Evidence.model_fields) if body is FieldValue else []
    )


def test_the_parts_of_a_confidence_are_documented():
    assert all(f"`{name}`" in section(CONTRACT, "A leaf of `fields`") for name in ConfidenceParts.model_fields)


def test_every_column_is_documented_in_its_order():
    columns = documented(section(EXPORTS, "Columns of CSV and XLSX"))
    assert columns == [*DOCUMENT_COLUMNS, *ROW_COLUMNS]
    assert documents_table(INVOICE).keys == DOCUMENT_COLUMNS


def test_every_dialect_is_documented_as_it_is():
    for dialect in DIALECTS.values():
        mark = "yes" if dialect.byte_order_mark else "no"
        assert f"| `{dialect.name}` | `{dialect.delimiter}` | `{dialect.decimal_mark}` | {mark} |" in EXPORTS


def test_every_format_sheet_and_colour_is_documented():
    for word in [RECORDS_SHEET, ISSUES_SHEET, LEGEND_SHEET, CUT_CODE, *ISSUE_COLUMNS]:
        assert f"`{word}`" in section(EXPORTS, "XLSX")
    for concern in Concern:
        assert f"**{concern.value}**" in EXPORTS
    for suffix in set(ExportFormat) - {ExportFormat.FOLDER}:
        assert f"`records.{suffix.value}`" in EXPORTS


def test_the_limits_in_the_text_are_those_of_the_code():
    limits = ReportLimits()
    assert f"{MAX_CELL_UNITS:,}" in EXPORTS
    assert f"{MAX_ROWS:,}" in EXPORTS
    told = " ".join(section(EXPORTS, "Report").split())
    assert f"at most {limits.pages_per_document} a document" in told
    assert f"first {limits.rows_per_table} rows" in told
    assert f"{limits.image_bytes // 1024 // 1024} MiB" in told
    assert f"{limits.documents:,} documents" in told
