from typeset import leaf, page_of, read, schema_of

from docproc.domain.reading import Window
from docproc.domain.schema import FieldKind
from docproc.readers.layout.reader import LayoutReader

SELLER, BUYER = leaf("seller_name"), leaf("buyer_name")
SELLER_VAT, BUYER_VAT = leaf("seller_vat_id", FieldKind.VAT_ID), leaf("buyer_vat_id", FieldKind.VAT_ID)

LETTER = [
    "Elektro Example GmbH",
    "Elektro Example GmbH · Industriestraße 41 · 34123 Kassel",
    "Wohnbau Muster eG",
    "Heckenweg 16",
    "34233 Fuldatal",
    "",
    "Rechnung 4711",
]


def test_the_line_of_the_sender_is_not_the_name_of_the_receiver():
    assert read(LETTER, SELLER, BUYER).record == {
        "seller_name": "Elektro Example GmbH",
        "buyer_name": "Wohnbau Muster eG",
    }


def test_an_address_between_dots_on_one_line_is_the_sellers():
    reading = read(LETTER, leaf("seller_address"), leaf("buyer_address"))
    assert reading.record["seller_address"] == "Industriestraße 41, 34123 Kassel"
    assert reading.record["buyer_address"] == "Heckenweg 16 34233 Fuldatal"


def test_a_vat_id_in_the_footer_of_every_page_is_the_sellers_alone():
    footer = ["", "Elektro Example GmbH", "USt-IdNr. DE136695976"]
    pages = [page_of([*LETTER, *footer], number=1), page_of(["Rechnung 4711", *footer], number=2)]
    record = LayoutReader().read(Window(pages=pages, page_count=2), schema_of(SELLER_VAT, BUYER_VAT)).record
    assert record == {"seller_vat_id": "DE136695976", "buyer_vat_id": None}


def test_a_footer_below_the_items_does_not_stand_under_the_heading_of_the_buyer():
    lines: list[str | list[tuple[float, str]]] = [
        "Billed to",
        "Larkfield Books Ltd",
        [(50, "Description"), (250, "Quantity"), (330, "Unit price")],
        [(50, "Oak table"), (250, "1"), (330, "4,280.00")],
        "VAT no. DE136695976",
    ]
    assert read(lines, SELLER_VAT, BUYER_VAT).record == {"seller_vat_id": "DE136695976", "buyer_vat_id": None}


def test_the_buyer_issues_an_order():
    lines = ["PURCHASE ORDER", "Hotel Example", "Uferweg 11 78462 Konstanz", ""]
    lines += ["Supplier", "Holz Muster GmbH", "Am Weg 7", "79100 Freiburg"]
    assert read(lines, SELLER, BUYER).record == {"seller_name": "Holz Muster GmbH", "buyer_name": "Hotel Example"}


def test_a_doctor_lives_in_no_drive():
    lines = ["Invoice", "Bill to", "Praxis Dr. Hagedorn", "Marktplatz 5", "23552 Lübeck"]
    assert read(lines, BUYER).record == {"buyer_name": "Praxis Dr. Hagedorn"}
