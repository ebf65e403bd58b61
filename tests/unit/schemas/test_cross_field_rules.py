"""Sums, orders and check digits: told from field names, tolerant to rounding and to what is not printed."""

import pytest

from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import Record, RuleFindings
from schemas import load_schema
from schemas.json_schema import compile_json_schema


def findings(record: Record, schema: str = "invoice") -> RuleFindings:
    return load_schema(schema).check_rules(record)


def codes(record: Record, schema: str = "invoice") -> list[IssueCode]:
    return [issue.code for issue in findings(record, schema).issues]


def inferred(record: Record) -> RuleFindings:
    """The checks of a plain schema with texts under these names."""

    def described(value: object) -> dict:
        if isinstance(value, dict):
            return {"type": "object", "properties": {name: described(inner) for name, inner in value.items()}}
        if isinstance(value, list):
            return {"type": "array", "items": described(value[0])}
        return {"type": ["string", "null"]}

    schema = compile_json_schema({"properties": {name: described(value) for name, value in record.items()}})
    return schema.check_rules(record)


TOTALS: Record = {"total_net": "100.00", "total_tax": "19.00", "total_gross": "119.00"}


def test_totals_that_add_up_confirm_each_other():
    assert findings(TOTALS) == RuleFindings(checks={"total_net": 1.0, "total_tax": 1.0, "total_gross": 1.0})


def test_totals_that_do_not_add_up_are_an_issue_on_all_three():
    (issue,) = findings({**TOTALS, "total_gross": "118.00"}).issues
    assert (issue.code, issue.fields) == (IssueCode.SUM_MISMATCH, ("total_net", "total_tax", "total_gross"))
    assert "118" not in issue.message


@pytest.mark.parametrize("gross", ["119.05", "118.95"])
def test_cash_rounding_is_no_mismatch(gross):
    assert codes({**TOTALS, "total_gross": gross}) == []


@pytest.mark.parametrize("missing", ["total_net", "total_tax", "total_gross"])
def test_a_check_with_a_value_missing_is_not_made(missing):
    assert findings({**TOTALS, missing: None}) == RuleFindings()


@pytest.mark.parametrize("value", ["", "n/a", True, [], {}, "NaN", "Infinity"])
def test_a_value_that_is_no_number_is_no_finding(value):
    assert findings({**TOTALS, "total_tax": value}) == RuleFindings()


def test_what_is_left_to_pay_and_what_was_paid_make_the_total():
    record: Record = {"total_gross": "119", "prepaid_amount": "19", "amount_due": "100"}
    assert codes(record) == []
    assert codes({**record, "amount_due": "90"}) == [IssueCode.SUM_MISMATCH]


def line(quantity: str | None, price: str | None, total: str | None, **more: str) -> Record:
    return {"quantity": quantity, "unit_price": price, "line_total": total, **more}


def test_lines_that_add_up_to_net_or_gross_confirm_it():
    lines: Record = {"line_items": [line(None, None, "40.00"), line(None, None, "60.00")]}
    assert findings({**lines, "total_net": "100.00"}).checks["total_net"] == 1.0
    assert findings({**lines, "total_gross": "100.00"}).checks["line_items[1].line_total"] == 1.0


def test_lines_that_add_up_to_nothing_are_an_issue():
    record: Record = {"line_items": [line(None, None, "40"), line(None, None, "61")], "total_net": "100"}
    (issue,) = findings(record).issues
    assert issue.code is IssueCode.LINES_MISMATCH
    assert issue.fields == ("line_items[0].line_total", "line_items[1].line_total", "total_net")


def test_lines_are_not_added_when_one_is_unknown():
    assert (
        findings({"line_items": [line(None, None, "40"), line(None, None, None)], "total_net": "100"}) == RuleFindings()
    )


@pytest.mark.parametrize(
    ("quantity", "price", "total"),
    [
        ("3", "9.99", "29.97"),
        ("3", "3.33", "10.00"),
        ("0.333", "30.00", "10.00"),
        ("1000", "4.50", "45.00"),
        ("-1", "10.00", "-10.00"),
        ("1", "10.00", "-10.00"),
    ],
)
def test_a_line_is_quantity_times_price_within_rounding(quantity, price, total):
    assert codes({"line_items": [line(quantity, price, total)]}) == []


def test_a_line_that_is_no_product_is_an_issue_unless_it_has_a_discount():
    wrong = line("3", "10.00", "25.00")
    assert codes({"line_items": [wrong]}) == [IssueCode.LINES_MISMATCH]
    assert codes({"line_items": [{**wrong, "discount": "5.00"}]}) == []


def test_the_tax_table_adds_up_by_row_and_to_the_total():
    rows: list = [
        {"tax_rate": "19", "taxable_amount": "100", "tax_amount": "19"},
        {"tax_rate": "7", "taxable_amount": "50", "tax_amount": "3.50"},
    ]
    record: Record = {"tax_breakdown": rows, "total_net": "150", "total_tax": "22.50"}
    assert codes(record) == []
    assert set(findings(record).checks.values()) == {1.0}
    rows[1]["tax_amount"] = "4.50"
    assert codes(record) == [IssueCode.SUM_MISMATCH, IssueCode.LINES_MISMATCH]
    assert findings(record).checks["tax_breakdown[0].tax_amount"] == 0.5


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"issue_date": "2025-01-31", "due_date": "2025-01-31"}, []),
        ({"issue_date": "2025-02-01", "due_date": "2025-01-31"}, [IssueCode.DATE_ORDER]),
        ({"issue_date": "2025-02-01", "due_date": "soon"}, []),
        ({"iban": "DE89 3704 0044 0532 0130 00"}, []),
        ({"iban": "DE88370400440532013000"}, [IssueCode.CHECK_DIGIT]),
        ({"seller_vat_id": "DE136695976"}, []),
        ({"seller_vat_id": "DE136695975"}, [IssueCode.CHECK_DIGIT]),
        ({"seller_vat_id": "98-7654321"}, []),
        ({"seller_vat_id": "US123456789"}, []),
    ],
)
def test_days_are_in_order_and_codes_have_their_check_digits(record, expected):
    assert codes(record) == expected


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [("DE 136 695 976", [IssueCode.SAME_PARTY]), ("DE136695977", []), (None, []), ("", [])],
)
def test_seller_and_buyer_do_not_have_one_vat_id(buyer, expected):
    found = findings({"seller_vat_id": "DE136695976", "buyer_vat_id": buyer})
    assert [issue.code for issue in found.issues if issue.code is IssueCode.SAME_PARTY] == expected
    assert found.checks.get("seller_vat_id") == (0.5 if expected else 1.0)


@pytest.mark.parametrize(
    ("value", "severity", "word"),
    [
        ({"seller_vat_id": "DE136695975"}, Severity.INFO, "check digits of a VAT id"),
        ({"seller_vat_id": "FR12 345 678 901"}, Severity.INFO, "check digits of a VAT id"),
        ({"seller_vat_id": "DE13669597"}, Severity.WARNING, "form of a VAT id"),
        ({"iban": "DE88370400440532013000"}, Severity.WARNING, "check digits of an IBAN"),
    ],
)
def test_wrong_check_digits_of_a_well_formed_vat_id_are_only_a_remark(value, severity, word):
    (issue,) = findings(value).issues
    assert (issue.code, issue.severity) == (IssueCode.CHECK_DIGIT, severity)
    assert word in issue.message


def test_two_parties_without_a_vat_id_are_not_the_same():
    assert findings({"seller_vat_id": None, "buyer_vat_id": None}) == RuleFindings()


def movement(amount: str, balance: str | None = None) -> Record:
    return {"amount": amount, "balance": balance}


def test_movements_lead_from_balance_to_balance():
    record: Record = {
        "opening_balance": "100.00",
        "transactions": [movement("-20.00"), movement("5.00", "85.00"), movement("10.00", "95.00")],
        "closing_balance": "95.00",
    }
    assert codes(record, "bank_statement") == []
    assert findings(record, "bank_statement").checks["transactions[2].balance"] == 1.0
    assert codes({**record, "closing_balance": "96.00"}, "bank_statement") == [IssueCode.SUM_MISMATCH]


def test_a_row_whose_balance_does_not_follow_is_named():
    record: Record = {
        "opening_balance": "100.00",
        "transactions": [movement("-20.00", "80.00"), movement("5.00", "86.00")],
        "closing_balance": None,
    }
    (issue,) = findings(record, "bank_statement").issues
    assert issue.fields == ("transactions[1].amount", "transactions[1].balance")


def test_a_receipt_whose_prices_hold_the_tax_is_no_mismatch():
    assert codes({"subtotal": "10.00", "tax_amount": "0.57", "total": "10.00"}, "receipt") == []
    assert codes({"subtotal": "10.00", "tax_amount": "0.60", "tip": "2.00", "total": "12.60"}, "receipt") == []
    assert codes({"subtotal": "10.00", "tax_amount": "0.60", "total": "12.60"}, "receipt") == [IssueCode.SUM_MISMATCH]


def test_the_names_of_a_users_schema_are_enough():
    assert inferred({"netTotal": "1", "vat_amount": "2", "grandTotal": "4"}).issues[0].code is IssueCode.SUM_MISMATCH
    assert inferred({"totals": {"net": "1", "tax": "2", "gross": "3"}}).checks["totals.net"] == 1.0
    assert inferred({"start_date": "2025-02-01", "end_date": "2025-01-01"}).issues[0].code is IssueCode.DATE_ORDER
    assert inferred({"effective_date": "2025-02-01", "expiry_date": "2025-03-01"}).checks["expiry_date"] == 1.0
    assert inferred({"accounts": [{"iban": "DE00370400440532013000"}]}).issues[0].fields == ("accounts[0].iban",)
    assert inferred({"items": [{"qty": "2", "price": "3", "amount": "6"}]}).checks["items[0].qty"] == 1.0


def test_what_a_schema_has_no_field_to_explain_is_only_a_remark():
    row: Record = {"qty": "2", "price": "3", "amount": "7"}
    records: list[Record] = [{"items": [row]}, {"items": [{**row, "qty": None}], "net": "9"}]
    for record in records:
        assert [issue.severity for issue in inferred(record).issues] == [Severity.INFO]
        assert inferred(record).checks == {}


def test_a_part_that_two_fields_could_play_is_given_to_neither():
    assert inferred({"net": "1", "subtotal": "5", "tax": "2", "gross": "9"}) == RuleFindings()
    assert inferred({"gross_weight": "3", "net_weight": "2", "tax": "7"}) == RuleFindings()


def test_rules_take_any_record_without_falling_over():
    odd: list[Record] = [{}, {"line_items": None}, {"line_items": ["x", None, 5]}, {"tax_breakdown": {}}, {"iban": 5}]
    for record in odd:
        assert findings(record) == RuleFindings()
