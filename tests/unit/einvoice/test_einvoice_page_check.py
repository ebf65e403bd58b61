"""Page and XML are compared: a difference is said, what the page leaves out is not."""

from dataclasses import replace

import pytest
from einvoice_documents import CII, INVOICE, page_of, window_of

from docproc.domain.geometry import Box
from docproc.domain.issues import IssueCode
from docproc.domain.page import FormField, FormFieldKind, TextSource
from docproc.readers.einvoice import EinvoiceReader

TRUE_PAGE = (
    "Rechnung Nr. R-2025/0042 vom 14.03.2025",
    "Gesamt 117,81 EUR",
    "IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX",
)


def issues(*lines: str, source: TextSource = TextSource.TEXT_LAYER) -> list[tuple[str, ...]]:
    reading = EinvoiceReader().read(window_of(CII, pages=(page_of(*lines, source=source),)), INVOICE)
    assert all(issue.code is IssueCode.PAGE_DISAGREES for issue in reading.issues)
    return [issue.fields for issue in reading.issues]


def changed(before: str, after: str) -> list[str]:
    return [line.replace(before, after) for line in TRUE_PAGE]


def test_a_page_that_says_the_same_raises_no_issue() -> None:
    assert issues(*TRUE_PAGE) == []


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ("R-2025/0042", "R-2025/0043", ("invoice_number",)),
        ("14.03.2025", "15.03.2025", ("issue_date",)),
        ("117,81", "1.117,81", ("total_gross",)),
        ("EUR", "CHF", ("currency",)),
        ("DE89 3704 0044 0532 0130 00", "DE75 5121 0800 1245 1261 99", ()),
    ],
)
def test_another_value_on_the_page_is_an_issue(before: str, after: str, fields: tuple[str, ...]) -> None:
    assert issues(*changed(before, after)) == [fields]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("R-2025/0042", "R 2025 / 0042"),
        ("14.03.2025", "14. März 2025"),
        ("14.03.2025", "03/14/2025"),
        ("vom 14.03.2025", ""),
        ("117,81", "117.81"),
        ("117,81", "100,00"),  # what is left to pay after the prepayment
        ("117,81", "1 1 7 , 8 1"),
        ("EUR", "€"),
        ("EUR", ""),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("DE89 3704 0044 0532 0130 00", "DE89 **** 3000"),
    ],
)
def test_another_form_of_the_value_is_no_issue(before: str, after: str) -> None:
    assert issues(*changed(before, after)) == []


def test_a_slip_of_ocr_is_no_issue() -> None:
    lines = changed("R-2025/0042", "R-2O25/0042")
    assert issues(*lines, source=TextSource.OCR) == []
    assert issues(*lines) == [("invoice_number",)]


def test_a_short_number_must_stand_as_a_word() -> None:
    xml = CII.replace("R-2025/0042", "42")
    pages = (page_of("Rechnung 4211 vom 14.03.2025", "Gesamt 117,81 EUR"),)
    reading = EinvoiceReader().read(window_of(xml, pages=pages), INVOICE)
    assert [issue.fields for issue in reading.issues] == [("invoice_number",)]


def test_the_value_of_a_form_field_counts_as_print() -> None:
    box = FormField(name="n", label="", kind=FormFieldKind.TEXT, value="R-2025/0042", box=Box(0, 0, 9, 9))
    page = replace(page_of("Rechnung vom 14.03.2025", "Gesamt 117,81 EUR"), form_fields=(box,))
    assert EinvoiceReader().read(window_of(CII, pages=(page,)), INVOICE).issues == ()


def test_a_page_with_hardly_a_word_cannot_disagree() -> None:
    assert issues() == []
    assert issues("Page 1 of 2") == []


def test_what_may_stand_on_a_later_page_is_not_missed() -> None:
    pages = tuple(page_of("Page", number=number) for number in range(1, 33))
    window = window_of(CII, pages=pages, page_count=40)
    assert EinvoiceReader().read(window, INVOICE).issues == ()


def test_messages_hold_no_value() -> None:
    reading = EinvoiceReader().read(window_of(CII, pages=(page_of("Bill of 01.02.2024", "Total 3,00 EUR"),)), INVOICE)
    assert reading.issues
    assert not any(digit in issue.message for issue in reading.issues for digit in "0123456789")


class _Enough(Exception):  # noqa: N818 not an error: the work is no longer wanted
    """What a checkpoint raises."""


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_reading_can_be_left_before_each_file_and_each_page(calls):
    left = iter(range(calls))

    def checkpoint():
        if next(left, None) is None:
            raise _Enough

    pages = tuple(page_of("one two three four", number=number) for number in (1, 2))
    window = replace(window_of(CII, pages=pages, page_count=2), checkpoint=checkpoint)
    with pytest.raises(_Enough):
        EinvoiceReader().read(window, INVOICE)
