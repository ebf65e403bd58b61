from typeset import Line, leaf, read

from docproc.domain.evidence import MatchKind
from docproc.domain.schema import FieldKind

NET, TAX, GROSS = (leaf(name, FieldKind.MONEY) for name in ("total_net", "total_tax", "total_gross"))
PAID, DUE = leaf("prepaid_amount", FieldKind.MONEY, aliases=("Amount paid",)), leaf("amount_due", FieldKind.MONEY)


def amount(label: str, figure: str) -> Line:
    return [(50, label), (300, figure)]


def test_taxes_of_several_rates_are_added_up_where_the_sum_proves_them():
    lines = [amount("Net total", "100.00"), amount("VAT 20 %", "12.00"), amount("VAT 5 %", "2.00")]
    reading = read([*lines, amount("Total", "114.00")], NET, TAX, GROSS)
    assert reading.record == {"total_net": "100.00", "total_tax": "14.00", "total_gross": "114.00"}
    places = reading.hints["total_tax"].evidence
    assert [place.match for place in places] == [MatchKind.INFERRED] * 2
    assert [place.text for place in places] == ["12.00", "2.00"]


def test_no_tax_is_made_of_what_is_not_printed():
    lines = [amount("Net total", "100.00"), amount("Total", "114.00")]
    assert read(lines, NET, TAX, GROSS).record["total_tax"] is None


def test_a_total_below_its_net_part_is_none():
    record = read([amount("Net total", "100.00"), amount("Total", "80.00")], NET, GROSS).record
    assert record == {"total_net": "100.00", "total_gross": None}


def test_what_is_due_is_the_total_where_nothing_was_paid_before():
    lines = [amount("Subtotal", "100.00"), amount("Amount due", "120.00")]
    record = read(lines, NET, GROSS, PAID, DUE).record
    assert (record["total_gross"], record["amount_due"]) == ("120.00", "120.00")


def test_what_is_due_is_not_the_total_where_something_was_paid_before():
    lines = [amount("Amount paid", "20.00"), amount("Amount due", "100.00")]
    assert read(lines, GROSS, PAID, DUE).record["total_gross"] is None
