"""Totals of which a part is unknown: what is plainly wrong is said, what may be right is not."""

import pytest

from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import Record, RuleFindings
from schemas import load_schema
from schemas.json_schema import compile_json_schema


def messages(record: Record, schema: str = "invoice") -> list[str]:
    return [issue.message for issue in load_schema(schema).check_rules(record).issues]


def line(total: str) -> Record:
    return {"line_total": total}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"total_net": "100", "total_gross": "91"}, "total_gross is less than total_net."),
        ({"total_net": "-100", "total_gross": "-91"}, "total_gross is less than total_net."),
        ({"total_net": "100", "line_items": [line("100")], "total_gross": "19"}, "total_gross is less than total_net."),
        ({"total_tax": "119", "total_gross": "19"}, "total_tax is more than total_gross."),
        (
            {"total_gross": "119", "amount_due": "191"},
            "amount_due is not total_gross, and nothing says what was paid.",
        ),
    ],
)
def test_totals_that_cannot_be_right_are_an_issue_though_a_part_is_unknown(record, message):
    assert messages(record) == [message]


@pytest.mark.parametrize(
    "record",
    [
        {"total_net": "100", "total_gross": "100"},
        {"total_net": "100", "total_gross": "119"},
        {"total_net": "100", "total_gross": "-100"},
        {"total_net": "100", "total_gross": "90", "total_allowances": "10"},
        {"total_net": "100", "total_gross": "19", "prepaid_amount": "100"},
        {"total_tax": "19", "total_gross": "0"},
        {"total_gross": "119.30", "amount_due": "119.00"},
        {"total_gross": "119", "amount_due": "109", "total_allowances": "10"},
        {"total_gross": "119", "amount_due": None},
        {"total_gross": None, "total_net": "100", "amount_due": "7"},
    ],
)
def test_what_may_be_right_is_no_finding_and_confirms_nothing(record):
    assert load_schema("invoice").check_rules(record) == RuleFindings()


def test_a_tax_that_is_taken_off_lowers_the_total():
    assert messages({"total_net": "100", "total_tax": "-15", "total_gross": "85"}) == []


def tax_row(rate: str | None, base: str | None = None, tax: str | None = None) -> Record:
    return {"tax_rate": rate, "taxable_amount": base, "tax_amount": tax}


@pytest.mark.parametrize(
    "rows",
    [
        [tax_row("19")],
        [tax_row("19", "100")],
        [tax_row(None, None, "19")],
        [tax_row("19", "60"), tax_row(None, None, "7.60")],
    ],
)
def test_a_rate_or_a_tax_table_leads_from_net_to_gross_where_the_tax_is_unknown(rows):
    record: Record = {"total_net": "100", "total_tax": None, "tax_breakdown": rows}
    schema = load_schema("invoice")
    assert schema.check_rules({**record, "total_gross": "119.00"}).checks["total_gross"] == 1.0
    (issue,) = schema.check_rules({**record, "total_gross": "118.00"}).issues
    assert (issue.code, issue.severity) == (IssueCode.SUM_MISMATCH, Severity.WARNING)
    assert {"total_net", "total_gross"} < set(issue.fields)


def test_a_tax_table_with_an_unknown_row_says_nothing():
    rows: list = [tax_row("19", "50"), tax_row("7")]
    assert messages({"total_net": "100", "total_gross": "150", "tax_breakdown": rows}) == []


def test_a_receipt_follows_its_rate_or_holds_the_tax_in_its_prices():
    record: Record = {"subtotal": "10.00", "tax_rate": "6", "total": "10.60"}
    assert messages(record, "receipt") == []
    assert messages({**record, "total": "10.00"}, "receipt") == []
    assert len(messages({**record, "total": "16.00"}, "receipt")) == 1
    assert messages({"tax_amount": "60", "total": "16.00"}, "receipt") == ["tax_amount is more than total."]


def test_what_was_handed_over_is_the_total_and_the_change():
    record: Record = {"total": "16.40", "amount_tendered": "20.00", "change": "3.60"}
    assert messages(record, "receipt") == []
    assert messages({**record, "change": "3.55", "rounding": "0.05"}, "receipt") == []
    assert messages({**record, "amount_tendered": "-20.00"}, "receipt") == []
    assert messages({**record, "change": "13.60"}, "receipt") == ["total + change is not amount_tendered."]


ROWS: list = [line("40.00"), line("60.00")]


@pytest.mark.parametrize(
    "totals",
    [
        {"total_gross": "119.00"},
        {"total_gross": "119.00", "total_tax": "19.00"},
        {"total_net": "84.03", "total_tax": "15.97"},
        {"total_gross": "119.00", "total_net": "105.00", "total_tax": "14.00", "amount_due": "100.00"},
    ],
)
def test_the_unknown_part_of_the_totals_may_explain_the_rows(totals):
    found = load_schema("invoice").check_rules({"line_items": ROWS, **totals})
    assert IssueCode.LINES_MISMATCH not in {issue.code for issue in found.issues}


@pytest.mark.parametrize(
    "totals",
    [{"total_gross": "99.00"}, {"total_gross": "150.00"}, {"total_gross": "118.00", "total_tax": "19.00"}],
)
def test_no_tax_explains_rows_that_are_too_far_from_the_total(totals):
    found = load_schema("invoice").check_rules({"line_items": ROWS, **totals})
    assert [issue.code for issue in found.issues] == [IssueCode.LINES_MISMATCH]


def test_what_a_schema_cannot_explain_is_only_a_remark():
    schema = compile_json_schema({"properties": {name: {"type": "string"} for name in ("subtotal", "total", "due")}})
    found = schema.check_rules({"subtotal": "100", "total": "90"})
    assert [issue.severity for issue in found.issues] == [Severity.INFO]
    assert found.checks == {}


def movement(amount: str | None, balance: str | None = None) -> Record:
    return {"amount": amount, "balance": balance}


MOVEMENTS: list = [movement("-20", "80"), movement("5", "85"), movement("10", "95"), movement("1", "96")]


def statement(movements: list, **more: str) -> Record:
    return {"opening_balance": "100", "closing_balance": "96", "transactions": movements, **more}


@pytest.mark.parametrize("movements", [MOVEMENTS, MOVEMENTS[::-1]])
def test_balances_run_in_either_order(movements):
    found = load_schema("bank_statement").check_rules(statement(movements))
    assert found.issues == ()
    assert found.checks["transactions[1].balance"] == 1.0


def test_rows_whose_balance_does_not_follow_are_one_issue():
    rows = [*MOVEMENTS[:1], movement("5", "58"), *MOVEMENTS[2:]]
    found = load_schema("bank_statement").check_rules(statement(rows))
    (issue,) = found.issues
    assert issue.fields == tuple(f"transactions[{row}].{name}" for row in (1, 2) for name in ("amount", "balance"))
    assert issue.message.endswith("in 2 of 4 rows of transactions, first in row 2.")
    assert found.checks["transactions[3].balance"] == 1.0


def test_a_balance_after_an_unknown_movement_is_not_judged():
    rows = [MOVEMENTS[0], movement(None, "85"), *MOVEMENTS[2:]]
    assert messages(statement(rows), "bank_statement") == []


def test_an_issue_on_a_long_table_names_the_first_rows_and_the_total():
    record: Record = {"opening_balance": "0", "transactions": [movement("1")] * 900, "closing_balance": "90"}
    (issue,) = load_schema("bank_statement").check_rules(record).issues
    assert len(issue.fields) == 50
    assert issue.fields[0] == "opening_balance"
    assert issue.fields[-1] == "closing_balance"
