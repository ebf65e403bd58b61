"""Two till receipts: what they say, and how a thermal printer sets it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pymupdf
from paper import INK, MONO, MONO_BOLD, Sheet, new_document
from trade import cents, grouped

WIDTH = 226.0
_LEFT, _RIGHT = 14.0, 212.0


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt as it is rung up; prices include the tax."""

    shop: str
    address: tuple[str, ...]
    tax_number: str
    number: str
    at: datetime
    date_format: str
    numbers: str
    currency: str
    #: per cent, included in every price
    rate: Decimal
    items: tuple[tuple[str, int, str], ...]
    words: dict[str, str]
    paid: str
    thanks: str

    @property
    def line_totals(self) -> tuple[Decimal, ...]:
        return tuple(quantity * Decimal(price) for _, quantity, price in self.items)

    @property
    def total(self) -> Decimal:
        return sum(self.line_totals, Decimal(0))

    @property
    def tax(self) -> Decimal:
        return cents(self.total * self.rate / (100 + self.rate))

    def money(self, amount: Decimal) -> str:
        return grouped(amount, self.numbers)


LARDER = Receipt(
    shop="THE GREEN LARDER",
    address=("Farm shop & delicatessen", "27 Orchard Street", "York YO1 7HF"),
    tax_number="VAT No. GB271828191",
    number="004718",
    at=datetime(2025, 5, 17, 11, 42),  # noqa: DTZ001 a till prints local time
    date_format="%d/%m/%Y %H:%M",
    numbers="en",
    currency="GBP",
    rate=Decimal(20),
    items=(
        ("Sourdough loaf", 1, "4.20"),
        ("Cheddar, aged 250 g", 2, "5.95"),
        ("Heather honey", 1, "7.80"),
        ("Ginger beer 33 cl", 4, "2.10"),
        ("Apple chutney", 1, "4.65"),
        ("Oat biscuits", 3, "2.75"),
        ("Linen bag", 1, "6.50"),
    ),
    words={"receipt": "Receipt", "total": "TOTAL", "tax": "incl. VAT 20%", "paid": "CARD"},
    paid="VISA **** 4407",
    thanks="Thank you. See you soon!",
)

AURORA = Receipt(
    shop="BAR AURORA",
    address=("Caffetteria e gelateria", "Via dei Mille 12", "10123 Torino"),
    tax_number="P.IVA 12345678903",
    number="231-56",
    at=datetime(2025, 6, 7, 16, 5),  # noqa: DTZ001 a till prints local time
    date_format="%d-%m-%Y %H:%M",
    numbers="de",
    currency="EUR",
    rate=Decimal(10),
    items=(
        ("Espresso", 2, "1.40"),
        ("Cappuccino", 1, "1.80"),
        ("Gelato 3 gusti", 2, "4.20"),
        ("Acqua naturale", 1, "1.50"),
        ("Torta di nocciole", 1, "4.80"),
    ),
    words={"receipt": "Scontrino n.", "total": "TOTALE EURO", "tax": "di cui IVA 10%", "paid": "CONTANTI"},
    paid="",
    thanks="Grazie e arrivederci",
)


def draw_receipt(receipt: Receipt) -> pymupdf.Document:
    """The receipt as a PDF of one narrow page, as long as it needs to be."""
    document = new_document(receipt.shop, receipt.shop)
    sheet = Sheet(document, size=(WIDTH, 236.0 + 13 * len(receipt.address) + 24 * len(receipt.items)))
    middle = WIDTH / 2
    sheet.text(middle, 34, receipt.shop, size=17, face=MONO_BOLD, align="centre")
    y = sheet.lines(middle, 52, (*receipt.address, receipt.tax_number), size=8.6, face=MONO, align="centre")
    y = _dashes(sheet, y)
    sheet.text(_LEFT, y, f"{receipt.words['receipt']} {receipt.number}", size=8.6, face=MONO)
    sheet.text(_RIGHT, y, receipt.at.strftime(receipt.date_format), size=8.6, face=MONO, align="right")
    y = _dashes(sheet, y + 13)
    for (name, quantity, price), total in zip(receipt.items, receipt.line_totals, strict=True):
        sheet.text(_LEFT, y, name, size=9.4, face=MONO)
        sheet.text(_LEFT + 12, y + 11, f"{quantity} x {receipt.money(Decimal(price))}", size=8.4, face=MONO)
        sheet.text(_RIGHT, y + 11, receipt.money(total), size=9.4, face=MONO, align="right")
        y += 24
    y = _dashes(sheet, y)
    sheet.text(_LEFT, y + 6, receipt.words["total"], size=13.5, face=MONO_BOLD)
    sheet.text(_RIGHT, y + 6, receipt.money(receipt.total), size=13.5, face=MONO_BOLD, align="right")
    for label, value in (
        (receipt.words["tax"], receipt.money(receipt.tax)),
        (f"{receipt.words['paid']} {receipt.paid}".strip(), receipt.money(receipt.total)),
    ):
        y += 15
        sheet.text(_LEFT, y + 10, label, size=8.6, face=MONO)
        sheet.text(_RIGHT, y + 10, value, size=8.6, face=MONO, align="right")
    y = _dashes(sheet, y + 26)
    sheet.text(middle, y + 6, receipt.thanks, size=9.4, face=MONO, align="centre")
    _barcode(sheet, y + 20)
    return document


def _dashes(sheet: Sheet, y: float) -> float:
    sheet.page.draw_line((_LEFT, y - 3), (_RIGHT, y - 3), color=INK, width=0.8, dashes="[3 2] 0")
    return y + 13


def _barcode(sheet: Sheet, y: float) -> None:
    x = 60.0
    for width in "2131221311321121231132211312213112":
        bar = int(width)
        if x > WIDTH - 60:
            return
        sheet.box((x, y, x + bar, y + 26), fill=INK)
        x += bar + 1.4
