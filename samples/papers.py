"""A filled form, a purchase order and a non-disclosure agreement."""

# PyMuPDF has types for half of what it offers
# mypy: disable-error-code="no-untyped-call, attr-defined"

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pymupdf
from bills import BRIGHTWATER, LINDNER
from paper import (
    GREY,
    LIGHT,
    SANS_BOLD,
    SERIF,
    SERIF_BOLD,
    SERIF_ITALIC,
    WHITE,
    Column,
    Sheet,
    hex_colour,
    new_document,
    pdf_bytes,
)
from trade import Bill, Company, grouped, position

# ---------------------------------------------------------------- a form


#: characters; a longer value is set on several lines
ONE_LINE = 60


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One field of the form: its name, label, place and value; a tick box if the value is a truth."""

    name: str
    label: str
    box: tuple[float, float, float, float]
    value: str | bool


FORM_ENTRIES = (
    Entry(name="last_name", label="Last name", box=(48, 196, 290, 218), value="Okonkwo-Berg"),
    Entry(name="first_name", label="First name", box=(305, 196, 547, 218), value="Amara"),
    Entry(name="date_of_birth", label="Date of birth", box=(48, 246, 190, 268), value="1988-11-03"),
    Entry(name="member_number", label="Member number", box=(205, 246, 347, 268), value="M-4471902"),
    Entry(name="phone", label="Telephone", box=(362, 246, 547, 268), value="+44 117 496 0188"),
    Entry(name="email", label="E-mail", box=(48, 296, 290, 318), value="amara@berg.example.com"),
    Entry(name="policy_number", label="Policy number", box=(305, 296, 547, 318), value="HH-2024-90813"),
    Entry(name="date_of_loss", label="Date of loss", box=(48, 390, 190, 412), value="2025-05-11"),
    Entry(name="place_of_loss", label="Place", box=(205, 390, 547, 412), value="14 Quayside Yard, Bristol"),
    Entry(name="water_damage", label="Water", box=(48, 436, 62, 450), value=True),
    Entry(name="fire_damage", label="Fire", box=(140, 436, 154, 450), value=False),
    Entry(name="storm_damage", label="Storm", box=(232, 436, 246, 450), value=False),
    Entry(name="theft", label="Theft", box=(324, 436, 338, 450), value=False),
    Entry(name="police_informed", label="Police informed", box=(416, 436, 430, 450), value=False),
    Entry(
        name="description", label="What happened?", box=(48, 488, 547, 560),
        value="A pipe burst in the flat above. The ceiling of the studio, two drawing "
        "tables and about forty prints were soaked.",
    ),
    Entry(name="estimated_loss", label="Estimated loss (GBP)", box=(48, 588, 190, 610), value="3,450.00"),
    Entry(name="iban", label="Pay to (IBAN)", box=(205, 588, 547, 610), value="GB33 BUKB 2020 1555 5555 55"),
    Entry(name="consent", label="I agree that my data is used for this claim.", box=(48, 640, 62, 654), value=True),
    Entry(name="photos_enclosed", label="Photographs are enclosed.", box=(48, 664, 62, 678), value=True),
    Entry(name="place_and_date", label="Place and date", box=(48, 716, 290, 738), value="Bristol, 2025-05-13"),
)  # fmt: skip


def form_bytes() -> bytes:
    """The claim form with its fields filled in, still editable."""
    document = new_document("Claim form", "Hillside Mutual")
    violet, pale = hex_colour("#4a3f78"), hex_colour("#f3f1fa")
    sheet = Sheet(document)
    sheet.box((0, 0, sheet.width, 96), fill=violet)
    sheet.disc(70, 48, radius=22, fill=hex_colour("#8d82c4"))
    sheet.shape((56, 58), (70, 32), (84, 58), fill=WHITE)
    sheet.text(108, 46, "Hillside Mutual", size=18, face=SANS_BOLD, colour=WHITE)
    sheet.text(108, 66, "Insurance society since 1904", size=9.5, colour=hex_colour("#d9d4f0"))
    sheet.text(547, 54, "Claim form", size=22, face=SANS_BOLD, colour=WHITE, align="right")
    for y, heading in ((156, "1  About you"), (350, "2  The damage"), (700, "")):
        sheet.text(48, y, heading, size=13, face=SANS_BOLD, colour=violet)
        if heading:
            sheet.rule(48, y + 8, 547, colour=violet, width=0.9)
    for entry in FORM_ENTRIES:
        left, top, right, bottom = entry.box
        if isinstance(entry.value, bool):
            sheet.text(right + 8, bottom - 3, entry.label, size=9.5)
            _tick_box(sheet.page, entry)
        else:
            sheet.text(left, top - 5, entry.label, size=8.5, colour=GREY)
            sheet.box((left, top, right, bottom), fill=pale, stroke=LIGHT)
            _text_field(sheet.page, entry)
    sheet.text(
        48, 790, "Hillside Mutual, 1 Beacon Road, Bristol BS8 2ZZ  ·  claims@hillside.example.com", size=8, colour=GREY
    )
    return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))


def _text_field(page: pymupdf.Page, entry: Entry) -> None:
    widget = _widget(entry, pymupdf.PDF_WIDGET_TYPE_TEXT)
    widget.text_font, widget.text_fontsize = "Helv", 10
    widget.field_value = entry.value
    if len(str(entry.value)) > ONE_LINE:
        widget.field_flags = pymupdf.PDF_TX_FIELD_IS_MULTILINE
    page.add_widget(widget)


def _tick_box(page: pymupdf.Page, entry: Entry) -> None:
    widget = _widget(entry, pymupdf.PDF_WIDGET_TYPE_CHECKBOX)
    widget.border_color, widget.border_width = GREY, 1
    widget.field_value = entry.value
    page.add_widget(widget)


def _widget(entry: Entry, kind: int) -> pymupdf.Widget:
    widget = pymupdf.Widget()
    widget.field_type, widget.field_name, widget.field_label = kind, entry.name, entry.label
    widget.rect = pymupdf.Rect(entry.box)
    return widget


# ---------------------------------------------------------------- a purchase order

ORDER = Bill(
    number="PO-2025-0664",
    issued=date(2025, 4, 3),
    due=date(2025, 5, 9),
    currency="EUR",
    seller=LINDNER,
    buyer=Company(
        name="Hotel Seeblick Konstanz", street="Uferpromenade 11", postcode="78462", city="Konstanz", country="DE",
        phone="+49 7531 5550 10", email="purchasing@seeblick.example.com",
    ),
    positions=(
        position("Bedside table, oak, two drawers", "24", "pcs", "186.00", "19"),
        position("Luggage bench, ash, woven seat", "12", "pcs", "214.50", "19"),
        position("Wardrobe rail, brushed brass", "12", "pcs", "59.80", "19"),
        position("Reception desk, oak and slate", "1", "pcs", "6420.00", "19"),
    ),
    note="Deliver to the rear entrance, Monday to Friday, 8 am to 3 pm. Please confirm within five working days.",
)  # fmt: skip


def order_bytes() -> bytes:
    """The purchase order as PDF."""
    document = new_document(f"Purchase order {ORDER.number}", ORDER.buyer.name)
    blue, pale = hex_colour("#20507a"), hex_colour("#e7eff6")
    sheet = Sheet(document)
    sheet.disc(70, 60, radius=22, fill=blue)
    for wave, fill in ((0, pale), (1, hex_colour("#9dbdd8"))):
        start, end = (50 + 4 * wave, 62 + 8 * wave), (90 - 4 * wave, 62 + 8 * wave)
        sheet.page.draw_bezier(start, (62, 50 + 8 * wave), (78, 74 + 8 * wave), end, color=fill, width=3)
    sheet.text(104, 58, ORDER.buyer.name, size=17, face=SANS_BOLD, colour=blue)
    sheet.text(104, 74, f"{ORDER.buyer.street}, {ORDER.buyer.town}  ·  {ORDER.buyer.email}", size=8.5, colour=GREY)
    sheet.rule(48, 92, 547, colour=blue, width=1.6)
    sheet.text(48, 132, "Purchase order", size=22, face=SANS_BOLD)
    facts = (("Order number", ORDER.number), ("Order date", "3 April 2025"), ("Delivery date", "9 May 2025"),
             ("Payment terms", "30 days net"))  # fmt: skip
    for place, (label, value) in enumerate(facts):
        sheet.text(350, 122 + 17 * place, label, size=9, colour=GREY)
        sheet.text(547, 122 + 17 * place, value, size=9.5, align="right", face=SANS_BOLD if place == 0 else "helv")
    for left, heading, company in ((48, "Supplier", ORDER.seller), (305, "Deliver to", ORDER.buyer)):
        sheet.box((left, 206, left + 242, 284), fill=pale, radius=0.08)
        sheet.text(left + 14, 224, heading, size=8.5, colour=blue, face=SANS_BOLD)
        sheet.text(left + 14, 242, company.name, size=10.5, face=SANS_BOLD)
        sheet.lines(left + 14, 257, (company.street, company.town), size=9.5)
    _order_table(sheet, blue)
    sheet.paragraph(48, 640, ORDER.note, width=480, size=9.5)
    sheet.rule(48, 732, 230, colour=GREY)
    sheet.text(48, 746, "Authorised by: Franziska Thoma, Purchasing", size=9)
    sheet.page.draw_curve((60, 722), (90, 690), (110, 735), color=hex_colour("#1b2a6b"), width=1.1)
    sheet.page.draw_bezier((108, 730), (130, 690), (150, 748), (196, 706), color=hex_colour("#1b2a6b"), width=1.1)
    return pdf_bytes(document)


def _order_table(sheet: Sheet, blue: tuple[float, float, float]) -> None:
    columns = (
        Column(heading="Item", left=56, right=84),
        Column(heading="Description", left=88, right=310),
        Column(heading="Quantity", left=310, right=372, align="right"),
        Column(heading="Unit price", left=372, right=455, align="right"),
        Column(heading="Line total", left=455, right=539, align="right"),
    )
    sheet.box((48, 312, 547, 334), fill=blue)
    sheet.row(327, columns, tuple(column.heading for column in columns), size=9, face=SANS_BOLD, colour=WHITE)
    y = 356.0
    for place, ordered in enumerate(ORDER.positions, 1):
        cells = (
            str(place),
            ordered.description,
            f"{ordered.quantity} {ordered.unit}",
            grouped(ordered.unit_price, "en"),
            grouped(ordered.total, "en"),
        )
        sheet.row(y, columns, cells, size=9.5)
        sheet.rule(48, y + 10, 547)
        y += 28
    for label, amount in (("Net total", ORDER.net), ("VAT 19%", ORDER.tax), ("Total EUR", ORDER.gross)):
        bold = SANS_BOLD if label.startswith("Total") else "helv"
        sheet.text(400, y + 10, label, size=10, face=bold)
        sheet.text(539, y + 10, grouped(amount, "en"), size=10, face=bold, align="right")
        y += 20


# ---------------------------------------------------------------- a contract

NDA_FACTS: Mapping[str, object] = {
    "title": "Non-disclosure agreement",
    "effective_date": "2025-02-10",
    "signature_date": "2025-02-10",
    "term": {"any": ["3 years", "three (3) years"]},
    "parties": [BRIGHTWATER.name, "Polar Compass Games AS"],
    "governing_law": "England and Wales",
}
_CLAUSES = (
    ("Purpose", "The parties wish to discuss the design of an illustrated board game (the “Project”). For this they "
     "will show each other information that is not public. This Agreement says how it is to be kept."),
    ("Confidential Information", "“Confidential Information” means all drawings, texts, rules, prices, plans and other "
     "information, in any form, that one party (the “Discloser”) gives to the other (the “Recipient”) for the Project "
     "and that is marked as confidential or that a reasonable person would take to be so."),
    ("Exceptions", "Information is not confidential if it was public when it was given, became public later without a "
     "breach of this Agreement, was already known to the Recipient, was developed by the Recipient on its own, or was "
     "lawfully received from a third party that was free to pass it on."),
    ("Duties", "The Recipient shall use Confidential Information for the Project only, shall keep it as carefully as "
     "its own secrets and in no case less than with reasonable care, and shall give it only to employees and advisers "
     "who need it for the Project and who are bound by duties no weaker than these."),
    ("Disclosure required by law", "If a court or an authority orders the Recipient to disclose Confidential "
     "Information, the Recipient shall tell the Discloser without delay, where the law allows it, and shall disclose "
     "no more than it must."),
    ("Return", "On request the Recipient shall return or destroy all Confidential Information within fourteen (14) "
     "days and confirm this in writing. Copies in ordinary backups may stay until they are overwritten."),
    ("No licence", "Nothing in this Agreement gives the Recipient any right to the Confidential Information beyond its "
     "use for the Project. All drawings stay the property of the party that made them."),
    ("Term", "This Agreement begins on the Effective Date and ends three (3) years after it. The duties of clause 4 "
     "go on for two (2) years after the end."),
    ("Remedies", "The parties agree that damages alone may not make good a breach. The Discloser may ask a court to "
     "forbid a breach that threatens, besides any other remedy."),
    ("General", "Changes to this Agreement are valid only in writing and signed by both parties. If a clause is void, "
     "the others stand. Neither party may transfer its rights without the consent of the other."),
    ("Governing law", "This Agreement is governed by the law of England and Wales. The courts of Bristol decide "
     "disputes that arise from it."),
)  # fmt: skip


def nda_bytes() -> bytes:
    """The agreement on two pages, signed."""
    document = new_document("Non-disclosure agreement", BRIGHTWATER.name)
    first, second = _CLAUSES[:6], _CLAUSES[6:]
    sheet = Sheet(document)
    sheet.text(297, 96, "NON-DISCLOSURE AGREEMENT", size=18, face=SERIF_BOLD, align="centre")
    sheet.rule(200, 108, 395, colour=GREY)
    y = sheet.paragraph(
        72, 144,
        "This Non-Disclosure Agreement (the “Agreement”) is made on 10 February 2025 (the “Effective Date”) between "
        "Brightwater Studio Ltd, 14 Quayside Yard, Bristol BS1 4QA, United Kingdom, and Polar Compass Games AS, "
        "Storgata 8, 9008 Tromsø, Norway.",
        width=451, size=11.5, face=SERIF, leading=17,
    )  # fmt: skip
    _clauses(sheet, y + 12, first, start=1)
    sheet.text(297, 800, "1 / 2", size=9, face=SERIF, align="centre", colour=GREY)
    sheet = Sheet(document)
    y = _clauses(sheet, 84, second, start=len(first) + 1)
    sheet.text(72, y + 14, "Signed by the parties:", size=11, face=SERIF)
    signers = (
        (72, BRIGHTWATER.name, "Eleanor Finch, Director", 20.0),
        (310, "Polar Compass Games AS", "Jonas Lie Myhre, Director", 58.0),
    )
    for left, company, person, swing in signers:
        ink = hex_colour("#1b2a6b")
        start, end = (left + 6, y + 84), (left + 168, y + 76)
        sheet.page.draw_bezier(
            start,
            (left + 30 + swing, y + swing),
            (left + 82 - swing, y + 130),
            (left + 96, y + 62),
            color=ink,
            width=1.2,
        )
        sheet.page.draw_bezier(
            (left + 96, y + 62), (left + 132 - swing, y + 20), (left + 90 + swing, y + 124), end, color=ink, width=1.2
        )
        sheet.rule(left, y + 94, left + 190, colour=GREY)
        sheet.text(left, y + 108, company, size=10.5, face=SERIF_BOLD)
        sheet.lines(left, y + 122, (person, "Date: 10 February 2025"), size=10.5, face=SERIF_ITALIC)
    sheet.text(297, 800, "2 / 2", size=9, face=SERIF, align="centre", colour=GREY)
    return pdf_bytes(document)


def _clauses(sheet: Sheet, y: float, clauses: tuple[tuple[str, str], ...], *, start: int) -> float:
    for number, (heading, text) in enumerate(clauses, start):
        sheet.text(72, y, f"{number}.", size=11.5, face=SERIF_BOLD)
        sheet.text(94, y, heading, size=11.5, face=SERIF_BOLD)
        y = sheet.paragraph(94, y + 17, text, width=429, size=11.5, face=SERIF, leading=17) + 9
    return y
