"""Rows of lists without a header, till receipts above all: names, amounts, and arithmetic that proves them.

A line counts as a row only when its quantity times its price is its amount, or when the amounts from it down to a
printed total add up to that total. What nothing proves is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from docproc.domain.page import Word
from docproc.readers.layout.lines import Row
from docproc.readers.layout.tables_arithmetic import agrees
from docproc.readers.layout.tables_grid import is_mark
from docproc.readers.layout.tables_reads import RowRead
from docproc.readers.layout.tables_targets import Target
from docproc.readers.layout.tables_totals import is_total, opens_total, words_said
from docproc.readers.layout.tables_vocabulary import Role
from docproc.values.numbers import find_numbers

#: amounts of money are printed with this many decimals
CENTS = 2
#: rounding to the smallest coin
COIN = Decimal("0.05")
#: totals that are looked at below a list, and lines between one amount and the next
MAX_TOTALS, MAX_PAUSE = 8, 5
#: lines of text that may name one article
MAX_NAME_LINES = 3
#: the same for the only article of a list
UNSURE_NAME_LINES = 2
#: lines that follow one another stand at most this many heights apart, top to top
MAX_PITCH = 2.2
#: how far such a list is to be trusted: its sum is printed, or only its rows agree
SUMMED, PRODUCTS = 0.9, 0.75
#: words and signs between a quantity and a price
_TIMES = frozenset(("x", "\N{MULTIPLICATION SIGN}", "@", "*", "a", "à"))
_TIMES_SIGNS = frozenset(("@", "x", "\N{MULTIPLICATION SIGN}"))
#: a quantity in front of a name is at most this
MAX_LEADING = 999


@dataclass(frozen=True, slots=True)
class _Figure:
    value: Decimal
    word: Word
    decimals: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the list: its name, and what it says of quantity, price and amount."""

    at: int
    page: int
    name: tuple[Word, ...]
    amount: _Figure
    quantity: _Figure | None = None
    price: _Figure | None = None
    #: the line that prints quantity and price, when that is another one
    product_at: int | None = None

    @property
    def agrees(self) -> bool:
        return self.quantity is not None and self.price is not None


def read_list(rows: Sequence[Row], targets: Sequence[Target], *, decimal_mark: str | None) -> list[RowRead]:
    """The rows of a list without header among `rows`, the visual rows of a window; empty when nothing proves one."""
    wanted = {target.role: index for index, target in enumerate(targets) if target.spec is not None}
    if Role.DESCRIPTION not in wanted or Role.AMOUNT not in wanted:
        return []
    figures = [_figures(row, decimal_mark) for row in rows]
    entries = [entry for at, row in enumerate(rows) if (entry := _entry(at, row, figures[at])) is not None]
    entries = _with_products_below(entries, rows, figures)
    totals = [at for at, row in enumerate(rows) if figures[at] and _is_total_line(row)]
    listed, trust = _listed(entries, totals, figures)
    barred = frozenset(at for at, row in enumerate(rows) if _is_total_line(row))
    named = _named(_with_names_above(listed, rows, barred), rows, barred)
    return [_read(entry, wanted, trust) for entry in named]


def _figures(row: Row, decimal_mark: str | None) -> list[_Figure]:
    found = []
    for word in row.words:
        spans = find_numbers(word.text, decimal_mark=decimal_mark)
        if len(spans) == 1 and not any(mark.isalpha() for mark in _rest(word.text, spans[0].start, spans[0].end)):
            found.append(_Figure(spans[0].value, word, spans[0].decimals))
    return found


def _rest(text: str, start: int, end: int) -> str:
    """What stands around a number in its word; a tax letter glued behind ("5.90SR") or a currency before is fine."""
    before, after = text[:start], text[end:]
    return ("" if is_mark(before) else before) + ("" if len(after) <= CENTS else after)


def _is_total_line(row: Row) -> bool:
    said = words_said(row.words)
    return is_total(said) or opens_total(said)


def _entry(at: int, row: Row, figures: Sequence[_Figure]) -> _Entry | None:
    """What the line says if it can be one of a list."""
    money = [figure for figure in figures if figure.decimals == CENTS]
    if not money or _is_total_line(row):
        return None
    amount = money[-1]
    product = _product(figures[: figures.index(amount)], amount)
    numeric = {id(figure.word) for figure in (amount, *(product or ()))}
    first = min(figure.word.left for figure in (amount, *(product or ())))
    name = tuple(word for word in row.words if word.left < first and id(word) not in numeric)
    if product is None:
        return _Entry(at, row.page, name, amount)
    return _Entry(at, row.page, name, amount, *product)


def _product(figures: Sequence[_Figure], amount: _Figure) -> tuple[_Figure, _Figure] | None:
    """The quantity and the price among `figures` that make `amount`, nearest to it."""
    for second in reversed(figures):
        for first in reversed(figures):
            if first is second or first.word.left > second.word.left:
                continue
            if agrees(first.value, second.value, amount.value) and amount.value:
                swap = first.decimals == CENTS and second.decimals == 0
                return (second, first) if swap else (first, second)
    return None


def _with_products_below(
    entries: Sequence[_Entry], rows: Sequence[Row], figures: Sequence[Sequence[_Figure]]
) -> list[_Entry]:
    """With quantity and price from a line next to the amount's own: "Coffee 7.00" and "2 x 3.50" below or above it."""
    taken = {entry.at for entry in entries if entry.agrees}
    known = {entry.at: entry for entry in entries}
    for entry in entries:
        if entry.agrees:
            continue
        for at in (entry.at + 1, entry.at - 1):
            if not 0 <= at < len(rows) or at in taken or not _says_times(rows[at]):
                continue
            product = _product(figures[at], entry.amount)
            if product is not None:
                known[entry.at] = replace(entry, quantity=product[0], price=product[1], product_at=at)
                known.pop(at, None)  # "2 x 3.50" is no row of its own
                taken.add(at)
                break
    return list(known.values())


def _says_times(row: Row) -> bool:
    return any(word.text.casefold().strip(".") in _TIMES or word.text[:1] in _TIMES_SIGNS for word in row.words)


def _listed(
    entries: Sequence[_Entry], totals: Sequence[int], figures: Sequence[Sequence[_Figure]]
) -> tuple[list[_Entry], float]:
    """The entries that make up the list: those that add up to a total below, else those whose products agree."""
    for position, at in enumerate(totals):
        wanted = [figure.value for below in totals[position : position + MAX_TOTALS] for figure in figures[below][-1:]]
        # below the first total stand payments and taxes; a row there must prove itself
        above = [entry for entry in entries if entry.at < at and (entry.at < totals[0] or entry.agrees)]
        summed = _summing(above, at, wanted)
        if summed:
            return summed, SUMMED
    proved = [entry for entry in entries if entry.agrees and (not totals or entry.at < totals[-1])]
    telling = [entry for entry in proved if entry.quantity is not None and entry.quantity.value != 1]
    return (proved, PRODUCTS) if telling or len(proved) > 1 else ([], 0.0)


def _summing(entries: Sequence[_Entry], end: int, wanted: Sequence[Decimal]) -> list[_Entry]:
    """The last of `entries` that add up to one of `wanted`; empty when none do."""
    total, before = Decimal(0), end
    for count, entry in enumerate(reversed(entries), 1):
        if before - entry.at > MAX_PAUSE:
            return []
        total += entry.amount.value
        before = entry.at
        if total > 0 and any(abs(total - value) < COIN for value in wanted):
            longer = _with_free(entries[: len(entries) - count], entry)
            return [*longer, *entries[len(entries) - count :]]
    return []


def _with_free(entries: Sequence[_Entry], first: _Entry) -> list[_Entry]:
    """Articles that cost nothing, right above the others."""
    free: list[_Entry] = []
    before = first.at
    for entry in reversed(entries):
        if entry.amount.value or not entry.name or before - entry.at > MAX_NAME_LINES:
            break
        free.insert(0, entry)
        before = entry.at
    return free


def _with_names_above(entries: Sequence[_Entry], rows: Sequence[Row], barred: frozenset[int]) -> list[_Entry]:
    """`entries` with names from above their products, where the photo is so askew that amounts stand a line too low.

    "Coffee", "2 x 1.40" and "Cake 2.80" then come one after the other: the first name has no amount of its own.
    """
    first = entries[0] if entries else None
    if first is None or first.product_at != first.at - 1:
        return list(entries)
    taken = barred | {entry.at for entry in entries}
    if not _name_lines(first.product_at, -1, rows, taken):
        return list(entries)
    shifted = []
    for entry in entries:
        above = entry.product_at - 1 if entry.product_at == entry.at - 1 and entry.product_at else None
        words = _name_words(rows[above]) if above is not None else ()
        shifted.append(replace(entry, name=words) if words else entry)
    return shifted


def _name_words(row: Row) -> tuple[Word, ...]:
    """The words of a line before its amount."""
    money = [word.left for word in row.words if any(span.decimals == CENTS for span in find_numbers(word.text))]
    return tuple(word for word in row.words if word.left < min(money, default=row.box.right))


def _named(entries: Sequence[_Entry], rows: Sequence[Row], totals: frozenset[int]) -> list[_Entry]:
    """`entries` with names from the lines around where their own line has none but a code."""
    if all(_names(entry.name) for entry in entries):
        return [_with_quantity(entry, entries) for entry in entries]
    taken = totals | {entry.at for entry in entries}
    # names stand above their figures, unless the first row has none above and the last has one below
    step = 1 if not _name_lines(entries[0].at, -1, rows, taken) and _name_lines(entries[-1].at, 1, rows, taken) else -1
    lines = [[] if _names(entry.name) else _name_lines(entry.at, step, rows, taken) for entry in entries]
    # above the first article stands the head of the receipt: it has no more lines than the others have
    usual = max((len(found) for found in lines[1:]), default=UNSURE_NAME_LINES)
    named = []
    for entry, found in zip(entries, lines, strict=True):
        words = tuple(word for at in sorted(found[: max(usual, 1)]) for word in rows[at].words)
        named.append(replace(entry, name=words or entry.name))
    return named


def _name_lines(start: int, step: int, rows: Sequence[Row], taken: frozenset[int]) -> list[int]:
    """The lines of text next to the line `start`, one way, that may name its article."""
    lines: list[int] = []
    at = start + step
    while 0 <= at < len(rows) and at not in taken and len(lines) < MAX_NAME_LINES:
        row, before = rows[at], rows[at - step]
        apart = abs(row.box.top - before.box.top) > MAX_PITCH * max(row.box.height, before.box.height)
        if row.page != before.page or apart or not _names(row.words):
            break
        lines.append(at)
        at += step
    return lines


def _names(words: Iterable[Word]) -> bool:
    """Whether the words hold a name: letters that are no unit and no sign."""
    return any(sum(mark.isalpha() for mark in word.text) > 1 and not is_mark(word.text) for word in words)


def _with_quantity(entry: _Entry, entries: Sequence[_Entry]) -> _Entry:
    """With the quantity in front of the name, where every row has one: "2 Coffee 7.00"."""
    leading = [_leading(other) for other in entries]
    own = _leading(entry)
    if entry.quantity is not None or own is None or any(figure is None for figure in leading):
        return entry
    return replace(entry, quantity=own, name=entry.name[1:])


def _leading(entry: _Entry) -> _Figure | None:
    if len(entry.name) > 1 and entry.name[0].text.isdecimal() and int(entry.name[0].text) <= MAX_LEADING:
        return _Figure(Decimal(entry.name[0].text), entry.name[0], 0)
    return None


def _read(entry: _Entry, wanted: dict[Role | None, int], trust: float) -> RowRead:
    words: dict[int, list[tuple[int, Word]]] = {wanted[Role.DESCRIPTION]: [(entry.page, word) for word in entry.name]}
    for role, figure in (
        (Role.QUANTITY, entry.quantity),
        (Role.UNIT_PRICE, entry.price),
        (Role.AMOUNT, entry.amount),
    ):
        if role in wanted and figure is not None:
            words[wanted[role]] = [(entry.page, figure.word)]
    return RowRead(words=words, agrees=entry.agrees or None, trust=trust)
