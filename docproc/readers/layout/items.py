"""Where the lines of a table of billed items stand: no total of the document is among them; reads no values."""

from typing import Final

from docproc.readers.layout.labels import best_concept, known_share, terms_of
from docproc.readers.layout.lines import Row, Sheet

#: a heading of items names this many things that only items have
ITEM_TERMS: Final = 2
_ITEM: Final = frozenset({"description", "quantity", "price", "unit", "article", "service"})
#: such a heading has at least this many words, nearly all of labels
HEADING_WORDS: Final = 3
KNOWN: Final = 0.6
#: how surely a label must name a sum, for the items to end with it
SUM_FIT: Final = 0.7
_SUMS: Final = frozenset(
    {"gross total", "net total", "tax amount", "discount", "surcharge", "rounding", "paid amount", "change amount"}
)


def item_rows(sheet: Sheet) -> frozenset[int]:
    """Rows below a heading of items, down to the first row that names a sum or says `total`."""
    found: set[int] = set()
    inside = False
    for row in sheet.rows:
        if is_item_heading(row):
            inside = True
        elif inside and _sums_up(row):
            inside = False
        elif inside:
            found.add(row.index)
    return frozenset(found)


def is_item_heading(row: Row) -> bool:
    """`Description | Quantity | Price`: the columns of a table of items."""
    text = row.text
    if len(text.split()) < HEADING_WORDS or any(mark.isdigit() for mark in text):
        return False
    return len(frozenset(terms_of(text)) & _ITEM) >= ITEM_TERMS and known_share(text) >= KNOWN


def _sums_up(row: Row) -> bool:
    for cell in row.cells:
        terms = frozenset(terms_of(cell.text))
        concept, fit = best_concept(terms)
        if "total" in terms or "subtotal" in terms or (concept in _SUMS and fit >= SUM_FIT):
            return True
    return False
