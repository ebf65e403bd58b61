"""A quantity printed into its neighbour ("AB-0146" is AB-014 and 6): cut off where arithmetic proves it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from docproc.domain.page import Word
from docproc.readers.layout.rows_join import TableRow
from docproc.readers.layout.tables_arithmetic import Figures, agrees
from docproc.readers.layout.tables_grid import Lane, Line
from docproc.readers.layout.tables_headers import is_figure
from docproc.readers.layout.tables_vocabulary import Role

#: a quantity has at most this many digits
MAX_DIGITS = 5


def cut_quantity(row: TableRow, figures: Figures, columns: Mapping[Role, int], lane: Lane) -> Decimal | None:
    """Move a quantity that runs on from the word before its `lane` into its own column of `row`; what it is, if any."""
    price, total = (figures.get(columns[role]) for role in (Role.UNIT_PRICE, Role.AMOUNT))
    if not price or not total:
        return None
    for at, line in enumerate(row.anchors):
        for column, words in line.cells.items():
            last = words[-1]
            if not last.left < lane.left < last.right or is_figure(last.text):
                continue
            digits = _digits(last.text, price, total)
            if digits:
                row.anchors[at] = _moved(line, column, columns[Role.QUANTITY], digits)
                return Decimal(digits)
    return None


def _digits(text: str, price: Decimal, total: Decimal) -> str:
    """The last digits of `text` that are the quantity; empty when none is."""
    for length in range(1, min(MAX_DIGITS, len(text) - 1) + 1):
        digits = text[-length:]
        if not digits.isdecimal():
            return ""
        if not digits.startswith("0") and agrees(Decimal(digits), price, total):
            return digits
    return ""


def _moved(line: Line, source: int, target: int, digits: str) -> Line:
    *before, last = line.cells[source]
    border = last.right - (last.right - last.left) * len(digits) / len(last.text)
    kept = Word(last.text[: -len(digits)], last.left, last.top, border, last.bottom, last.line, last.confidence)
    cut = Word(digits, border, last.top, last.right, last.bottom, last.line, last.confidence)
    return replace(line, cells={**line.cells, source: (*before, kept), target: (cut,)})
