"""Sheets of a workbook that stream: names, formats, widths, and a next sheet when one is full. Knows no document."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from docproc.domain.schema import FieldKind
from docproc.exports.cells import Cell, Concern, concern_of, plain_text, starts_formula

#: Excel's own limits
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CELL_UNITS = 32_767
_MAX_SHEET_NAME = 31

_CUT_NOTE = " … [cut here: the cell holds no more]"
# Excel keeps 15 significant digits, and counts days before March 1900 differently from everybody else.
_EXACT_DIGITS = 15
_FIRST_SURE_DAY = date(1900, 3, 1)
_MIN_WIDTH, _MAX_WIDTH = 9, 60
#: characters side by side that are still readable on one printed page
_PRINTED_WIDTH = 180

_FORBIDDEN_IN_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")

SheetValue: TypeAlias = str | bool | float | datetime | None


#: the colour behind a cell that a person should look at
TINTS = {Concern.DOUBTFUL: "#F8CFCB", Concern.CHECK: "#FDEBC3", Concern.UNGROUNDED: "#E4DFF5"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell is shown."""

    number_format: str = "General"
    concern: Concern | None = None
    #: the cell stays text when somebody edits it, even if it starts like a formula
    quoted: bool = False
    bold: bool = False


class Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._formats: dict[Look, Format] = {}

    def __getitem__(self, look: Look) -> Format:
        if look not in self._formats:
            self._formats[look] = self._book.add_format(_properties(look))
        return self._formats[look]


def _properties(look: Look) -> dict[str, object]:
    properties: dict[str, object] = {"num_format": look.number_format, "valign": "top"}
    if look.concern is not None:
        properties |= {"bg_color": TINTS[look.concern], "pattern": 1}
    if look.quoted:
        properties["quote_prefix"] = True
    if look.bold:
        properties |= {"bold": True, "bg_color": "#E9EDF2", "bottom": 1, "bottom_color": "#9AA5B1"}
    return properties


class SheetNames:
    """Names that Excel takes: at most 31 units, no forbidden character, unique whatever the case."""

    def __init__(self) -> None:
        # Excel keeps this one for itself.
        self._taken = {"history"}

    def free(self, wanted: str) -> str:
        base = _FORBIDDEN_IN_NAME.sub("_", wanted).strip("' ") or "sheet"
        for number in itertools.count(1):
            suffix = "" if number == 1 else f" ({number})"
            name = _first_units(base, _MAX_SHEET_NAME - len(suffix)) + suffix
            if name.lower() not in self._taken:
                self._taken.add(name.lower())
                return name
        raise AssertionError


class RollingSheet:
    """One table over as many sheets as it needs, its header frozen on each."""

    def __init__(
        self, book: Workbook, names: SheetNames, *, title: str, header: Sequence[str], looks: Looks, max_rows: int
    ) -> None:
        self._book = book
        self._names = names
        self._title = title
        self._header = header
        self._looks = looks
        self._max_rows = max_rows
        self._widths = [len(name) + 3 for name in header]
        self._filled: list[tuple[Worksheet, int]] = []
        self._next_row = 0
        self._sheet = self._new_sheet()

    def append(self, cells: Sequence[Cell]) -> None:
        """Write one row."""
        if self._next_row >= self._max_rows:
            self._filled.append((self._sheet, self._next_row))
            self._sheet = self._new_sheet()
        for column, cell in enumerate(cells):
            self._write(column, cell)
        self._next_row += 1

    def close(self) -> None:
        """Set what depends on all rows."""
        widths = [min(max(width, _MIN_WIDTH), _MAX_WIDTH) for width in self._widths]
        for sheet, rows in [*self._filled, (self._sheet, self._next_row)]:
            sheet.autofilter(0, 0, max(rows - 1, 0), len(self._header) - 1)
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
            if sum(widths) <= _PRINTED_WIDTH:
                sheet.fit_to_pages(1, 0)

    def _new_sheet(self) -> Worksheet:
        sheet = self._book.add_worksheet(self._names.free(self._title))
        for column, name in enumerate(self._header):
            sheet.write_string(0, column, fitted(name)[0], self._looks[Look(bold=True)])
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        self._next_row = 1
        return sheet

    def _write(self, column: int, cell: Cell) -> None:
        value, look = _rendered(cell)
        if value in (None, ""):
            return
        shown = min(len(plain_text(cell.value)), _MAX_WIDTH) + 2
        self._widths[column] = max(self._widths[column], shown)
        form = self._looks[look]
        if isinstance(value, bool):
            self._sheet.write_boolean(self._next_row, column, value, form)
        elif isinstance(value, str):
            self._sheet.write_string(self._next_row, column, value, form)
        elif isinstance(value, datetime):
            self._sheet.write_datetime(self._next_row, column, value, form)
        else:
            self._sheet.write_number(self._next_row, column, value, form)


def _rendered(cell: Cell) -> tuple[SheetValue, Look]:
    """What is written for a cell, and how it looks; a number or day that Excel would change stays text."""
    value, concern = cell.value, concern_of(cell)
    if value is None or isinstance(value, bool):
        # Excel knows a truth value by its type, LibreOffice by its format.
        return value, Look(number_format='"true";"true";"false"', concern=concern)
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS:
        return float(value), Look(number_format=_number_format(value, cell.kind), concern=concern)
    if isinstance(value, date) and value >= _FIRST_SURE_DAY:
        midnight = datetime(value.year, value.month, value.day)  # noqa: DTZ001 a day has no time zone
        return midnight, Look(number_format="yyyy-mm-dd", concern=concern)
    text, _ = fitted(plain_text(value))
    return text, Look(number_format="@", concern=concern, quoted=starts_formula(text))


def _number_format(value: Decimal, kind: FieldKind) -> str:
    exponent = value.as_tuple().exponent
    decimals = min(-exponent, 12) if isinstance(exponent, int) and exponent < 0 else 0
    form = ("#,##0" if kind is FieldKind.MONEY else "0") + ("." + "0" * decimals if decimals else "")
    # A quoted sign is shown and does not multiply: 19 is 19 %, as on the page.
    return f'{form}" %"' if kind is FieldKind.PERCENT else form


def fitted(text: str) -> tuple[str, bool]:
    """`text` as Excel can hold it, and whether it had to be cut."""
    # xlsxwriter takes text between these two tags for markup of its own and writes it unescaped.
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    if len(text) * 2 <= MAX_CELL_UNITS or _units(text) <= MAX_CELL_UNITS:
        return text, False
    return _first_units(text, MAX_CELL_UNITS - _units(_CUT_NOTE)) + _CUT_NOTE, True


def _units(text: str) -> int:
    """Length as Excel counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _first_units(text: str, count: int) -> str:
    return text.encode("utf-16-le")[: count * 2].decode("utf-16-le", errors="ignore")
