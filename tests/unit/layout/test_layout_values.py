import pytest
from typeset import Line, leaf, read, value

from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import FieldKind

NUMBER = leaf("invoice_number", FieldKind.ID)
DATE = leaf("issue_date", FieldKind.DATE)
DUE = leaf("due_date", FieldKind.DATE)
NET, TAX, GROSS = (leaf(name, FieldKind.MONEY) for name in ("total_net", "total_tax", "total_gross"))


def test_a_value_stands_right_of_its_label():
    assert value([[(50, "Invoice number"), (300, "A-4711")]], NUMBER) == "A-4711"


def test_a_value_stands_below_its_label():
    assert value([[(50, "Invoice number"), (300, "Date")], [(50, "A-4711"), (300, "12 May 2024")]], NUMBER) == "A-4711"


def test_a_value_stands_behind_its_label_on_one_line():
    assert value(["Rechnungsnummer: 2024-0815"], NUMBER) == "2024-0815"


def test_a_sentence_holds_number_and_date():
    reading = read(["Rechnung Nr. 471102 vom 05.03.2018", "Stand der Vorlage vom 10.01.2023"], NUMBER, DATE)
    assert reading.record == {"invoice_number": "471102", "issue_date": "2018-03-05"}


def test_a_sentence_may_be_cut_by_a_gap():
    lines: list[Line] = [[(50, "Rechnung Nr. 471102 vom"), (175, "05.03.2018")], "Version vom 10.01.2023"]
    assert value(lines, DATE) == "2018-03-05"


def test_the_number_of_the_customer_is_not_the_invoices():
    assert value([[(50, "Customer number"), (300, "330145")]], NUMBER) is None


def test_what_the_page_does_not_show_is_null():
    reading = read(["Thank you for your visit"], NUMBER, DATE, GROSS)
    assert set(reading.record.values()) == {None}
    assert reading.hints == {}


def test_due_and_issue_date_are_told_apart():
    lines = [[(50, "Invoice date"), (300, "2024-05-12")], [(50, "Due date"), (300, "2024-06-11")]]
    assert read(lines, DATE, DUE).record == {"issue_date": "2024-05-12", "due_date": "2024-06-11"}


def test_a_date_that_can_be_read_two_ways_is_null_and_said():
    reading = read([[(50, "Invoice date"), (300, "03/04/2025")]], DATE)
    assert reading.record["issue_date"] is None
    assert [(issue.code, issue.fields) for issue in reading.issues] == [(IssueCode.AMBIGUOUS_DATE, ("issue_date",))]


@pytest.mark.parametrize(("day_first", "iso"), [(True, "2025-04-03"), (False, "2025-03-04")])
def test_the_schema_settles_the_order_of_dates(day_first, iso):
    assert value([[(50, "Invoice date"), (300, "03/04/2025")]], DATE, day_first=day_first) == iso


def test_another_date_of_the_document_settles_the_order():
    lines = [[(50, "Invoice date"), (300, "03/04/2025")], [(50, "Due date"), (300, "30/04/2025")]]
    assert read(lines, DATE, DUE).record["issue_date"] == "2025-04-03"


def test_a_period_gives_its_ends():
    fields = (leaf("flight_from", FieldKind.DATE), leaf("flight_to", FieldKind.DATE))
    reading = read([[(50, "Flight Dates"), (300, "01/18/20 - 01/22/20")]], *fields, day_first=False)
    assert reading.record == {"flight_from": "2020-01-18", "flight_to": "2020-01-22"}


def test_subtotal_tax_and_total_are_told_apart_by_label_and_sum():
    lines = [
        [(50, "Zwischensumme"), (300, "100,00")],
        [(50, "MwSt 19%"), (300, "19,00")],
        [(50, "Gesamtbetrag"), (300, "119,00 €")],
    ]
    assert read(lines, NET, TAX, GROSS).record == {
        "total_net": "100.00",
        "total_tax": "19.00",
        "total_gross": "119.00",
    }


def test_the_total_of_a_receipt_is_what_was_paid_and_not_the_cash_given():
    lines = [
        [(50, "Sub Total"), (300, "9.43")],
        [(50, "Total Sales"), (300, "10.00")],
        [(50, "CASH"), (300, "50.00")],
        [(50, "CHANGE"), (300, "40.00")],
    ]
    assert value(lines, leaf("total", FieldKind.MONEY)) == "10.00"


def test_the_total_after_rounding_counts():
    lines = [
        [(50, "Total"), (300, "31.47")],
        [(50, "Rounding Adj"), (300, "-0.02")],
        [(50, "Total"), (300, "31.45")],
    ]
    assert value(lines, leaf("total", FieldKind.MONEY)) == "31.45"


def test_the_totals_of_a_tax_summary_are_not_the_documents():
    lines: list[Line] = [
        [(50, "Total Sales"), (300, "127.20")],
        "",
        "GST Summary",
        [(50, "SR 6%"), (300, "120.00"), (400, "7.20")],
        [(50, "Total"), (300, "120.00"), (400, "7.20")],
    ]
    assert value(lines, leaf("total", FieldKind.MONEY)) == "127.20"


def test_no_two_fields_share_one_print():
    reading = read([[(50, "Order number"), (300, "77-1234")]], NUMBER, leaf("order_number", FieldKind.ID))
    assert reading.record == {"invoice_number": None, "order_number": "77-1234"}


def test_the_documents_title_settles_which_number_is_meant():
    field = leaf("number", FieldKind.ID, description="Order or invoice number")
    numbers = [[(50, "Order #"), (150, "1001"), (300, "Invoice #"), (400, "2002")]]
    assert value(["INVOICE", *numbers], field) == "2002"
    assert value(["ORDER", *numbers], field) == "1001"


@pytest.mark.parametrize(
    ("kind", "line", "found"),
    [
        (FieldKind.IBAN, "IBAN: DE75 5121 0800 1245 1261 99", "DE75512108001245126199"),
        (FieldKind.VAT_ID, "USt-IdNr.: DE136695976", "DE136695976"),
        (FieldKind.EMAIL, "Mail billing@example.com", "billing@example.com"),
        (FieldKind.PERCENT, "VAT rate 19 %", "19"),
    ],
)
def test_values_with_a_shape_of_their_own(kind, line, found):
    names = {
        FieldKind.IBAN: "iban",
        FieldKind.VAT_ID: "vat_id",
        FieldKind.EMAIL: "email",
        FieldKind.PERCENT: "tax_rate",
    }
    assert value([line], leaf(names[kind], kind)) == found


def test_json_numbers_are_numbers():
    field = leaf("total_gross", FieldKind.MONEY, json_number=True)
    assert value([[(50, "Grand total"), (300, "1,234.50")]], field) == 1234.5


def test_a_number_whose_mark_nobody_can_tell_is_said():
    reading = read([[(50, "Grand total"), (300, "€ 1.234")]], GROSS)
    assert reading.record["total_gross"] == "1234"
    assert [issue.code for issue in reading.issues] == [IssueCode.AMBIGUOUS_NUMBER]


def test_a_pattern_excludes_other_values():
    field = leaf("invoice_number", FieldKind.ID, pattern=r"INV-\d+")
    lines = [[(50, "Invoice number"), (300, "4711")], [(50, "Invoice no."), (300, "INV-99")]]
    assert value(lines, field) == "INV-99"


ITEMS = [
    [(50, "Description"), (250, "Quantity"), (330, "Unit price"), (450, "Total")],
    [(50, "Oak table"), (250, "1"), (330, "4,280.00"), (450, "4,280.00")],
    [(50, "Ash chair"), (250, "12"), (330, "149.50"), (450, "1,794.00")],
    [(50, "Carried forward"), (450, "6,074.00")],
]


def test_amounts_of_items_and_sums_carried_forward_are_no_totals():
    gross = leaf("total_gross", FieldKind.MONEY, aliases=("Total", "Invoice amount"))
    assert value(ITEMS, gross) is None
    assert value([*ITEMS, [(300, "Invoice amount"), (450, "7,228.06")]], gross) == "7228.06"


def test_figures_of_items_are_no_numbers_of_customers():
    number = leaf("customer_number", FieldKind.ID, aliases=("Total",))
    assert value(ITEMS, number) is None


def test_a_rate_before_an_amount_is_part_of_its_label():
    tax, rate = leaf("total_tax", FieldKind.MONEY), leaf("tax_rate", FieldKind.PERCENT)
    for label in ("VAT 20 %", "incl. VAT 20%", "di cui IVA 20%", "MwSt. 20 %"):
        record = read([[(50, label), (300, "8.62")]], tax, rate).record
        assert (record["total_tax"], record["tax_rate"]) == ("8.62", "20")


def test_a_sign_at_an_amount_tells_the_currency_too():
    gross, currency = leaf("total_gross", FieldKind.MONEY), leaf("currency", FieldKind.CURRENCY)
    assert read([[(50, "Total"), (300, "£5,801.52")]], gross, currency).record == {
        "total_gross": "5801.52",
        "currency": "GBP",
    }


def test_a_date_whose_order_only_words_tell_is_given_with_a_note():
    day = leaf("issue_date", FieldKind.DATE)
    noted = read(["Rechnung", "Datum: 03/04/2025", "MwSt. 19 % Gesamtbetrag"], day)
    assert noted.record == {"issue_date": "2025-04-03"}
    assert [(issue.code, issue.severity, issue.fields) for issue in noted.issues] == [
        (IssueCode.AMBIGUOUS_DATE, Severity.INFO, ("issue_date",))
    ]
    for sure in ("Datum: 13/04/2025", "Datum: 3. April 2025"):
        assert read(["Rechnung", sure, "MwSt. 19 % Gesamtbetrag"], day).issues == ()
    assert read(["Rechnung", "Datum: 03/04/2025"], day, day_first=True).issues == ()
