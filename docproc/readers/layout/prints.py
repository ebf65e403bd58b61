"""What is printed on the pages of a window: candidates, titles, tables of taxes; each found when first asked for."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from docproc.domain.schema import FieldKind
from docproc.readers.layout.candidates import Candidate, Conventions, candidates_of
from docproc.readers.layout.items import item_rows
from docproc.readers.layout.labels import Terms, terms_of
from docproc.readers.layout.lines import Sheet
from docproc.readers.layout.surroundings import Surroundings
from docproc.readers.layout.thesaurus import TITLES
from docproc.values.text import fold

#: a document's title is this much larger than its body, or in capitals, and has few words
TITLE_SIZE: Final = 1.2
TITLE_WORDS: Final = 4
#: a heading has at most this many words
HEADING_WORDS: Final = 8
#: a breakdown of taxes has at most this many rows, and no gap of more heights
TAX_TABLE_ROWS: Final = 6
TABLE_GAP: Final = 2.0
#: so many dates under one another, their left edges in steps of so many points, are a column of them
DAY_COLUMN: Final = 5
COLUMN_STEP: Final = 3.0
#: rows at the top in which an order says that it only confirms one
ORDER_ROWS: Final = 15
_NO_ORDERS: Final = frozenset({"invoice", "receipt", "delivery", "contract", "credit", "estimate"})
_CONFIRMS = re.compile(r"confirm|bestatig|bevestig|conferma|acknowledg")


@dataclass(frozen=True)
class Prints:
    """The pages of a window as rows and blocks, and all candidates on them, found when first asked for."""

    sheets: Sequence[Sheet]
    conventions: Conventions
    _found: dict[FieldKind, list[Candidate]] = field(default_factory=dict)

    def candidates(self, kind: FieldKind) -> list[Candidate]:
        """The candidates of `kind` on all pages, in reading order."""
        if kind not in self._found:
            self._found[kind] = [
                candidate
                for sheet in self.sheets
                for candidate in candidates_of(self.surroundings(sheet), kind, self.conventions)
            ]
        return self._found[kind]

    def surroundings(self, sheet: Sheet) -> Surroundings:
        """The labels around the places of `sheet`."""
        return self._surroundings[sheet.page.number]

    @cached_property
    def _surroundings(self) -> Mapping[int, Surroundings]:
        return {sheet.page.number: Surroundings(sheet) for sheet in self.sheets}

    @cached_property
    def by_page(self) -> Mapping[int, Sheet]:
        return {sheet.page.number: sheet for sheet in self.sheets}

    @cached_property
    def titles(self) -> Terms:
        """What the document calls itself in large print at the top of its first page."""
        if not self.sheets:
            return frozenset()
        sheet = self.sheets[0]
        found: set[str] = set()
        for cell in sheet.cells:
            large = cell.height >= TITLE_SIZE * sheet.body or cell.text.isupper()
            if large and cell.box.top < sheet.page.height / 3 and len(cell.text.split()) <= TITLE_WORDS:
                found.update(set(terms_of(cell.text)) & TITLES)
        return frozenset(found)

    @cached_property
    def is_order(self) -> bool:
        """Whether the document calls itself an order, and not the confirmation of one."""
        if self.titles & _NO_ORDERS or "order" not in self.titles:
            return False
        return not any(_CONFIRMS.search(fold(row.text)) for row in self.sheets[0].rows[:ORDER_ROWS])

    @cached_property
    def has_cents(self) -> bool:
        """Whether most amounts of the document are printed with cents."""
        amounts = self.candidates(FieldKind.MONEY)
        return 2 * sum(candidate.decimals == 2 for candidate in amounts) > len(amounts)  # noqa: PLR2004 cents

    def in_tax_table(self, candidate: Candidate) -> bool:
        """Whether the candidate stands in a breakdown of taxes, whose totals are not the document's."""
        return candidate.cell.row in self._tax_tables[candidate.page]

    def in_day_column(self, candidate: Candidate) -> bool:
        """Whether a date stands in a column of dates, as movements and deliveries have them."""
        left = round(candidate.box.left / COLUMN_STEP)
        return sum(self._day_columns[candidate.page, place] for place in (left - 1, left, left + 1)) >= DAY_COLUMN

    @cached_property
    def _day_columns(self) -> Counter[tuple[int, int]]:
        days = self.candidates(FieldKind.DATE)
        return Counter((day.page, round(day.box.left / COLUMN_STEP)) for day in days)

    def in_items(self, candidate: Candidate) -> bool:
        """Whether the candidate stands among the lines of a table of items."""
        return candidate.cell.row in self._items[candidate.page]

    @cached_property
    def _items(self) -> Mapping[int, frozenset[int]]:
        return {sheet.page.number: item_rows(sheet) for sheet in self.sheets}

    @cached_property
    def _tax_tables(self) -> Mapping[int, frozenset[int]]:
        return {sheet.page.number: tax_table_rows(sheet) for sheet in self.sheets}

    @cached_property
    def not_codes(self) -> Mapping[int, Sequence[Candidate]]:
        """Dates, telephone numbers and net addresses by the identity of their cell: no numbers of documents."""
        found: dict[int, list[Candidate]] = {}
        for kind in (FieldKind.DATE, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL):
            for candidate in self.candidates(kind):
                found.setdefault(id(candidate.cell), []).append(candidate)
        return found

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """The domains of the e-mail and web addresses on the pages."""
        emails = (candidate.value.rpartition("@")[2] for candidate in self.candidates(FieldKind.EMAIL))
        return (*emails, *(candidate.value for candidate in self.candidates(FieldKind.URL)))

    def row_text(self, candidate: Candidate) -> str:
        """The whole row that the candidate stands in."""
        return self.by_page[candidate.page].rows[candidate.cell.row].text

    def values(self, kind: FieldKind) -> Counter[str]:
        """How often each value of `kind` is printed."""
        return Counter(candidate.value for candidate in self.candidates(kind))


def tax_table_rows(sheet: Sheet) -> frozenset[int]:
    """Rows below a heading such as `VAT summary`, or `Rate | Base | Tax`, down to the first gap."""
    found: set[int] = set()
    for row in sheet.rows:
        terms = frozenset(term for cell in row.cells for term in terms_of(cell.text))
        heading = "tax" in terms and bool(terms & {"summary", "code"}) and len(row.text.split()) <= HEADING_WORDS
        if not heading:
            continue
        last = row
        for below in sheet.rows[row.index + 1 : row.index + 1 + TAX_TABLE_ROWS]:
            if below.box.top - last.box.bottom > TABLE_GAP * row.box.height:
                break
            found.add(below.index)
            last = below
    return frozenset(found)
