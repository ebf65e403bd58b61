from typeset import Line, group, leaf, read, value

from docproc.domain.schema import FieldKind

SELLER = leaf("seller_name")
BUYER = leaf("buyer_name")
ADDRESS = leaf("address", description="Full address of the shop, on one line")
COMPANY = leaf("company", description="Name of the shop that issued the receipt")

RECEIPT: list[Line] = [
    "GOLDEN LEAF TRADING SDN BHD",
    "(123456-X)",
    "NO 12, JALAN MERANTI 3,",
    "TAMAN INDAH, 81100 JOHOR BAHRU",
    "TEL: 07-1234567",
    "TAX INVOICE",
    [(50, "Date: 12/03/2018"), (300, "10:22")],
    [(50, "TOTAL"), (300, "12.00")],
]


def test_the_issuer_of_a_receipt_stands_at_its_top():
    assert value(RECEIPT, COMPANY) == "GOLDEN LEAF TRADING SDN BHD"


def test_its_address_is_joined_to_one_line_without_name_and_telephone():
    assert value(RECEIPT, ADDRESS) == "NO 12, JALAN MERANTI 3, TAMAN INDAH, 81100 JOHOR BAHRU"


def test_a_legal_form_on_the_next_line_belongs_to_the_name():
    assert value(["EVERGREEN BOOKS", "CO. (M) SDN BHD", *RECEIPT[2:]], COMPANY) == "EVERGREEN BOOKS CO. (M) SDN BHD"


INVOICE: list[Line] = [
    [(50, "Acme Tools GmbH"), (350, "RECHNUNG")],
    "Hafenstraße 1",
    "20095 Hamburg",
    "USt-IdNr.: DE136695976",
    "",
    "Rechnung an:",
    "Muster Bau AG",
    "Ringstr. 7",
    "8000 Zürich",
]


def test_seller_and_buyer_are_told_apart_by_heading():
    assert read(INVOICE, SELLER, BUYER).record == {"seller_name": "Acme Tools GmbH", "buyer_name": "Muster Bau AG"}


def test_parties_in_groups_have_their_own_addresses():
    party = (leaf("name"), leaf("address"))
    record = read(INVOICE, group("seller", *party), group("buyer", *party)).record
    assert record == {
        "seller": {"name": "Acme Tools GmbH", "address": "Hafenstraße 1 20095 Hamburg"},
        "buyer": {"name": "Muster Bau AG", "address": "Ringstr. 7 8000 Zürich"},
    }


def test_a_name_behind_a_label_under_the_heading_of_a_party():
    lines: list[Line] = [
        "Verkäufer",
        [(50, "Name:"), (250, "Lieferant GmbH & Co. KG")],
        [(50, "USt-IdNr.:"), (250, "DE136695976")],
        "",
        "Käufer/Leistungsempfänger",
        [(50, "Nummer:"), (250, "330145")],
        [(50, "Name:"), (250, "Beispiel Bau GmbH")],
    ]
    reading = read(lines, SELLER, BUYER, leaf("customer_number", FieldKind.ID))
    assert reading.record == {
        "seller_name": "Lieferant GmbH & Co. KG",
        "buyer_name": "Beispiel Bau GmbH",
        "customer_number": "330145",
    }


def test_a_letter_without_labels_is_for_whom_its_address_block_names():
    lines: list[Line] = [
        "Acme Tools GmbH - Hafenstraße 1 - 20095 Hamburg",
        "",
        "Frieda Beispiel",
        "Ringstr. 7",
        "10115 Berlin",
        "",
        "Rechnung Nr. 12 vom 01.02.2024",
    ]
    assert read(lines, SELLER, BUYER).record == {"seller_name": "Acme Tools GmbH", "buyer_name": "Frieda Beispiel"}


def test_a_labelled_text_takes_what_stands_right_or_below():
    field = leaf("advertiser", description="Advertiser, as printed (not the agency)")
    right = [[(50, "Agency"), (150, "Media Corp")], [(50, "Advertiser"), (150, "Friends of the Park (4711)")]]
    assert value(right, field) == "Friends of the Park"
    below = [[(50, "Advertiser"), (300, "Product")], [(50, "Friends of the Park"), (300, "Issue")]]
    assert value(below, field) == "Friends of the Park"


def test_a_label_is_never_a_value():
    field = leaf("advertiser")
    assert value([[(50, "Advertiser"), (300, "Original Date / Revision")]], field) is None
