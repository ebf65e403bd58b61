"""A bank statement of several pages with a running balance that is carried forward."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

import pymupdf
from paper import GREY, INK, SANS_BOLD, WHITE, Column, Sheet, hex_colour, new_document
from trade import grouped

BANK = "Harbour & Hill Bank"
HOLDER = "Larkfield Books Ltd"
IBAN = "GB82WEST12345698765432"
NUMBER = "5/2025"
OPENING = Decimal("12480.35")
FIRST_DAY, LAST_DAY = date(2025, 5, 1), date(2025, 5, 31)

_GREEN, _PALE = hex_colour("#1d5c4b"), hex_colour("#e6f0ec")
_COLUMNS = (
    Column(heading="Date", left=48, right=106),
    Column(heading="Details", left=110, right=330),
    Column(heading="Paid out", left=330, right=402, align="right"),
    Column(heading="Paid in", left=402, right=474, align="right"),
    Column(heading="Balance", left=474, right=547, align="right"),
)
#: days after the first, what for, how much (negative: paid out)
_ENTRIES: tuple[tuple[int, str, str], ...] = (
    (0, "Standing order, shop rent May", "-2150.00"),
    (0, "Card takings 30 April", "612.40"),
    (1, "Card takings 1 May", "438.15"),
    (1, "Paper Mill Direct, invoice 88213", "-364.80"),
    (4, "Card takings 2 to 4 May", "1827.90"),
    (4, "Direct debit, Severn Electricity", "-186.42"),
    (5, "Card takings 5 May", "295.60"),
    (5, "Cash deposit, Bath", "540.00"),
    (6, "Wages, four employees", "-4890.00"),
    (6, "Card takings 6 May", "388.25"),
    (7, "HMRC, employer contributions", "-912.37"),
    (7, "Card takings 7 May", "471.05"),
    (8, "Northern Lights Press, titles April", "-1678.20"),
    (8, "Card takings 8 May", "519.75"),
    (11, "Card takings 9 to 11 May", "2104.30"),
    (11, "Refund, order 40288", "-37.98"),
    (12, "School library, invoice LB-2231", "865.00"),
    (12, "Card takings 12 May", "344.10"),
    (13, "Direct debit, Avon Telecom", "-58.90"),
    (13, "Card takings 13 May", "402.55"),
    (14, "Card takings 14 May", "367.20"),
    (14, "Window cleaning", "-45.00"),
    (15, "Festival stand, deposit", "-320.00"),
    (15, "Card takings 15 May", "455.85"),
    (18, "Card takings 16 to 18 May", "2310.65"),
    (18, "Cash deposit, Bath", "610.00"),
    (19, "Paper Mill Direct, invoice 88547", "-291.60"),
    (19, "Card takings 19 May", "318.40"),
    (20, "Card takings 20 May", "392.95"),
    (20, "Insurance, quarterly premium", "-274.50"),
    (21, "City council, business rates", "-488.00"),
    (21, "Card takings 21 May", "436.70"),
    (22, "University bookshop, invoice LB-2240", "1240.00"),
    (22, "Card takings 22 May", "377.35"),
    (25, "Card takings 23 to 25 May", "2688.10"),
    (25, "Card terminal fees", "-96.33"),
    (26, "Northern Lights Press, titles May", "-1944.75"),
    (26, "Card takings 26 May", "289.90"),
    (27, "Brightwater Studio, BW-2025-0187", "-5801.52"),
    (27, "Card takings 27 May", "410.20"),
    (28, "Card takings 28 May", "365.45"),
    (28, "Courier, six parcels", "-71.40"),
    (29, "Reading evening, tickets", "525.00"),
    (29, "Card takings 29 May", "498.60"),
    (30, "Card takings 30 and 31 May", "1215.80"),
    (30, "Account fee", "-12.00"),
    (30, "Interest", "3.18"),
)
_ROWS = (17, 22)


def amounts() -> list[Decimal]:
    """What each entry adds to the balance."""
    return [Decimal(amount) for _, _, amount in _ENTRIES]


def closing() -> Decimal:
    """The balance after the last entry."""
    return OPENING + sum(amounts())


def transactions() -> list[dict[str, str]]:
    """Day, details, signed amount and balance of every entry."""
    balances = list(accumulate(amounts(), initial=OPENING))[1:]
    return [
        {
            "date": (FIRST_DAY + timedelta(days=days)).isoformat(),
            "description": details,
            "amount": amount,
            "balance": str(balance),
        }
        for (days, details, amount), balance in zip(_ENTRIES, balances, strict=True)
    ]


def draw_statement() -> pymupdf.Document:
    """The statement as PDF."""
    document = new_document(f"Statement {NUMBER}", BANK)
    entries, balance, number = transactions(), OPENING, 0
    pages = 1 + -(-(len(entries) - _ROWS[0]) // _ROWS[1])
    while entries:
        room = _ROWS[min(number, 1)]
        here, entries = entries[:room], entries[room:]
        number += 1
        sheet = Sheet(document)
        y = _head(sheet, number, pages)
        y = _brought(sheet, y, "Opening balance" if number == 1 else "Brought forward", balance)
        for entry in here:
            y = _entry(sheet, y, entry)
        balance = Decimal(here[-1]["balance"])
        _brought(sheet, y + 4, "Carried forward" if entries else "Closing balance", balance)
    return document


def _head(sheet: Sheet, number: int, pages: int) -> float:
    sheet.shape((48, 66), (66, 36), (84, 66), fill=_GREEN)
    sheet.shape((72, 66), (84, 48), (96, 66), fill=hex_colour("#7fb3a2"))
    sheet.text(108, 60, BANK, size=17, face=SANS_BOLD, colour=_GREEN)
    sheet.text(547, 50, "Account statement", size=12, face=SANS_BOLD, align="right")
    sheet.text(547, 66, f"No. {NUMBER}   Page {number} of {pages}", size=9, align="right", colour=GREY)
    y = 104.0
    if number == 1:
        sheet.lines(48, y, (HOLDER, "3 Abbey Green", "Bath BA1 1NW"), size=10.5, leading=14)
        facts = (
            ("Account holder", HOLDER),
            ("IBAN", " ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4))),
            ("Period", f"{FIRST_DAY.day} May 2025 to {LAST_DAY.day} May 2025"),
            ("Currency", "GBP"),
        )
        for label, value in facts:
            sheet.text(300, y, label, size=9, colour=GREY)
            sheet.text(547, y, value, size=9.5, align="right")
            y += 16
        y = _summary(sheet, y + 14)
    sheet.box((40, y, 555, y + 22), fill=_GREEN, radius=0.15)
    sheet.row(y + 15, _COLUMNS, tuple(column.heading for column in _COLUMNS), size=9, face=SANS_BOLD, colour=WHITE)
    return y + 40


def _summary(sheet: Sheet, y: float) -> float:
    paid_in = sum(amount for amount in amounts() if amount > 0)
    paid_out = -sum(amount for amount in amounts() if amount < 0)
    boxes = (
        ("Opening balance", OPENING),
        ("Total paid in", Decimal(paid_in)),
        ("Total paid out", Decimal(paid_out)),
        ("Closing balance", closing()),
    )
    for place, (label, amount) in enumerate(boxes):
        left = 40 + 130 * place
        sheet.box((left, y, left + 125, y + 48), fill=_PALE, radius=0.12)
        sheet.text(left + 12, y + 18, label, size=8.5, colour=GREY)
        sheet.text(left + 12, y + 37, f"£{grouped(amount, 'en')}", size=13, face=SANS_BOLD, colour=_GREEN)
    return y + 70


def _brought(sheet: Sheet, y: float, label: str, balance: Decimal) -> float:
    sheet.box((40, y - 14, 555, y + 8), fill=_PALE)
    sheet.text(110, y, label, size=9.5, face=SANS_BOLD, colour=INK)
    sheet.text(547, y, grouped(balance, "en"), size=9.5, face=SANS_BOLD, align="right")
    return y + 26


def _entry(sheet: Sheet, y: float, entry: dict[str, str]) -> float:
    amount = Decimal(entry["amount"])
    cells = (
        date.fromisoformat(entry["date"]).strftime("%d/%m/%Y"),
        entry["description"],
        grouped(-amount, "en") if amount < 0 else "",
        grouped(amount, "en") if amount > 0 else "",
        grouped(Decimal(entry["balance"]), "en"),
    )
    sheet.row(y, _COLUMNS, cells, size=9.2)
    sheet.rule(48, y + 8, 547)
    return y + 26
