"""The report: self-contained, escaped, every value linked to its boxes, what is left out said."""

import base64
import hashlib
import re

import pytest
from exports_factory import (
    INVOICE,
    evidence,
    extraction,
    failed_extraction,
    group,
    leaf,
    long_rows,
    rows_of,
    schema_of,
    set_of,
    value,
)
from report_page import Page, one_image, page_of, report, tiles

from docproc.domain.errors import ConflictError
from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import DocumentPart, ExtractionStatus, FieldValue, PageFacts
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.geometry import Box
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.page import PageState
from docproc.exports.export_item import ExportItem
from docproc.exports.report.report_writer import ReportWriter

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)><!-- tiles --></style>"


def hostile_extraction():
    proof = Evidence(page=1, box=Box(1, 2, 3, 4), text=HOSTILE, match=MatchKind.FUZZY)
    fields = {
        HOSTILE: FieldValue(value=HOSTILE, confidence=0.5, evidence=(proof,)),
        "rows": [{"cell": FieldValue(value=HOSTILE, evidence=(proof,))}],
    }
    issue = Issue(code=IssueCode.UNGROUNDED, fields=(HOSTILE,), message=HOSTILE)
    return extraction(
        1,
        fields,
        file=HOSTILE,
        external_id=HOSTILE,
        reader=HOSTILE,
        issues=(issue,),
        part=DocumentPart(index=1, pages=(1,)),
    )


def hostile_failure():
    failure = Failure(
        code=FailureCode.CORRUPT,
        category=FailureCategory.DOCUMENT,
        message=HOSTILE,
        retryable=False,
        phase=Phase.READ,
        page=3,
    )
    return failed_extraction().model_copy(update={"failure": failure, "file": HOSTILE})


@pytest.mark.parametrize("images", [one_image, lambda *_: None])
def test_no_text_of_a_document_becomes_markup(tmp_path, images):
    schema = schema_of(leaf(HOSTILE, title=HOSTILE), rows_of("rows", leaf("cell")))
    text = report(tmp_path, hostile_extraction(), hostile_failure(), schema=schema, page_image=images)
    page = Page(text)
    assert len(page.of("script")) == 1
    assert "<script>alert" not in text
    assert not [one for one in page.elements if any(name.startswith("on") for name in one)]
    assert all(one["src"].startswith("data:") for one in page.of("img"))
    assert sum(HOSTILE in one["text"] for one in page.of("bdi")) >= 4


def test_the_file_loads_nothing_and_runs_only_its_own_script(tmp_path):
    text = report(tmp_path, extraction(), page_image=one_image)
    page = Page(text)
    (policy,) = [one["content"] for one in page.of("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    for element in ("style", "script"):
        (source,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not re.findall(r"https?://|url\(|@import|<link|<iframe", text)
    assert not [one for one in page.elements if "style" in one]  # the policy would not let it take effect


def test_every_box_and_its_field_share_a_number(tmp_path):
    page = page_of(tmp_path, extraction(), page_image=one_image)
    boxes = {one["data-f"]: one["data-label"] for one in page.of(".box")}
    fields = {one["data-f"]: one for one in page.of(".field") + page.of("td") if "data-f" in one}
    assert boxes.keys() == fields.keys()
    assert len(boxes) == 10
    for number, field in fields.items():
        assert field["tag"] == "td" or boxes[number].rpartition(" / ")[2] in field["text"] + "Orders"
    assert all(one["tabindex"] == "0" for one in page.of(".box") + list(fields.values()))


def test_boxes_are_drawn_in_page_points_around_the_print(tmp_path):
    fields = {"total": FieldValue(value="1", evidence=(evidence("1", box=Box(100, 200, 150, 212)),))}
    page = page_of(tmp_path, extraction(1, fields), page_image=one_image, schema=schema_of(leaf("total")))
    (overlay,) = page.of(".overlay")
    rect = page.of("rect")[0]
    assert overlay["viewbox"] == "0 0 595 842"
    assert [float(rect[side]) for side in ("x", "y", "width", "height")] == [98.5, 198.5, 53, 15]


def test_a_value_with_two_places_has_two_boxes_under_one_number(tmp_path):
    places = (evidence("1", box=Box(1, 1, 9, 9)), evidence("1", page=2, box=Box(1, 1, 9, 9)))
    fields = {"total": FieldValue(value="1", evidence=places)}
    page = page_of(tmp_path, extraction(1, fields), schema=schema_of(leaf("total")))
    assert [one["data-f"] for one in page.of(".box")] == ["0", "0"]
    assert [one["data-page"] for one in page.of(".page")] == ["1", "2"]


def test_ungrounded_and_missing_values_are_called_so(tmp_path):
    fields = {"a": value("x", 0.9, grounded=False), "b": value(None), "c": value("y")}
    page = page_of(tmp_path, extraction(1, fields), schema=schema_of(leaf("a"), leaf("b"), leaf("c")))
    shown = {one["text"] for one in page.of(".field")}
    assert any("A" in text and "ungrounded" in text for text in shown)
    assert [one["text"] for one in page.of(".absent")] == ["not foundB"]
    assert len([one for one in page.of(".field") if "data-f" in one]) == 1


def test_a_missing_value_that_somebody_complains_of_keeps_its_row(tmp_path):
    issue = Issue(code=IssueCode.MISSING_REQUIRED, fields=("b",), severity=Severity.ERROR, message="m")
    documents = extraction(1, {"a": value("x"), "b": value(None)}, issues=(issue,))
    page = page_of(tmp_path, documents, schema=schema_of(leaf("a"), leaf("b")))
    (row,) = page.of(".has-error")
    assert row["text"] == "Bnot found"
    assert row["data-path"] == "b"


def test_columns_without_a_value_are_named_and_not_drawn(tmp_path):
    schema = schema_of(rows_of("lines", leaf("full"), leaf("void"), group("more", leaf("half"), leaf("nil"))))
    row = {"full": value("1"), "void": value(None), "more": {"half": value(None), "nil": value(None)}}
    rows = [row, {**row, "more": {"half": value("2"), "nil": value(None)}}]
    page = page_of(tmp_path, extraction(1, {"lines": rows}), schema=schema)
    assert [one["text"] for one in page.of("th")] == ["#", "Full", "Half", "1", "2"]
    assert [one["text"] for one in page.of(".absent")] == ["not foundVoid · Nil"]
    assert "3 of 8 fields" in page.of(".facts")[-1]["text"] + page.of(".title")[0]["text"]


def test_a_set_in_a_cell_lights_up_all_its_places(tmp_path):
    schema = schema_of(rows_of("lines", set_of("codes")))
    page = page_of(tmp_path, extraction(1, {"lines": [{"codes": [value("a"), value("b")]}]}), schema=schema)
    assert [one["data-f"] for one in page.of(".box")] == ["0", "0"]
    assert [one["data-f"] for one in page.of("td")] == ["0"]


def test_the_print_is_shown_where_it_differs_from_the_value(tmp_path):
    proof = Evidence(page=1, box=Box(1, 2, 3, 4), text="1.234,50", match=MatchKind.NORMALISED)
    fields = {"total": FieldValue(value="1234.50", evidence=(proof,)), "same": value("A  b")}
    page = page_of(tmp_path, extraction(1, fields), schema=schema_of(leaf("total"), leaf("same")))
    assert [one["text"] for one in page.of(".printed")] == ["1.234,50"]


def test_the_head_counts_documents_pages_and_confidence(tmp_path):
    fields = {"total": value("1", 0.5), "lines": [{"amount": value("2", 1.0)}]}
    schema = schema_of(leaf("total"), rows_of("lines", leaf("amount")))
    review = extraction(1, fields, status=ExtractionStatus.NEEDS_REVIEW)
    page = page_of(tmp_path, review, failed_extraction(2), schema=schema)
    assert tiles(page) == {
        "documents": "2",
        "pages": "1",
        "needs review": "1",
        "failed": "1",
        "mean confidence": "75 %",
    }
    chips = {one["data-filter"]: one["text"] for one in page.of("button") if "data-filter" in one}
    assert chips == {"": "all 2", "needs_review": "needs review 1", "failed": "failed 1"}


def test_confidence_is_never_rounded_up_to_certain(tmp_path):
    page = page_of(tmp_path, extraction(1, {"total": value("1", 0.9999)}), schema=schema_of(leaf("total")))
    assert tiles(page)["mean confidence"] == "99 %"


def test_every_document_stands_in_the_list_with_what_can_be_looked_for(tmp_path):
    page = page_of(tmp_path, extraction(1, file="A/Über.pdf", external_id="EXT-9"), failed_extraction(2))
    entries = [one for one in page.of("li") if "data-status" in one]
    assert [(one["data-status"], one["data-search"]) for one in entries] == [
        ("succeeded", "a über.pdf ext-9"),
        ("failed", "in locked.pdf"),
    ]
    assert [one["href"] for one in page.of("a")] == ["#d1", "#d2"]
    assert [one["id"] for one in page.of("article")] == ["d1", "d2"]


def test_a_failed_document_says_why_and_whether_to_try_again(tmp_path):
    (box,) = page_of(tmp_path, failed_extraction()).of(".failure")
    assert "Password required" in box["text"]
    assert "The document is encrypted" in box["text"]
    assert "Trying again will not help" in box["text"]


def test_a_canceled_document_says_that_there_is_no_record(tmp_path):
    canceled = extraction(1, status=ExtractionStatus.CANCELED, record=None).model_copy(update={"fields": None})
    text = report(tmp_path, canceled)
    assert "This document was canceled: there is no record." in text


def test_issues_stand_gravest_first_and_point_at_their_fields(tmp_path):
    issues = (
        Issue(code=IssueCode.UNGROUNDED, fields=("number",), severity=Severity.INFO, message="m"),
        Issue(code=IssueCode.UNGROUNDED, fields=("issued_on",), severity=Severity.INFO, message="m"),
        Issue(
            code=IssueCode.SUM_MISMATCH, fields=("total", "line_items[0].amount"), severity=Severity.ERROR, message="n"
        ),
    )
    page = page_of(tmp_path, extraction(issues=issues))
    lines = [one for one in page.of("li") if "data-status" not in one]
    assert [one["class"] for one in lines] == ["error", "info"]
    assert "number" in lines[1]["text"]
    assert "issued_on" in lines[1]["text"]
    targets = {one["data-path"] for one in page.of(".has-error") + page.of(".has-info")}
    assert len(page.of(".has-error")) == 2
    assert targets == {"number", "issued_on", "total", "line_items[0].amount"}
    assert {one["data-path"] for one in page.of("code") if "data-path" in one} == targets


def test_failed_and_blank_pages_are_named(tmp_path):
    pages = (
        PageFacts(number=1, state=PageState.READ, width=595, height=842),
        PageFacts(number=2, state=PageState.FAILED),
        PageFacts(number=3, state=PageState.BLANK),
    )
    text = report(tmp_path, extraction(1, pages=pages))
    assert "Page 2: failed." in text
    assert "Page 3: blank." in text


def test_without_an_image_the_print_is_drawn_in_its_box(tmp_path):
    page = page_of(tmp_path, extraction(1, {"total": value("12.50")}), schema=schema_of(leaf("total")))
    assert page.of("img") == []
    assert [one["text"] for one in page.of("text")] == ["12.50"]
    assert "no page image" in page.of("figcaption")[0]["text"]


def test_an_image_of_a_strange_type_is_not_embedded(tmp_path):
    page = page_of(tmp_path, extraction(), page_image=lambda *_: (b"<svg onload=x>", "image/svg+xml"))
    assert page.of("img") == []


def test_a_page_of_unknown_size_has_room_for_every_box(tmp_path):
    fields = {"total": FieldValue(value="1", evidence=(evidence("1", box=Box(900, 10, 1000, 20)),))}
    page = page_of(tmp_path, extraction(1, fields, pages=()), schema=schema_of(leaf("total")))
    assert page.of(".overlay")[0]["viewbox"] == "0 0 1020 842"


def test_a_list_within_a_list_is_a_table_that_names_its_row(tmp_path):
    schema = schema_of(rows_of("accounts", leaf("name"), rows_of("entries", leaf("text"))))
    fields = {"accounts": [{"name": value("a"), "entries": [{"text": value("x")}, {"text": value("y")}]}]}
    page = page_of(tmp_path, extraction(1, fields), schema=schema)
    headings = [one["text"] for one in page.of("h3")]
    assert headings == ["Accounts ", "Entries accounts[0].entries"]
    assert "2 rows" in [one["text"] for one in page.of("td")]


def test_groups_sets_and_titles_are_shown_as_a_person_reads_them(tmp_path):
    schema = schema_of(
        group("seller", leaf("tax", title="VAT id"), leaf("vat_id"), group("post_box", leaf("city"))), set_of("orders")
    )
    fields = {
        "seller": {"tax": value("DE1"), "vat_id": value("DE2"), "post_box": {"city": value("Ulm")}},
        "orders": [value("A"), value("B")],
    }
    page = page_of(tmp_path, extraction(1, fields), schema=schema)
    assert [one["text"] for one in page.of("h3")] == ["Seller", "Seller / Post box"]
    assert [one["text"] for one in page.of(".label")] == ["Orders", "", "VAT id", "VAT ID", "City"]
    assert {one["data-label"] for one in page.of(".box")} == {
        "Orders",
        "Seller / VAT id",
        "Seller / VAT ID",
        "Seller / Post box / City",
    }


def test_the_report_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), ReportWriter(tmp_path / "report.html", INVOICE) as writer:  # noqa: PT012
        writer.write(extraction())
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    report(tmp_path, extraction())
    with pytest.raises(ConflictError):
        ReportWriter(tmp_path / "report.html", INVOICE)


def test_the_same_documents_give_the_same_report(tmp_path):
    assert report(tmp_path, extraction(), page_image=one_image) == report(tmp_path, extraction(), page_image=one_image)


def test_a_file_without_pages_says_where_its_values_stand(tmp_path):
    document = extraction(1, {"total": value("1", grounded=False)}, pages=())
    page = page_of(tmp_path, document, schema=schema_of(leaf("total")))
    assert [one["text"] for one in page.of(".pageless")] == [
        "No pages: the values stand in the file itself, not in print."
    ]


def test_an_empty_list_is_named_among_what_was_not_found(tmp_path):
    schema = schema_of(rows_of("lines", leaf("text")), rows_of("spilled", leaf("text")), leaf("total"))
    item = ExportItem(
        extraction=extraction(1, {"lines": [], "total": value("1")}), tables={"spilled": lambda: long_rows(0)}
    )
    page = page_of(tmp_path, item, schema=schema)
    assert [one["text"] for one in page.of(".absent")] == ["not foundLines"]
    assert "no rows" in [one["text"] for one in page.of(".note")]
