"""The report of much: what is drawn, what is left out, and that this is said."""

import base64
from collections import Counter

from exports_factory import evidence, extraction, invoice_fields, leaf, long_rows, schema_of, value
from report_page import PNG, Page, page_of, report, tiles

from docproc.domain.extraction import FieldValue, PageFacts
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.page import PageState
from docproc.exports.export_item import ExportItem
from docproc.exports.report.report_writer import ReportLimits


def test_page_images_are_embedded_only_for_pages_with_evidence(tmp_path):
    asked: list[int] = []

    def images(_document_id, number):
        asked.append(number)
        return PNG, "image/png"

    pages = tuple(PageFacts(number=number, state=PageState.READ, width=595, height=842) for number in range(1, 6))
    fields = {"total": FieldValue(value="1", evidence=(evidence("1", page=4),))}
    text = report(tmp_path, extraction(1, fields, pages=pages), page_image=images, schema=schema_of(leaf("total")))
    (image,) = Page(text).of("img")
    assert asked == [4]
    assert base64.b64decode(image["src"].removeprefix("data:image/png;base64,")) == PNG
    assert "No evidence on pages 1\u20133, 5." in text


def test_images_stop_at_the_limit_and_the_report_says_so(tmp_path):
    asked: Counter[object] = Counter()

    def images(document_id, _number):
        asked[document_id] += 1
        return PNG, "image/png"

    limits = ReportLimits(image_bytes=3_000)
    text = report(tmp_path, *(extraction(number) for number in range(1, 6)), page_image=images, limits=limits)
    assert len(Page(text).of("img")) == 2
    assert asked.total() == 3  # once it is full, no page is drawn in vain
    assert text.count("page image left out") == 3
    assert "3 page images are left out" in text


def test_evidence_beyond_the_page_limit_is_named(tmp_path):
    places = tuple(evidence("1", page=number) for number in range(1, 6))
    fields = {"total": FieldValue(value="1", evidence=places)}
    text = report(
        tmp_path, extraction(1, fields), schema=schema_of(leaf("total")), limits=ReportLimits(pages_per_document=2)
    )
    assert "Evidence on pages 3\u20135 is not drawn" in text
    assert len(Page(text).of(".page")) == 2


def test_long_tables_show_their_first_rows_and_count_the_rest(tmp_path):
    fields = invoice_fields()
    del fields["line_items"]
    item = ExportItem(extraction=extraction(2, fields), tables={"line_items": lambda: long_rows(5_000)})
    text = report(tmp_path, item, limits=ReportLimits(rows_per_table=10))
    assert "4,990 of 5,000 rows are not shown" in text
    assert len(Page(text).of("tr")) == 11
    assert len(text) < 80_000


def test_a_very_long_value_is_shortened_and_says_so(tmp_path):
    text = report(
        tmp_path, extraction(1, {"body": value("x" * 50_000, grounded=False)}), schema=schema_of(leaf("body"))
    )
    assert "48,000 more characters are in the export" in text
    assert len(text) < 80_000


def test_documents_beyond_the_limit_count_and_are_announced(tmp_path):
    page = page_of(tmp_path, *(extraction(number) for number in range(1, 5)), limits=ReportLimits(documents=3))
    assert tiles(page)["documents"] == "4"
    assert len(page.of("article")) == 3
    assert "1 documents are not shown" in page.of(".note")[0]["text"]


def test_many_issues_and_many_fields_of_one_are_counted(tmp_path):
    wide = Issue(code=IssueCode.UNGROUNDED, fields=tuple(f"f{number}" for number in range(9)), message="wide")
    others = [Issue(code=IssueCode.UNGROUNDED, message=f"m{number}") for number in range(39)]
    page = page_of(tmp_path, extraction(issues=(wide, *others)))
    lines = [one["text"] for one in page.of("li") if "data-status" not in one]
    assert len(lines) == 31
    assert lines[0].endswith("f5 and 3 more")
    assert lines[-1] == "and 10 more"
