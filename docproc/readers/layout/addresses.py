"""Addresses as runs of lines under one another; knows what an address looks like, not whose it is."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from docproc.readers.layout.labels import terms_of
from docproc.readers.layout.lines import Cell, Sheet
from docproc.readers.layout.wording import (
    ADDRESS_LINE,
    address_strength,
    has_legal_form,
    is_contact,
    is_label,
    is_title,
)
from docproc.values.dates import find_dates
from docproc.values.numbers import find_numbers

#: an address has at most this many lines
ADDRESS_LINES: Final = 8
#: its lines stand at most this many heights apart
ADDRESS_GAP: Final = 0.9
#: share of the narrower width that lines of one column have in common
COLUMN_OVERLAP: Final = 0.3
#: a line without a number, such as the country, has at most this many words
COUNTRY_WORDS: Final = 5
#: what parts stand between on one line of a letterhead
SEPARATED = re.compile(r"\s+[·•|∙]\s+")
_PARTS: Final = frozenset({"address", "street", "city", "postcode", "country", "buyer", "delivery"})


def address_runs(sheet: Sheet) -> Iterator[tuple[Cell, ...]]:
    """Runs of cells under one another that read like an address, without the name above."""
    used: set[int] = set()
    for cell in sheet.cells:
        if id(cell) in used or not _begins(cell) or _labelled_otherwise(cell, sheet):
            continue
        run = [cell]
        while (following := line_below(run[-1], sheet)) is not None and _goes_on(following, run):
            if _labelled_otherwise(following, sheet):
                break
            run.append(following)
        used.update(id(line) for line in run)
        if sum(address_strength(line.text) for line in run) >= 2 * ADDRESS_LINE:
            yield tuple(run)


def separated_addresses(sheet: Sheet) -> Iterator[tuple[Cell, tuple[tuple[int, int], ...]]]:
    """Lines whose parts stand between dots or bars and hold an address: where its parts are, from and to."""
    for cell in sheet.cells:
        marks = [(hit.start(), hit.end()) for hit in SEPARATED.finditer(cell.text)]
        bounds = zip([0, *(end for _, end in marks)], [*(start for start, _ in marks), len(cell.text)], strict=True)
        spans = tuple(span for span in bounds if address_strength(cell.text[slice(*span)]) >= ADDRESS_LINE / 2)
        spans = tuple(span for span in spans if not has_legal_form(cell.text[slice(*span)]))
        if marks and sum(address_strength(cell.text[slice(*span)]) for span in spans) >= 2 * ADDRESS_LINE:
            yield cell, spans


def _begins(cell: Cell) -> bool:
    return address_strength(cell.text) >= ADDRESS_LINE / 2 and not has_legal_form(cell.text) and not is_label(cell.text)


def _labelled_otherwise(cell: Cell, sheet: Sheet) -> bool:
    """Whether a label left of the cell says that it is something else than an address."""
    left = [other.text for other in sheet.rows[cell.row].cells if other.box.right <= cell.box.left]
    if not left or not left[-1].rstrip().endswith(":"):
        return False
    return not frozenset(terms_of(left[-1])) & _PARTS


def line_below(cell: Cell, sheet: Sheet) -> Cell | None:
    """The cell right below, without a gap, that covers the same column."""
    for row in sheet.rows[cell.row + 1 : cell.row + 3]:
        if row.box.top - cell.box.bottom > ADDRESS_GAP * cell.height:
            return None
        below = [other for other in row.cells if other.box.horizontal_overlap(cell.box) > COLUMN_OVERLAP]
        if below:
            return below[0]
    return None


def _goes_on(cell: Cell, run: Sequence[Cell]) -> bool:
    """Whether a line still belongs to the address above: no contact, no label, no other name, no date or amount."""
    text = cell.text
    if len(run) >= ADDRESS_LINES or is_contact(text) or is_label(text) or is_title(text) or has_legal_form(text):
        return False
    if find_dates(text, day_first=True) or any(number.decimals for number in find_numbers(text)):
        return False
    if run[-1].text.rstrip().endswith((",", "-")) or address_strength(text) > 0:
        return True
    return not any(mark.isdigit() for mark in text) and len(text.split()) <= COUNTRY_WORDS


def line_above(cell: Cell, sheet: Sheet) -> Cell | None:
    """The cell right above, without a gap, that begins at the same place."""
    for row in reversed(sheet.rows[max(0, cell.row - 2) : cell.row]):
        if cell.box.top - row.box.bottom > ADDRESS_GAP * cell.height:
            return None
        for other in row.cells:
            if abs(other.box.left - cell.box.left) < cell.height:
                return other
    return None
