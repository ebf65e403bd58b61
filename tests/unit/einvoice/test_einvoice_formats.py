"""Every format comes out as the same record."""

import pytest
from einvoice_documents import CII, INVOICE, ZUGFERD_1, leaf, schema_of, ubl, window_of

from docproc.domain.errors import CorruptError, DocumentError, TooLargeError, UnsupportedError
from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import FieldKind
from docproc.readers.einvoice import EinvoiceReader
from docproc.readers.einvoice.markup import MAX_BYTES, MAX_ELEMENTS

READER = EinvoiceReader()


def test_a_cross_industry_invoice_is_read() -> None:
    reading = READER.read(window_of(CII), INVOICE)
    assert reading.record == {
        "invoice_number": "R-2025/0042",
        "issue_date": "2025-03-14",
        "due_date": "2025-04-13",
        "seller_name": "Holzwerk Nord GmbH",
        "buyer_name": "Atelier Lindgren",
        "currency": "EUR",
        "total_net": "99.00",
        "total_tax": "18.81",
        "total_gross": "117.81",
        "line_items": [{"description": "Oak shelf", "quantity": "2", "unit_price": "49.50", "line_total": "99.00"}],
    }
    assert reading.complete
    assert reading.issues == ()


def test_zugferd_1_is_read_with_its_currency_taken_from_the_amounts() -> None:
    record = READER.read(window_of(ZUGFERD_1), INVOICE).record
    assert record == {
        "invoice_number": "Z1-5",
        "issue_date": "2014-02-03",
        "due_date": None,
        "seller_name": "Altbau AG",
        "buyer_name": "Neubau AG",
        "currency": "CHF",
        "total_net": "200.00",
        "total_tax": "16.20",
        "total_gross": "216.20",
        "line_items": [{"description": "Planning", "quantity": "10", "unit_price": "20.00", "line_total": "200.00"}],
    }


@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
def test_ubl_is_read(root: str) -> None:
    record = READER.read(window_of(ubl(root)), INVOICE).record
    assert record == {
        "invoice_number": "U-77",
        "issue_date": "2025-06-30",
        "due_date": "2025-07-14",
        "seller_name": "Fjord Regnskap AS",
        "buyer_name": "Havn Bok",
        "currency": "NOK",
        "total_net": "1000.00",
        "total_tax": "250.00",
        "total_gross": "1250.00",
        "line_items": [
            {"description": "Bookkeeping", "quantity": "4", "unit_price": "250.00", "line_total": "1000.00"}
        ],
    }


def test_every_value_is_certain_and_none_claims_a_place() -> None:
    reading = READER.read(window_of(ZUGFERD_1), INVOICE)
    assert reading.hints["line_items[0].unit_price"].model == 1.0
    assert "due_date" not in reading.hints
    assert not any(hint.evidence for hint in reading.hints.values())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\n  " + CII, id="white space before the declaration"),
        pytest.param("\ufeff" + CII, id="byte order mark"),
        pytest.param(CII.encode("utf-16"), id="utf-16 that calls itself utf-8"),
        pytest.param(CII.replace('encoding="UTF-8"', 'encoding="UTF-88"'), id="unknown encoding"),
        pytest.param(CII.replace('version="1.0" encoding', 'version="1.0 encoding'), id="mangled declaration"),
        pytest.param(CII.replace("Holzwerk", "Hölzwerk").encode("cp1252"), id="windows-1252 that calls itself utf-8"),
        pytest.param(CII.replace("ram:", "a:").replace(":ram=", ":a="), id="other prefix"),
        pytest.param(CII.replace("format=\"102\">20250314", "format=\"102\">2025-03-14T00:00:00"), id="ISO date"),
    ],
)  # fmt: skip
def test_sloppy_xml_is_read_all_the_same(content: str | bytes) -> None:
    record = READER.read(window_of(content), INVOICE).record
    assert record["invoice_number"] == "R-2025/0042"
    assert record["issue_date"] == "2025-03-14"
    assert record["total_gross"] == "117.81"
    assert str(record["seller_name"]).endswith("lzwerk Nord GmbH")


def test_the_invoice_is_found_among_other_xml_files() -> None:
    assert READER.read(window_of("<xmpmeta/>", "not xml", ubl("Invoice")), INVOICE).record["invoice_number"] == "U-77"


BOMB = """<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(BOMB + ubl("Invoice").replace("U-77", "&b;"), id="entities"),
        pytest.param(
            '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ubl("Invoice").replace("U-77", "&x;"),
            id="external entity",
        ),
        pytest.param("<Invoice>" + "<a>" * 100 + "</a>" * 100 + "</Invoice>", id="deep nesting"),
        pytest.param("<Invoice><ID>1</ID><Vendor/></Invoice>", id="an Invoice of another vocabulary"),
        pytest.param("<rss/>", id="wrong root"),
        pytest.param("<CrossIndustryInvoice/>", id="right root, nothing in it"),
        pytest.param("", id="empty"),
        pytest.param(b"\x00\xff\xfe", id="no text"),
        pytest.param(CII[: len(CII) // 2], id="torn off"),
    ],
)
def test_what_is_no_safe_invoice_is_refused(content: str | bytes) -> None:
    window = window_of(content)
    assert not READER.can_read(window)
    with pytest.raises(UnsupportedError):
        READER.read(window, INVOICE)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+400000000", "1" * 40, "-", "12,x", "1.234,56"])
def test_an_amount_that_is_no_plain_number_is_null_and_said(amount: str) -> None:
    xml = CII.replace("<ram:GrandTotalAmount>117.81", f"<ram:GrandTotalAmount>{amount}")
    reading = READER.read(window_of(xml), INVOICE)
    assert reading.record["total_gross"] is None
    assert "total_gross" not in reading.hints
    (issue,) = reading.issues
    assert (issue.code, issue.severity) == (IssueCode.WRONG_SHAPE, Severity.WARNING)
    assert issue.fields == ("total_gross",)
    assert amount not in issue.message


@pytest.mark.parametrize("amount", ["", "  "])
def test_an_empty_amount_is_null_and_nothing_to_say(amount: str) -> None:
    xml = CII.replace("<ram:GrandTotalAmount>117.81", f"<ram:GrandTotalAmount>{amount}")
    reading = READER.read(window_of(xml), INVOICE)
    assert (reading.record["total_gross"], reading.issues) == (None, ())


def test_unreadable_numbers_in_rows_are_named_by_their_paths() -> None:
    xml = ubl("Invoice").replace(">250.00<", ">many<").replace(">4<", ">four<").replace(">1000.00<", ">1 000,-<")
    reading = READER.read(window_of(xml), INVOICE)
    (issue,) = reading.issues
    assert issue.message.startswith(f"The XML states each of {len(issue.fields)} values")
    assert {"total_net", "total_tax", "line_items[0].unit_price", "line_items[0].line_total"} <= set(issue.fields)
    assert "line_items[0].unit_price" not in reading.hints


def test_totals_that_a_short_profile_leaves_out_follow_from_the_others() -> None:
    xml = (
        CII.replace("<ram:TaxBasisTotalAmount>99.00</ram:TaxBasisTotalAmount>", "")
        .replace('<ram:TaxTotalAmount currencyID="SEK">210.00</ram:TaxTotalAmount>', "")
        .replace('<ram:TaxTotalAmount currencyID="EUR">18.81</ram:TaxTotalAmount>', "")
        .replace("<ram:GrandTotalAmount>117.81</ram:GrandTotalAmount>", "")
        .replace("<ram:TotalPrepaidAmount>17.81</ram:TotalPrepaidAmount>", "")
        .replace("<ram:DuePayableAmount>100.00", "<ram:DuePayableAmount>117.81")
    )
    record = READER.read(window_of(xml), INVOICE).record
    assert (record["total_net"], record["total_tax"], record["total_gross"]) == ("99.00", "18.81", "117.81")


ORDER = CII.replace("CrossIndustryInvoice", "SCRDMCCBDACIOMessageStructure").replace("TypeCode>380", "TypeCode>220")


def test_an_order_fills_the_order_number_and_no_invoice_number() -> None:
    assert READER.read(window_of(ORDER), INVOICE).record["invoice_number"] is None
    order = schema_of(leaf("order_number", FieldKind.ID), leaf("order_date", FieldKind.DATE))
    assert READER.read(window_of(ORDER), order).record == {"order_number": "R-2025/0042", "order_date": "2025-03-14"}


def test_more_markup_than_any_invoice_has_is_refused() -> None:
    assert not READER.can_read(window_of(ubl("Invoice") + " " * MAX_BYTES))
    assert not READER.can_read(window_of("<Invoice>" + "<ID/>" * MAX_ELEMENTS + "</Invoice>"))


def test_a_date_that_cannot_be_is_null() -> None:
    assert READER.read(window_of(CII.replace("20250314", "20250231")), INVOICE).record["issue_date"] is None


def test_ubl_without_a_currency_takes_that_of_its_amounts() -> None:
    xml = ubl("Invoice").replace("<cbc:DocumentCurrencyCode>NOK</cbc:DocumentCurrencyCode>", "")
    record = READER.read(window_of(xml), INVOICE).record
    assert (record["currency"], record["total_tax"]) == ("NOK", "250.00")


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        pytest.param(BOMB + ubl("Invoice"), UnsupportedError, "document type declaration", id="entities"),
        pytest.param("<Invoice>" + "<a>" * 100 + "</a>" * 100 + "</Invoice>", TooLargeError, "deeper", id="depth"),
        pytest.param("<Invoice>" + "<a/>" * MAX_ELEMENTS + "</Invoice>", TooLargeError, "elements", id="elements"),
        pytest.param(" " * MAX_BYTES + "<Invoice/>", TooLargeError, "bytes", id="bytes"),
        pytest.param(CII[: len(CII) // 2], CorruptError, "not well-formed", id="torn off"),
    ],
)
def test_a_document_that_is_unreadable_xml_says_why_and_an_embedded_file_does_not(
    content: str, error: type[DocumentError], told: str
) -> None:
    with pytest.raises(error, match=told):
        READER.can_read(window_of(content, page_count=0))
    with pytest.raises(error, match=told):
        READER.read(window_of(content, page_count=0), INVOICE)
    assert READER.read(window_of(content, ubl("Invoice")), INVOICE).record["invoice_number"] == "U-77"
