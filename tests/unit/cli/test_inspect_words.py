"""What `docproc inspect` says of a document: spans of pages, facts as JSON, lines for people, errors."""

import json
from typing import Any

import pytest

from docproc.cli.inspect import _say, _say_error, _spans
from docproc.domain.document import MediaType
from docproc.domain.errors import CorruptError, DocumentError, EmptyError, TimedOutError, TooLargeError
from docproc.domain.page import Grid, TextSource
from docproc.pages.inspect import Inspection, PageSummary


def page(number: int, **facts) -> PageSummary:
    known: dict[str, Any] = {
        "number": number,
        "width": 595.0,
        "height": 842.0,
        "rotation": 0,
        "words": 12,
        "source": TextSource.TEXT_LAYER,
        "blank": False,
        "ink": 0.1,
        "form_fields": 0,
        "grid": Grid(2, 3),
        "text": f"text of page {number}",
    }
    return PageSummary(**known | facts)


def inspection(*pages: PageSummary, attachments: tuple[str, ...] = (), unread: tuple[int, ...] = ()) -> Inspection:
    return Inspection(
        media_type=MediaType.PDF, page_count=len(pages), attachments=attachments, pages=pages, unread=unread
    )


def said(one: Inspection, capsys: pytest.CaptureFixture[str]) -> str:
    _say("a.pdf", one, as_json=False, seconds=0.5)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((4,), "4"), ((1, 2, 3, 7), "1-3, 7"), ((1, 3, 5), "1, 3, 5"), ((9, 10, 12, 13), "9-10, 12-13")],
)
def test_page_numbers_are_told_as_spans(numbers: tuple[int, ...], text: str) -> None:
    assert _spans(numbers) == text


def test_json_holds_the_facts_of_the_document_and_of_each_page(capsys: pytest.CaptureFixture[str]) -> None:
    _say("a.pdf", inspection(page(1), page(2), attachments=("x.xml",), unread=(2,)), as_json=True, seconds=0.12345)

    facts = json.loads(capsys.readouterr().out)
    assert {name: facts[name] for name in ("file", "outcome", "pages", "seconds", "media_type")} == {
        "file": "a.pdf",
        "outcome": "ok",
        "pages": 2,
        "seconds": 0.123,
        "media_type": "application/pdf",
    }
    assert facts["text"] == "text of page 1\ntext of page 2"
    assert (facts["attachments"], facts["not_read_by_ocr"]) == (["x.xml"], [2])
    assert [(fact["number"], fact["source"], fact["grid"]) for fact in facts["page_facts"]] == [
        (1, "text_layer", [2, 3]),
        (2, "text_layer", [2, 3]),
    ]


def test_people_get_a_line_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    head, first, second = said(
        inspection(page(1), page(2, rotation=90, form_fields=4, words=3, source=TextSource.OCR)), capsys
    ).splitlines()

    assert head == "a.pdf: application/pdf, 2 pages"
    assert first.split(", ") == ["  page 1    595 x 842 pt", "12 words (text layer)", "tiles 2 x 3"]
    assert second.split(", ")[1:] == ["turned 90", "3 words (ocr)", "4 form fields", "tiles 2 x 3"]


def test_a_blank_page_is_called_blank(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(inspection(page(1, blank=True, words=0, source=TextSource.NONE)), capsys)

    assert "blank" in text
    assert "0 words" not in text


def test_embedded_files_and_pages_that_were_not_read_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(inspection(page(1), page(2), attachments=("factur-x.xml",), unread=(1, 2)), capsys)

    assert "embedded XML: factur-x.xml" in text
    assert "not read by OCR: pages 1-2 (--ocr all reads them)" in text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CorruptError(), "corrupt"),
        (EmptyError(), "empty"),
        (TooLargeError("12 pages are too many"), "too_large"),
        (TimedOutError(), "too_large"),
    ],
)
def test_an_error_is_told_by_its_code_and_any_limit_is_too_large(
    error: DocumentError, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _say_error("a.pdf", error, as_json=True, seconds=1.0)
    _say_error("a.pdf", error, as_json=False, seconds=1.0)

    facts, line = capsys.readouterr().out.splitlines()
    assert json.loads(facts) == {
        "file": "a.pdf",
        "outcome": "error",
        "code": code,
        "message": error.message,
        "seconds": 1.0,
    }
    assert line == f"a.pdf: {code}: {error.message}"
