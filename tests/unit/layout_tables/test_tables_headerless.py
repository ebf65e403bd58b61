from printed_tables import ITEMS, PrintedLine, rows_spec, window_of

from docproc.domain.schema import FieldKind, JsonValue
from docproc.readers.layout.tables import read_rows


def rows_on(lines: list[PrintedLine]) -> list[dict[str, JsonValue]]:
    return read_rows(window_of(lines), ITEMS, decimal_mark=".", day_first=True).rows


def cells(description: str, quantity: str | None, unit_price: str | None, line_total: str) -> dict[str, JsonValue]:
    return {
        "description": description,
        "quantity": quantity,
        "unit_price": unit_price,
        "line_total": line_total,
    }


SHOP: list[PrintedLine] = [(20, [(80, "CORNER SHOP")]), (34, [(80, "Tel 030 1234567")])]


def test_names_stand_above_their_quantity_and_price():
    lines: list[PrintedLine] = [
        *SHOP,
        (80, [(20, "Coffee")]),
        (92, [(30, "2 x 3.50"), (-200, "7.00")]),
        (104, [(20, "Cake")]),
        (116, [(30, "1 x 2.20"), (-200, "2.20")]),
        (140, [(20, "TOTAL"), (-200, "9.20")]),
    ]
    assert rows_on(lines) == [cells("Coffee", "2", "3.50", "7.00"), cells("Cake", "1", "2.20", "2.20")]


def test_the_product_below_an_amount_belongs_to_it():
    lines: list[PrintedLine] = [
        *SHOP,
        (80, [(20, "Coffee"), (-200, "7.00")]),
        (92, [(30, "2 @ 3.50")]),
        (104, [(20, "Cake"), (-200, "2.20")]),
        (140, [(20, "TOTAL"), (-200, "9.20")]),
    ]
    assert rows_on(lines) == [cells("Coffee", "2", "3.50", "7.00"), cells("Cake", None, None, "2.20")]


def test_amounts_that_add_up_to_the_total_are_rows_with_the_quantity_in_front():
    lines: list[PrintedLine] = [
        *SHOP,
        (80, [(20, "2 Coffee"), (-200, "7.00")]),
        (92, [(20, "1 Cake"), (-200, "2.20")]),
        (120, [(20, "TOTAL"), (-200, "9.20")]),
        (134, [(20, "CASH"), (-200, "10.00")]),
        (148, [(20, "CHANGE"), (-200, "0.80")]),
    ]
    assert rows_on(lines) == [cells("Coffee", "2", None, "7.00"), cells("Cake", "1", None, "2.20")]


def test_names_stand_below_their_codes_when_none_stands_above_the_first():
    lines: list[PrintedLine] = [
        (60, [(20, "0000819"), (-200, "5.90")]),
        (72, [(20, "STERILE FILTER")]),
        (110, [(20, "TOTAL"), (-200, "5.90")]),
    ]
    assert rows_on(lines) == [cells("STERILE FILTER", None, None, "5.90")]


def test_amounts_that_nothing_proves_are_not_taken_for_rows():
    assert rows_on([*SHOP, (80, [(20, "Coffee"), (-200, "7.00")]), (120, [(20, "TOTAL"), (-200, "9.20")])]) == []


def test_a_list_whose_sum_is_printed_is_trusted_more_than_single_products():
    summed: list[PrintedLine] = [
        (80, [(20, "Coffee 2 x 3.50"), (-200, "7.00")]),
        (120, [(20, "TOTAL"), (-200, "7.00")]),
    ]
    alone: list[PrintedLine] = [(80, [(20, "Coffee 2 x 3.50"), (-200, "7.00")])]
    trust = []
    for lines in (summed, alone):
        hint = read_rows(window_of(lines), ITEMS, decimal_mark=".", day_first=True).hints["[0].description"]
        trust.append(hint.model or 0.0)
    assert trust[0] > trust[1] > 0


def test_a_schema_without_amounts_gets_no_rows_from_a_list():
    spec = rows_spec(name=FieldKind.TEXT, phone=FieldKind.PHONE)
    lines: list[PrintedLine] = [(80, [(20, "Coffee"), (-200, "7.00")]), (120, [(20, "TOTAL"), (-200, "7.00")])]
    assert read_rows(window_of(lines), spec, decimal_mark=".", day_first=True).rows == []


def test_amounts_that_slipped_down_a_line_keep_their_names():
    lines: list[PrintedLine] = [
        *SHOP,
        (80, [(20, "Coffee")]),
        (92, [(30, "2 x 1.40")]),
        (104, [(20, "Cake"), (-200, "2.80")]),
        (116, [(30, "1 x 1.80")]),
        (128, [(20, "Water"), (-200, "1.80")]),
        (140, [(30, "2 x 0.50")]),
        (152, [(-200, "1.00")]),
        (176, [(20, "TOTAL"), (-200, "5.60")]),
    ]
    assert rows_on(lines) == [
        cells("Coffee", "2", "1.40", "2.80"),
        cells("Cake", "1", "1.80", "1.80"),
        cells("Water", "2", "0.50", "1.00"),
    ]


def test_the_head_of_a_receipt_is_not_part_of_the_first_name():
    lines: list[PrintedLine] = [
        (44, [(20, "Receipt four of May")]),
        (56, [(20, "Cashier Anna")]),
        (68, [(20, "Bread")]),
        (80, [(30, "1 x 4.20"), (-200, "4.20")]),
        (92, [(20, "Honey")]),
        (104, [(30, "2 x 3.00"), (-200, "6.00")]),
        (130, [(20, "TOTAL"), (-200, "10.20")]),
    ]
    assert [found["description"] for found in rows_on(lines)] == ["Bread", "Honey"]
