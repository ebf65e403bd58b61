"""Candidates: the places of a page that could be a value, by kind of value; knows no field but its kind."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from docproc.domain.geometry import Box, enclosing
from docproc.domain.page import Word
from docproc.domain.schema import FieldKind
from docproc.readers.layout.lines import Cell, Sheet, enclosing_words
from docproc.readers.layout.surroundings import Label, Surroundings
from docproc.readers.layout.wording import ADDRESS_LINE, address_strength, is_contact, is_label
from docproc.values.codes import CodeSpan, compact, find_emails, find_ibans, find_phones, find_urls, find_vat_ids
from docproc.values.currency import find_currencies, parse_currency
from docproc.values.dates import find_dates
from docproc.values.numbers import canonical, find_numbers

_CODE_WORD = re.compile(r"[^\s]*\d[^\s]*")
#: a code that begins like an IBAN or a VAT id
_COUNTRY_CODE = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}[A-Z0-9]{0,30}(?: [A-Z0-9]{0,3}\d[A-Z0-9]{0,5}){0,9}(?![A-Za-z0-9])"
)
_BANK_CODE = re.compile(
    r"\b(?:BIC|SWIFT)(?:[/ -]?(?:BIC|SWIFT|[Cc]ode))?\W{1,3}(?P<code>[A-Z]{6}[A-Z2-9][A-NP-Z](?:[A-Z]{3})?)\b"
)
_LABEL_BEFORE = re.compile(r"^(?:.*[:#]|(?:no|nr|n[°º])\.?)(?=[^\s:#]*\d)", re.IGNORECASE)
_RANGE_DASH = re.compile(r"\s*(?:-|–|—|to|bis|through|thru|au|al|a|tot|until)\s*", re.IGNORECASE)  # noqa: RUF001 the dash as printed


_BRACKETED_NUMBER = re.compile(r"\s*\(\d{3,}\)$")
#: a value wraps to at most this many more lines, each this close and flush, in print heights
WRAPPED_LINES: Final = 3
WRAP_FLUSH: Final = 0.5
#: print this near on the left makes a line the value of its own label
WRAP_COLUMN: Final = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How a document writes numbers and dates; None: not known."""

    decimal_mark: str | None = None
    day_first: bool | None = None
    #: the order of dates was told, or a date shows it; else only words speak for it
    order_proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value with the place it stands at."""

    kind: FieldKind
    #: as the record holds it
    value: str
    #: as printed
    text: str
    page: int
    box: Box
    words: tuple[Word, ...]
    cell: Cell
    labels: tuple[Label, ...] = ()
    #: of a number
    number: Decimal | None = None
    decimals: int = 0
    currency: str = ""
    #: thousands or decimals: nothing in the document tells
    ambiguous: bool = False
    #: of a date: one reading, or two when day and month could be either way round
    readings: tuple[date, ...] = ()
    #: place in a range such as `1.3. - 5.4.`: 1 first, 2 second, 0 not in a range
    range_place: int = 0
    #: several words taken together
    joined: bool = False
    #: added up from several prints
    summed: bool = False
    #: its check digits are right, or it has none
    checked: bool = True

    @property
    def place(self) -> tuple[int, Box]:
        return self.page, self.box


@dataclass(frozen=True, slots=True)
class Spot:
    """Offsets of a value in a cell."""

    cell: Cell
    start: int
    end: int

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that the offsets touch."""
        position, found = 0, []
        for word in self.cell.words:
            following = position + len(word.text)
            if position < self.end and following > self.start:
                found.append(word)
            position = following + 1
        return tuple(found) or self.cell.words

    @property
    def text(self) -> str:
        return self.cell.text[self.start : self.end]


#: a code has at least this many digits
CODE_DIGITS: Final = 6
#: kinds that a record holds without the spaces of the print
_COMPACT: Final = frozenset({FieldKind.IBAN, FieldKind.VAT_ID})

Finder = Callable[[Sheet, Conventions], Iterator[tuple[Spot, Candidate]]]


def candidates_of(surroundings: Surroundings, kind: FieldKind, conventions: Conventions) -> list[Candidate]:
    """Every place of a sheet that could be a value of `kind`, with the labels around it."""
    found = [
        replace(candidate, labels=surroundings.labels(spot.cell, start=spot.start))
        for spot, candidate in _FINDERS.get(kind, _texts)(surroundings.sheet, conventions)
    ]
    return _with_ranges(found) if kind is FieldKind.DATE else found


def candidate_at(spot: Spot, kind: FieldKind, value: str) -> Candidate:
    """The candidate of `value` at `spot`."""
    words = spot.words
    return Candidate(
        kind=kind,
        value=value,
        text=spot.text,
        page=spot.cell.page,
        box=enclosing_words(words),
        words=words,
        cell=spot.cell,
        joined=len(words) > 1,
    )


def _numbers(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    for cell in sheet.cells:
        if not any(character.isdigit() for character in cell.text):
            continue
        dates = find_dates(cell.text, day_first=conventions.day_first)
        for span in find_numbers(cell.text, decimal_mark=conventions.decimal_mark):
            if cell.text[: span.start].endswith("@"):  # a rate: `GST@6`
                continue
            if any(day.start < span.end and span.start < day.end for day in dates):
                continue
            spot = Spot(cell, span.start, span.end)
            candidate = candidate_at(spot, FieldKind.NUMBER, canonical(span.value))
            yield (
                spot,
                replace(
                    candidate,
                    number=span.value,
                    decimals=span.decimals,
                    ambiguous=span.ambiguous,
                    currency=_sign_beside(sheet, cell, start=span.start, end=span.end),
                ),
            )


def _sign_beside(sheet: Sheet, cell: Cell, *, start: int, end: int) -> str:
    """`%`, or the currency printed right before or after a number, in its cell or the next."""
    before, after = cell.text[:start].rstrip(" -("), cell.text[end:].lstrip(" )")
    if after.startswith("%"):
        return "%"
    neighbours = (*before.split()[-1:], cell.text[start:end], *after.split()[:1])
    near = find_currencies(" ".join(neighbours))
    if near:
        return near[0].code
    row = sheet.rows[cell.row]
    index = next(place for place, other in enumerate(row.cells) if other is cell)
    if not before and index > 0:
        return parse_currency(row.cells[index - 1].text.split()[-1]) or ""
    return ""


def _money(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    for spot, candidate in _numbers(sheet, conventions):
        if candidate.currency != "%":
            yield spot, replace(candidate, kind=FieldKind.MONEY)


def _percents(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    for spot, candidate in _numbers(sheet, conventions):
        if candidate.currency == "%" or any("percent" in label.terms for label in candidate.labels):
            yield spot, replace(candidate, kind=FieldKind.PERCENT)


def _integers(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    for spot, candidate in _numbers(sheet, conventions):
        if candidate.number is not None and candidate.number == candidate.number.to_integral_value():
            value = canonical(candidate.number.to_integral_value())
            yield spot, replace(candidate, kind=FieldKind.INTEGER, value=value)


def _dates(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    for cell in sheet.cells:
        for span in find_dates(cell.text, day_first=conventions.day_first):
            spot = Spot(cell, span.start, span.end)
            candidate = candidate_at(spot, FieldKind.DATE, span.readings[0].isoformat())
            yield spot, replace(candidate, readings=span.readings)


def _with_ranges(dates: Sequence[Candidate]) -> list[Candidate]:
    """Two dates side by side with a dash or `to` between them are the ends of a period: the second shares the label."""
    found = list(dates)
    for index in range(len(found) - 1):
        first, second = found[index], found[index + 1]
        if first.range_place == 0 and _is_range(first, second):
            found[index] = replace(first, range_place=1)
            found[index + 1] = replace(second, range_place=2, labels=first.labels + second.labels)
    return found


def _is_range(first: Candidate, second: Candidate) -> bool:
    if first.page != second.page or first.cell.row != second.cell.row or second.box.left < first.box.right - 1:
        return False
    if first.cell is second.cell:
        start = first.cell.text.find(first.text) + len(first.text)
        return bool(_RANGE_DASH.fullmatch(first.cell.text[start : first.cell.text.find(second.text, start)]))
    near = second.cell.box.left - first.cell.box.right < 4 * first.cell.height
    after = first.cell.text[first.cell.text.find(first.text) + len(first.text) :]
    before = second.cell.text[: second.cell.text.find(second.text)]
    return near and bool(_RANGE_DASH.fullmatch(f"{after} {before}".strip() or "?"))


def _ids(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    del conventions
    for cell in sheet.cells:
        yield from _bank_codes(cell)
        position, run_start = 0, None
        for word in [*cell.text.split(" "), ""]:
            code = bool(_CODE_WORD.fullmatch(word))
            if code:
                yield from _id_word(cell, position, word)
                run_start = position if run_start is None else run_start
            elif run_start is not None and not _continues_code(word):
                yield from _id_run(cell, run_start, position)
                run_start = None
            position += len(word) + 1
        if run_start is not None:
            yield from _id_run(cell, run_start, position)


def _bank_codes(cell: Cell) -> Iterator[tuple[Spot, Candidate]]:
    """`BIC COBADEFFXXX`: a code of letters alone is none but behind its name."""
    for hit in _BANK_CODE.finditer(cell.text):
        spot = Spot(cell, hit.start("code"), hit.end("code"))
        yield spot, candidate_at(spot, FieldKind.ID, hit["code"])


def _continues_code(word: str) -> bool:
    return word in {"-", "/", "."}


def _id_word(cell: Cell, position: int, word: str) -> Iterator[tuple[Spot, Candidate]]:
    glued = _LABEL_BEFORE.match(word)  # `No:1234` in one word
    start = position + (glued.end() if glued else 0)
    text = cell.text[start : position + len(word)]
    core = text.strip(".,;:()[]#*\"'")
    if not core:
        return
    start += text.find(core)
    spot = Spot(cell, start, start + len(core))
    yield spot, candidate_at(spot, FieldKind.ID, core)


def _id_run(cell: Cell, start: int, end: int) -> Iterator[tuple[Spot, Candidate]]:
    """Several code words in a row as one id: `DE 123 456`."""
    text = cell.text[start : end - 1].strip(" .,;:#-/")
    if " " in text:
        begin = start + cell.text[start:end].find(text)
        spot = Spot(cell, begin, begin + len(text))
        yield spot, candidate_at(spot, FieldKind.ID, text)


def _currencies(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    del conventions
    for cell in sheet.cells:
        for span in find_currencies(cell.text):
            spot = Spot(cell, span.start, span.end)
            yield spot, candidate_at(spot, FieldKind.CURRENCY, span.code)


def _unchecked(text: str) -> re.Match[str] | None:
    """What is written like an IBAN or VAT id, though its check digits may be wrong."""
    hits = (hit for hit in _COUNTRY_CODE.finditer(text))
    return next((hit for hit in hits if sum(mark.isdigit() for mark in hit.group()) >= CODE_DIGITS), None)


def _coded(find: Callable[[str], list[CodeSpan]], kind: FieldKind) -> Finder:
    """A finder of codes that have a shape of their own."""

    def found(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
        del conventions
        for cell in sheet.cells:
            spans = find(cell.text)
            for span in spans:
                spot = Spot(cell, span.start, span.end)
                yield spot, candidate_at(spot, kind, span.code if kind in _COMPACT else spot.text.replace(" ", ""))
            if kind in _COMPACT and not spans and (hit := _unchecked(cell.text)):
                spot = Spot(cell, hit.start(), hit.end())
                yield spot, replace(candidate_at(spot, kind, compact(hit.group())), checked=False)

    return found


def _texts(sheet: Sheet, conventions: Conventions) -> Iterator[tuple[Spot, Candidate]]:
    """Whole cells, and what follows a colon; a number in brackets behind a text is a code, not part of it."""
    del conventions
    for cell in sheet.cells:
        if not any(character.isalnum() for character in cell.text):
            continue
        colon = cell.text.find(":")
        behind_label = colon + 1 if 0 < colon < len(cell.text) - 1 else 0
        for start in sorted({0, behind_label}):
            text = _BRACKETED_NUMBER.sub("", cell.text[start:]).strip()
            if text:
                begin = cell.text.find(text, start)
                spot = Spot(cell, begin, begin + len(text))
                candidate = candidate_at(spot, FieldKind.TEXT, text)
                yield spot, _wrapped(candidate, sheet) if start or _has_label_left(cell, sheet) else candidate


def _is_else(text: str) -> bool:
    """Whether a line below a value is something of its own: a label, an address, a way to reach somebody."""
    return ":" in text or is_label(text) or is_contact(text) or address_strength(text) >= ADDRESS_LINE / 2


def _has_label_left(cell: Cell, sheet: Sheet) -> bool:
    left = [other for other in sheet.rows[cell.row].cells if other.box.right <= cell.box.left]
    return bool(left) and is_label(left[-1].text)


def _wrapped(candidate: Candidate, sheet: Sheet) -> Candidate:
    """A value behind its label with the lines that it wraps to: below, flush with it, and with nothing left of them."""
    left, last = candidate.words[0].left, candidate.cell
    for row in sheet.rows[last.row + 1 : last.row + 1 + WRAPPED_LINES]:
        height = last.height
        below = next((cell for cell in row.cells if abs(cell.box.left - left) < WRAP_FLUSH * height), None)
        if below is None or below.box.top - last.box.bottom > WRAP_FLUSH * height or _is_else(below.text):
            break
        if any(cell.box.left < left - height and left - cell.box.right < WRAP_COLUMN * height for cell in row.cells):
            break
        candidate = replace(
            candidate,
            value=f"{candidate.value} {below.text}",
            text=f"{candidate.text} {below.text}",
            words=candidate.words + below.words,
            box=enclosing([candidate.box, below.box]),
        )
        last = below
    return candidate


_FINDERS: Final[dict[FieldKind, Finder]] = {
    FieldKind.MONEY: _money,
    FieldKind.NUMBER: _numbers,
    FieldKind.INTEGER: _integers,
    FieldKind.PERCENT: _percents,
    FieldKind.DATE: _dates,
    FieldKind.ID: _ids,
    FieldKind.CURRENCY: _currencies,
    FieldKind.IBAN: _coded(find_ibans, FieldKind.IBAN),
    FieldKind.VAT_ID: _coded(find_vat_ids, FieldKind.VAT_ID),
    FieldKind.EMAIL: _coded(find_emails, FieldKind.EMAIL),
    FieldKind.URL: _coded(find_urls, FieldKind.URL),
    FieldKind.PHONE: _coded(find_phones, FieldKind.PHONE),
}
