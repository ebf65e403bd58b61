"""Three looks of an invoice: a studio's, a workshop's letter, an atelier's. Each draws one bill on a document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count

import pymupdf
from paper import (
    GREY,
    INK,
    LIGHT,
    SANS,
    SANS_BOLD,
    SERIF,
    SERIF_BOLD,
    SERIF_ITALIC,
    WHITE,
    Align,
    Colour,
    Column,
    Sheet,
    hex_colour,
    text_width,
)
from trade import Bill, Position, grouped

#: what stands before a field, by language
LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Invoice", "number": "Invoice number", "issued": "Invoice date", "due": "Due date",
        "order": "Your order", "to": "Billed to", "delivered": "Date of supply",
        "description": "Description", "quantity": "Qty", "price": "Unit price", "total": "Amount",
        "net": "Subtotal", "tax": "VAT", "gross": "Total", "vat_id": "VAT no.", "bank": "Payment",
    },
    "de": {
        "title": "Rechnung", "number": "Rechnungsnummer", "issued": "Rechnungsdatum", "due": "Zahlbar bis",
        "order": "Ihre Bestellung", "to": "Rechnung an", "delivered": "Lieferdatum",
        "description": "Bezeichnung", "quantity": "Menge", "price": "Einzelpreis", "total": "Gesamt",
        "net": "Nettobetrag", "tax": "MwSt.", "gross": "Rechnungsbetrag", "vat_id": "USt-IdNr.", "bank": "Bank",
        "pos": "Pos.", "unit": "Einheit", "page": "Seite", "carry": "Übertrag",
    },
    "fr": {
        "title": "Facture", "number": "Facture n°", "issued": "Date de facture", "due": "Échéance",
        "order": "Votre commande", "to": "Facturé à", "delivered": "Date de livraison",
        "description": "Désignation", "quantity": "Qté", "price": "Prix unitaire HT", "total": "Montant HT",
        "net": "Total HT", "tax": "TVA", "gross": "Total TTC", "vat_id": "N° TVA", "bank": "Règlement",
    },
    "es": {
        "title": "Factura", "number": "Factura n.º", "issued": "Fecha de factura", "due": "Vencimiento",
        "order": "Su pedido", "to": "Cliente", "delivered": "Fecha de entrega",
        "description": "Concepto", "quantity": "Cantidad", "price": "Precio", "total": "Importe",
        "net": "Base imponible", "tax": "IVA", "gross": "Total factura", "vat_id": "NIF", "bank": "Pago",
        "pos": "N.º", "unit": "Unidad", "page": "Página", "carry": "Suma y sigue",
    },
}  # fmt: skip
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_SIGNS = {"GBP": "£", "EUR": "€"}


#: of a letter: on its first page, on any other
ROWS_PER_PAGE = (14, 24)


@dataclass(frozen=True, kw_only=True)
class Look:
    """Language and colours of one company's invoices."""

    language: str
    accent: Colour
    tint: Colour
    labels: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", LABELS[self.language])

    @property
    def numbers(self) -> str:
        return "de" if self.language == "es" else self.language

    def money(self, amount: Decimal, currency: str = "") -> str:
        """The amount in the language's form, with its sign if a currency is given."""
        plain = grouped(amount, self.numbers)
        sign = _SIGNS.get(currency, currency)
        if not sign:
            return plain
        return f"{sign}{plain}" if self.language == "en" else f"{plain}\u00a0{sign}"

    def number(self, amount: Decimal) -> str:
        """A quantity or rate without needless decimals."""
        exponent = amount.normalize().as_tuple().exponent
        return grouped(amount, self.numbers, places=max(0, -int(exponent)))

    def day(self, day: date) -> str:
        if self.language in _MONTHS:
            return f"{day.day} {_MONTHS[self.language].split()[day.month - 1]} {day.year}"
        return day.strftime("%d.%m.%Y" if self.language == "de" else "%d/%m/%Y")


def iban_groups(iban: str) -> str:
    """As printed: four by four."""
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


# ---------------------------------------------------------------- a studio: a band of colour and much air


def draw_studio(document: pymupdf.Document, bill: Bill, look: Look) -> None:
    """One page with a coloured head, a table with a tinted heading and a box around the total."""
    sheet, labels, seller = Sheet(document), look.labels, bill.seller
    sheet.box((0, 0, sheet.width, 118), fill=look.accent)
    for step in range(5):
        shade = tuple(channel + (1 - channel) * (0.08 + 0.05 * step) for channel in look.accent)
        sheet.disc(470 + 30 * step, 118 - 14 * step, radius=46 - 5 * step, fill=(shade[0], shade[1], shade[2]))
    sheet.box((0, 118, sheet.width, 190), fill=WHITE)
    sheet.text(48, 62, seller.name, size=21, face=SANS_BOLD, colour=WHITE)
    sheet.text(48, 84, f"{seller.street} · {seller.town} · {seller.email}", size=9, colour=look.tint)
    sheet.text(48, 172, labels["title"], size=30, face=SANS_BOLD, colour=look.accent)

    sheet.text(48, 212, labels["to"], size=8, colour=GREY)
    sheet.text(48, 228, bill.buyer.name, size=11, face=SANS_BOLD)
    sheet.lines(48, 243, (bill.buyer.street, bill.buyer.town), size=10)
    for place, (label, value) in enumerate(_facts(bill, look)):
        sheet.text(330, 212 + 16 * place, label, colour=GREY, size=9)
        sheet.text(547, 212 + 16 * place, value, align="right", face=SANS if place else SANS_BOLD)

    columns = (
        Column(heading=labels["description"], left=60, right=300),
        Column(heading=labels["quantity"], left=300, right=385, align="right"),
        Column(heading=labels["price"], left=385, right=460, align="right"),
        Column(heading=labels["total"], left=460, right=536, align="right"),
    )
    sheet.box((48, 306, 547, 330), fill=look.tint, radius=0.2)
    sheet.row(322, columns, tuple(column.heading for column in columns), size=8.5, face=SANS_BOLD, colour=look.accent)
    y = 352.0
    for position in bill.positions:
        sheet.row(y, columns, _studio_cells(position, look), size=9.5)
        sheet.rule(48, y + 10, 547)
        y += 28
    y = _studio_totals(sheet, bill, look, y + 12)
    sheet.text(48, 726, bill.note, size=10, face="heit", colour=GREY)
    sheet.rule(48, 748, 547, colour=look.accent, width=1.2)
    sheet.lines(48, 766, (f"{labels['bank']}: IBAN {iban_groups(seller.iban)}", f"BIC {seller.bic}"), size=8.5)
    foot = (f"{labels['vat_id']} {seller.vat_id}", seller.phone)
    sheet.lines(547, 766, foot, size=8.5, align="right")


def _facts(bill: Bill, look: Look) -> Iterator[tuple[str, str]]:
    labels = look.labels
    yield labels["number"], bill.number
    yield labels["issued"], look.day(bill.issued)
    if bill.delivered:
        yield labels["delivered"], look.day(bill.delivered)
    yield labels["due"], look.day(bill.due)
    if bill.order_number:
        yield labels["order"], bill.order_number


def _studio_cells(position: Position, look: Look) -> tuple[str, ...]:
    quantity = f"{look.number(position.quantity)} {position.unit}"
    return position.description, quantity, look.money(position.unit_price), look.money(position.total)


def _sums(bill: Bill, look: Look) -> Iterator[tuple[str, str]]:
    yield look.labels["net"], look.money(bill.net, bill.currency)
    for rate, (_, tax) in bill.taxes.items():
        percent = f"{look.number(rate)}\u00a0%" if look.language in {"de", "fr"} else f"{look.number(rate)}%"
        yield f"{look.labels['tax']} {percent}", look.money(tax, bill.currency)


def _studio_totals(sheet: Sheet, bill: Bill, look: Look, y: float) -> float:
    for label, value in _sums(bill, look):
        sheet.text(360, y, label, size=9.5, colour=GREY)
        sheet.text(536, y, value, size=9.5, align="right")
        y += 18
    sheet.box((340, y - 6, 547, y + 26), fill=look.accent, radius=0.2)
    sheet.text(360, y + 15, look.labels["gross"], size=12, face=SANS_BOLD, colour=WHITE)
    sheet.text(536, y + 15, look.money(bill.gross, bill.currency), size=13, face=SANS_BOLD, colour=WHITE, align="right")
    return y + 40


# ---------------------------------------------------------------- a workshop: a letter of as many pages as needed


def draw_letter(document: pymupdf.Document, bill: Bill, look: Look) -> None:
    """A letter with address window, block of facts and four columns of small print; carries over when it is long."""
    rows, first = list(enumerate(bill.positions, 1)), True
    carried = Decimal(0)
    for number in count(1):
        room = ROWS_PER_PAGE[0 if first else 1]
        here, rows = rows[:room], rows[room:]
        sheet = Sheet(document)
        y = _letter_head(sheet, bill, look) if first else _letter_continued(sheet, bill, look)
        y = _letter_rows(sheet, here, look, y, carried=carried)
        carried += sum((position.total for _, position in here), Decimal(0))
        if rows:
            _carry(sheet, look, y + 4, carried)
        else:
            _letter_totals(sheet, bill, look, y + 8)
        _letter_foot(sheet, bill, look, number)
        if not rows:
            return
        first = False


def _letter_logo(sheet: Sheet, bill: Bill, look: Look) -> None:
    x = 547 - text_width(bill.seller.name, size=15, face=SERIF_BOLD)
    sheet.text(547, 64, bill.seller.name, size=15, face=SERIF_BOLD, align="right", colour=look.accent)
    for ring in range(4):
        fill = look.accent if ring % 2 == 0 else look.tint
        sheet.disc(x - 24, 59, radius=16 - 4 * ring, fill=fill)
    sheet.rule(56, 82, 547, colour=look.accent, width=1.4)


def _letter_head(sheet: Sheet, bill: Bill, look: Look) -> float:
    seller, buyer, labels = bill.seller, bill.buyer, look.labels
    _letter_logo(sheet, bill, look)
    sheet.text(56, 132, f"{seller.name} · {seller.street} · {seller.town}", size=6.8, colour=GREY)
    sheet.rule(56, 136, 290, colour=GREY, width=0.4)
    sheet.lines(56, 156, (buyer.name, buyer.street, buyer.town), size=10.5, leading=15)
    y = 150.0
    for label, value in _facts(bill, look):
        sheet.text(370, y, label, size=9, colour=GREY)
        sheet.text(547, y, value, size=9.5, align="right")
        y += 15
    sheet.text(56, 262, f"{labels['title']} {bill.number}", size=17, face=SANS_BOLD, colour=look.accent)
    return 296


def _letter_continued(sheet: Sheet, bill: Bill, look: Look) -> float:
    _letter_logo(sheet, bill, look)
    sheet.text(56, 108, f"{look.labels['title']} {bill.number}", size=10, face=SANS_BOLD)
    return 136


def _letter_columns(look: Look) -> tuple[Column, ...]:
    labels = look.labels
    right: Align = "right"
    return (
        Column(heading=labels["pos"], left=56, right=80),
        Column(heading=labels["description"], left=84, right=320),
        Column(heading=labels["quantity"], left=320, right=366, align=right),
        Column(heading=labels["unit"], left=374, right=412),
        Column(heading=labels["price"], left=412, right=476, align=right),
        Column(heading=labels["total"], left=476, right=547, align=right),
    )


def _letter_rows(sheet: Sheet, rows: list[tuple[int, Position]], look: Look, y: float, *, carried: Decimal) -> float:
    columns = _letter_columns(look)
    sheet.row(y, columns, tuple(column.heading for column in columns), size=8.5, face=SANS_BOLD)
    sheet.rule(56, y + 6, 547, colour=INK, width=0.9)
    y += 22
    if carried:
        y = _carry(sheet, look, y, carried)
    for place, position in rows:
        cells = (
            str(place),
            position.description,
            look.number(position.quantity),
            position.unit,
            look.money(position.unit_price),
            look.money(position.total),
        )
        sheet.row(y, columns, cells, size=9.2)
        y += 20
    sheet.rule(56, y - 10, 547, colour=INK, width=0.9)
    return y + 6


def _carry(sheet: Sheet, look: Look, y: float, carried: Decimal) -> float:
    sheet.text(84, y, look.labels["carry"], size=9.2, face="heit")
    sheet.text(547, y, look.money(carried), size=9.2, face="heit", align="right")
    return y + 20


def _letter_totals(sheet: Sheet, bill: Bill, look: Look, y: float) -> None:
    for label, value in _sums(bill, look):
        sheet.text(370, y, label, size=9.5)
        sheet.text(547, y, value, size=9.5, align="right")
        y += 16
    sheet.box((358, y - 8, 547, y + 14), fill=look.tint)
    sheet.text(370, y + 7, look.labels["gross"], size=10.5, face=SANS_BOLD)
    sheet.text(541, y + 7, look.money(bill.gross, bill.currency), size=10.5, face=SANS_BOLD, align="right")
    sheet.paragraph(56, y + 44, bill.note, width=480, size=9.5)


def _letter_foot(sheet: Sheet, bill: Bill, look: Look, number: int) -> None:
    seller, labels = bill.seller, look.labels
    sheet.rule(56, 770, 547, colour=look.accent, width=0.8)
    blocks = (
        (56, (seller.name, seller.street, seller.town)),
        (200, (seller.phone, seller.email)),
        (370, (f"IBAN {iban_groups(seller.iban)}", f"BIC {seller.bic}", f"{labels['vat_id']} {seller.vat_id}")),
    )
    for x, texts in blocks:
        sheet.lines(x, 784, texts, size=7.2, leading=10, colour=GREY)
    sheet.text(547, 828, f"{labels['page']} {number}", size=7.2, align="right", colour=GREY)


# ---------------------------------------------------------------- an atelier: serifs, centred, on cream


def draw_atelier(document: pymupdf.Document, bill: Bill, look: Look) -> None:
    """One page on tinted paper with a centred head and dotted rows."""
    sheet, labels, seller = Sheet(document), look.labels, bill.seller
    sheet.box((0, 0, sheet.width, sheet.height), fill=look.tint)
    sheet.box((26, 26, sheet.width - 26, sheet.height - 26), stroke=look.accent, width=0.8)
    middle = sheet.width / 2
    _blossom(sheet, middle, 74, look.accent)
    sheet.text(middle, 122, seller.name, size=24, face=SERIF, align="centre", colour=look.accent)
    sheet.text(middle, 140, f"{seller.street}, {seller.town}", size=9.5, face=SERIF_ITALIC, align="centre")
    sheet.text(middle, 153, f"{seller.phone}  ·  {seller.email}", size=9.5, face=SERIF_ITALIC, align="centre")
    sheet.text(62, 204, f"{labels['number']} {bill.number}", size=15, face=SERIF_BOLD)
    sheet.text(62, 222, f"{labels['issued']} : {look.day(bill.issued)}", size=10.5, face=SERIF)
    sheet.text(62, 237, f"{labels['due']} : {look.day(bill.due)}", size=10.5, face=SERIF)
    sheet.text(360, 204, labels["to"], size=9.5, face=SERIF_ITALIC, colour=GREY)
    sheet.text(360, 220, bill.buyer.name, size=11.5, face=SERIF_BOLD)
    sheet.lines(360, 235, (bill.buyer.street, bill.buyer.town), size=10.5, face=SERIF, leading=14)
    y = _atelier_rows(sheet, bill, look)
    for label, value in _sums(bill, look):
        sheet.text(340, y, label, size=10.5, face=SERIF)
        sheet.text(533, y, value, size=10.5, face=SERIF, align="right")
        y += 18
    sheet.rule(340, y - 8, 533, colour=look.accent, width=1)
    sheet.text(340, y + 10, labels["gross"], size=13, face=SERIF_BOLD, colour=look.accent)
    sheet.text(533, y + 10, look.money(bill.gross, bill.currency), size=13, face=SERIF_BOLD, align="right")
    sheet.text(middle, 730, bill.note, size=9.5, face=SERIF_ITALIC, align="centre")
    foot = (f"IBAN {iban_groups(seller.iban)}  ·  BIC {seller.bic}", f"{labels['vat_id']} {seller.vat_id}")
    sheet.lines(middle, 770, foot, size=9, face=SERIF, align="centre", colour=GREY)


def _atelier_rows(sheet: Sheet, bill: Bill, look: Look) -> float:
    labels = look.labels
    columns = (
        Column(heading=labels["description"], left=62, right=290),
        Column(heading=labels["quantity"], left=290, right=330, align="right"),
        Column(heading=labels["tax"], left=330, right=375, align="right"),
        Column(heading=labels["price"], left=375, right=455, align="right"),
        Column(heading=labels["total"], left=455, right=533, align="right"),
    )
    sheet.row(300, columns, tuple(column.heading for column in columns), size=10, face=SERIF_ITALIC, colour=look.accent)
    sheet.rule(62, 308, 533, colour=look.accent, width=0.8)
    y = 330.0
    for position in bill.positions:
        cells = (
            position.description,
            look.number(position.quantity),
            f"{look.number(position.rate)}\u00a0%",
            look.money(position.unit_price),
            look.money(position.total),
        )
        sheet.row(y, columns, cells, size=10.5, face=SERIF)
        sheet.page.draw_line((62, y + 9), (533, y + 9), color=LIGHT, width=0.8, dashes="[1 3] 0")
        y += 26
    return y + 14


def _blossom(sheet: Sheet, x: float, y: float, colour: Colour) -> None:
    pale = hex_colour("#e9c46a")
    for across, down in ((0, -11), (10, -3), (6, 9), (-6, 9), (-10, -3)):
        sheet.disc(x + across, y + down, radius=8, fill=colour)
    sheet.disc(x, y, radius=6, fill=pale)
