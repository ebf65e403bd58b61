"""Any invoice-like schema gets its fields filled by what they mean."""

import pytest
from einvoice_documents import CII, INVOICE, group, leaf, schema_of, table, ubl, window_of

from docproc.domain.schema import FieldKind, FieldSpec, Record, Shape
from docproc.readers.einvoice import EinvoiceReader

READER = EinvoiceReader()


def read(*fields: FieldSpec, xml: str = CII) -> Record:
    return READER.read(window_of(xml), schema_of(*fields)).record


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("InvoiceNo", FieldKind.ID, "R-2025/0042"),
        ("Rechnungsnummer", FieldKind.ID, "R-2025/0042"),
        ("date", FieldKind.DATE, "2025-03-14"),
        ("invoiceDate", FieldKind.DATE, "2025-03-14"),
        ("due", FieldKind.DATE, "2025-04-13"),
        ("date_of_delivery", FieldKind.DATE, "2025-03-10"),
        ("vendor", FieldKind.TEXT, "Holzwerk Nord GmbH"),
        ("name_of_supplier", FieldKind.TEXT, "Holzwerk Nord GmbH"),
        ("company", FieldKind.TEXT, "Holzwerk Nord GmbH"),
        ("address", FieldKind.TEXT, "Am Kai 3, 20095 Hamburg"),
        ("seller_city", FieldKind.TEXT, "Hamburg"),
        ("supplier_vat_number", FieldKind.VAT_ID, "DE136695976"),
        ("vat_id", FieldKind.VAT_ID, "DE136695976"),
        ("customer", FieldKind.TEXT, "Atelier Lindgren"),
        ("bill_to_name", FieldKind.TEXT, "Atelier Lindgren"),
        ("total", FieldKind.MONEY, "117.81"),
        ("total_amount", FieldKind.MONEY, "117.81"),
        ("total_incl_vat", FieldKind.MONEY, "117.81"),
        ("subtotal", FieldKind.MONEY, "99.00"),
        ("total_excl_vat", FieldKind.MONEY, "99.00"),
        ("vat", FieldKind.MONEY, "18.81"),
        ("vat_amount", FieldKind.MONEY, "18.81"),
        ("vat_rate", FieldKind.PERCENT, "19"),
        ("amount_due", FieldKind.MONEY, "100.00"),
        ("amount_paid", FieldKind.MONEY, "17.81"),
        ("currency_code", FieldKind.CURRENCY, "EUR"),
        ("IBAN", FieldKind.IBAN, "DE89370400440532013000"),
        ("purchase_order_number", FieldKind.ID, "PO-9"),
        ("po_number", FieldKind.ID, "PO-9"),
        ("notes", FieldKind.TEXT, "Thank you."),
        ("favourite_colour", FieldKind.TEXT, None),
        ("bank_name", FieldKind.TEXT, None),
        ("buyer_city", FieldKind.TEXT, None),
        ("number_of_pages", FieldKind.INTEGER, None),
    ],
)
def test_a_field_is_known_by_its_name(name: str, kind: FieldKind, value: str | None) -> None:
    assert read(leaf(name, kind)) == {name: value}


def test_groups_are_understood_by_their_names() -> None:
    record = read(
        group("supplier", leaf("name"), leaf("vat_id", FieldKind.VAT_ID), group("address", leaf("postal_code"))),
        group("totals", leaf("net", FieldKind.MONEY), leaf("tax", FieldKind.MONEY), leaf("gross", FieldKind.MONEY)),
        group("payment", leaf("iban", FieldKind.IBAN), leaf("due_date", FieldKind.DATE)),
    )
    assert record == {
        "supplier": {"name": "Holzwerk Nord GmbH", "vat_id": "DE136695976", "address": {"postal_code": "20095"}},
        "totals": {"net": "99.00", "tax": "18.81", "gross": "117.81"},
        "payment": {"iban": "DE89370400440532013000", "due_date": "2025-04-13"},
    }


def test_a_label_tells_where_the_name_does_not() -> None:
    record = read(leaf("f1", title="Invoice number"), leaf("f2", FieldKind.DATE, aliases=("Fälligkeitsdatum",)))
    assert record == {"f1": "R-2025/0042", "f2": "2025-04-13"}


def test_the_name_of_one_field_outranks_the_label_of_another() -> None:
    record = read(leaf("x", FieldKind.MONEY, aliases=("total",)), leaf("total_gross", FieldKind.MONEY))
    assert record == {"x": None, "total_gross": "117.81"}


def test_rows_have_their_own_names() -> None:
    record = read(
        table(
            "positions",
            leaf("pos", FieldKind.ID),
            leaf("item_code", FieldKind.ID),
            leaf("name"),
            leaf("description"),
            leaf("qty", FieldKind.NUMBER, json_number=True),
            leaf("unit"),
            leaf("discount", FieldKind.MONEY),
            leaf("amount", FieldKind.MONEY),
            leaf("vat_rate", FieldKind.PERCENT),
        ),
        table(
            "vat_breakdown",
            leaf("rate", FieldKind.PERCENT),
            leaf("basis", FieldKind.MONEY),
            leaf("tax", FieldKind.MONEY),
        ),
    )
    assert record == {
        "positions": [
            {
                "pos": "1",
                "item_code": "W-7",
                "name": "Oak shelf",
                "description": "Oiled, 80 cm",
                "qty": 2,
                "unit": "C62",
                "discount": "4.00",
                "amount": "99.00",
                "vat_rate": "19",
            }
        ],
        "vat_breakdown": [{"rate": "19", "basis": "99.00", "tax": "18.81"}],
    }


def test_a_table_of_unknown_name_is_known_by_its_columns() -> None:
    record = read(table("stuff", leaf("description"), leaf("quantity", FieldKind.NUMBER)))
    assert record == {"stuff": [{"description": "Oak shelf", "quantity": "2"}]}


def test_a_table_within_a_row_holds_what_the_row_knows() -> None:
    record = read(
        table(
            "lines",
            leaf("name"),
            table("adjustments", leaf("amount", FieldKind.MONEY)),
            table("taxes", leaf("rate", FieldKind.PERCENT)),
        )
    )
    adjustments = [{"amount": "4.00"}, {"amount": "1.50"}, {"amount": "2.50"}]
    assert record == {"lines": [{"name": "Oak shelf", "adjustments": adjustments, "taxes": []}]}


def test_a_table_of_other_things_stays_empty() -> None:
    assert read(table("signatures", leaf("place"), leaf("day", FieldKind.DATE))) == {"signatures": []}


def test_a_list_of_texts_takes_the_one_value() -> None:
    orders = FieldSpec(name="order_numbers", shape=Shape.LIST, item=FieldSpec(name="item", kind=FieldKind.ID))
    assert read(orders) == {"order_numbers": ["PO-9"]}


def test_an_enum_takes_the_option_that_fits() -> None:
    kind = leaf("document_type", FieldKind.ENUM, options=("invoice", "credit note", "other"))
    assert read(kind) == {"document_type": "invoice"}
    assert read(kind, xml=ubl("CreditNote")) == {"document_type": "credit note"}
    assert read(kind, xml=CII.replace("TypeCode>380", "TypeCode>384")) == {"document_type": "invoice"}


def test_numbers_are_json_numbers_where_the_schema_asks_for_them() -> None:
    assert read(leaf("total_gross", FieldKind.MONEY, json_number=True)) == {"total_gross": 117.81}


def test_a_schema_for_something_else_is_left_to_other_readers() -> None:
    contract = schema_of(leaf("party_a"), leaf("effective_date", FieldKind.DATE), leaf("iban", FieldKind.IBAN))
    assert READER.can_read(window_of(CII), INVOICE)
    assert not READER.can_read(window_of(CII), contract)
