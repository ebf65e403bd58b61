"""Checks on amounts: sums, lines, rates, balances. Pure arithmetic on a record; which fields take part is told.

Tolerances. Printed amounts are rounded, so nothing is compared exactly: a sum may be off by 0.05 (cash is rounded to
five cents in several countries), a sum over lines by half a cent a line more, and a product by what the last printed
digits of its factors leave open. A check with a value missing is not made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import Record
from schemas.rules import Check, Rule, amount_at, rows_of

CENT = Decimal("0.01")
CASH_ROUNDING = Decimal("0.05")
#: a unit price may be printed for so many units
PRICE_BASES = (1, 10, 100, 1000)
_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """The names of the amounts in a table's rows; None: there is no such column."""

    table: str
    amount: str
    quantity: str | None = None
    unit_price: str | None = None
    #: a discount on the line: with one, quantity times price need not be the line's amount
    discount: str | None = None


def total_adds_up(
    parts: Sequence[str], whole: str, *, added: Sequence[str] = (), taken: Sequence[str] = (), inclusive: bool = False
) -> Rule:
    """`parts` add up to `whole`; extras that are printed may or may not be part of them.

    Args:
        parts: field paths that must all have a value.
        whole: field path of their sum.
        added: extras that raise the sum when they have a value: shipping, tip, rounding.
        taken: extras that lower it: discounts, prepayments.
        inclusive: the first part may already hold the others (prices with tax): then nothing is said.
    """

    def rule(record: Record) -> Iterator[Check]:
        values = [amount_at(record, path) for path in parts]
        total = amount_at(record, whole)
        if total is None or any(value is None for value in values):
            return
        numbers = [value for value in values if value is not None]
        if inclusive and len(numbers) > 1 and numbers[0] == total and any(numbers[1:]):
            return
        extras = [(path, amount) for path in added if (amount := amount_at(record, path))]
        extras += [(path, -abs(amount)) for path in taken if (amount := amount_at(record, path))]
        plain, full = sum(numbers, Decimal()), sum((amount for _, amount in extras), sum(numbers, Decimal()))
        holds = any(abs(sum_ - total) <= CASH_ROUNDING for sum_ in (plain, full))
        involved = [path for path, _ in extras] if abs(plain - total) > CASH_ROUNDING else []
        yield Check(
            fields=(*parts, *involved, whole),
            holds=holds,
            code=IssueCode.SUM_MISMATCH,
            message=f"{' + '.join(parts)} is not {whole}.",
        )

    return rule


def lines_add_up(lines: LineFields, total: str) -> Rule:
    """The rows' amounts add up to `total`."""

    def rule(record: Record) -> Iterator[Check]:
        summed, whole = row_sum(record, lines), amount_at(record, total)
        if summed is not None and whole is not None:
            yield Check(
                fields=(*summed.fields, total),
                holds=near(whole, (summed.amount,), summed.tolerance),
                code=IssueCode.LINES_MISMATCH,
                message=f"The rows of {lines.table} do not add up to {total}.",
            )

    return rule


@dataclass(frozen=True, slots=True)
class RowSum:
    """What a table's amounts add up to, and what rounding leaves open."""

    amount: Decimal
    tolerance: Decimal
    fields: tuple[str, ...]


def row_sum(record: Record, lines: LineFields) -> RowSum | None:
    """The sum of the rows' amounts; None when there is no row or one amount is unknown."""
    amounts = [amount_at(row, lines.amount) for row in rows_of(record, lines.table)]
    known = [amount for amount in amounts if amount is not None]
    if not known or len(known) < len(amounts):
        return None
    fields = tuple(f"{lines.table}[{index}].{lines.amount}" for index in range(len(known)))
    return RowSum(sum(known, Decimal()), CASH_ROUNDING + CENT * _HALF * len(known), fields)


def line_is_product(lines: LineFields) -> Rule:
    """Quantity times unit price is the line's amount, for every row that has all three and no discount."""

    def rule(record: Record) -> Iterator[Check]:
        if lines.quantity is None or lines.unit_price is None:
            return
        for index, row in enumerate(rows_of(record, lines.table)):
            names = (lines.quantity, lines.unit_price, lines.amount)
            quantity, price, amount = (amount_at(row, name) for name in names)
            if quantity is None or price is None or amount is None:
                continue
            holds = _is_product(quantity, price, amount)
            if not holds and lines.discount and amount_at(row, lines.discount):
                continue
            paths = tuple(f"{lines.table}[{index}].{name}" for name in names)
            yield Check(
                fields=paths,
                holds=holds,
                code=IssueCode.LINES_MISMATCH,
                severity=Severity.WARNING if lines.discount else Severity.INFO,
                message=f"{paths[0]} times {paths[1]} is not {paths[2]}.",
            )

    return rule


def share_is(base: str, rate: str, share: str, *, table: str = "") -> Rule:
    """`rate` percent of `base` is `share`, in the record or in every row of `table`."""

    def rule(record: Record) -> Iterator[Check]:
        places = [(f"{table}[{i}].", row) for i, row in enumerate(rows_of(record, table))] if table else [("", record)]
        for prefix, place in places:
            whole, percent, part = (amount_at(place, name) for name in (base, rate, share))
            if whole is None or percent is None or part is None:
                continue
            tolerance = CASH_ROUNDING + abs(whole) * open_digits(percent) / 100
            yield Check(
                fields=(prefix + base, prefix + rate, prefix + share),
                holds=abs(whole * percent / 100 - part) <= tolerance,
                code=IssueCode.SUM_MISMATCH,
                message=f"{prefix}{rate} percent of {prefix}{base} is not {prefix}{share}.",
            )

    return rule


def balance_runs(opening: str, closing: str, lines: LineFields, *, balance: str | None = None) -> Rule:
    """The opening balance and all movements make the closing balance, and each row's balance follows from the last."""

    def rule(record: Record) -> Iterator[Check]:
        first, last = amount_at(record, opening), amount_at(record, closing)
        yield from _chain(record, lines, balance, start=first)
        summed = row_sum(record, lines)
        if first is None or last is None or summed is None:
            return
        yield Check(
            fields=(opening, *summed.fields, closing),
            holds=abs(first + summed.amount - last) < CENT,
            code=IssueCode.SUM_MISMATCH,
            message=f"{opening} and the amounts of {lines.table} do not make {closing}.",
        )

    return rule


def _chain(record: Record, lines: LineFields, balance: str | None, *, start: Decimal | None) -> Iterator[Check]:
    """One check a row that holds, and one for all that do not; the latest movement may come first."""
    if balance is None:
        return
    rows = list(enumerate(rows_of(record, lines.table)))
    links = [list(_links(order, lines, balance, start=start)) for order in (rows, rows[::-1])]
    best = min(links, key=lambda tried: sum(not holds for _, holds in tried))
    broken = sorted(index for index, holds in best if not holds)
    for group, holds in (*(((index,), True) for index, held in best if held), (tuple(broken), False)):
        if group:
            yield Check(
                fields=tuple(f"{lines.table}[{index}].{name}" for index in group for name in (lines.amount, balance)),
                holds=holds,
                code=IssueCode.SUM_MISMATCH,
                message=f"The {balance} does not follow from the one before in {len(group)} of {len(rows)} rows"
                f" of {lines.table}, first in row {group[0] + 1}.",
            )


def _links(
    rows: Sequence[tuple[int, Record]], lines: LineFields, balance: str, *, start: Decimal | None
) -> Iterator[tuple[int, bool]]:
    """For each row whose balance can be checked, its index and whether it follows; a day may print only its last."""
    before, moved = start, Decimal()
    for index, row in rows:
        amount, after = amount_at(row, lines.amount), amount_at(row, balance)
        if amount is None:
            before = None
        else:
            moved += amount
        if after is not None:
            if before is not None:
                yield index, abs(before + moved - after) < CENT
            before, moved = after, Decimal()


def near(value: Decimal, sums: Sequence[Decimal], tolerance: Decimal) -> bool:
    """Whether one of `sums` is the value, give or take `tolerance`."""
    return any(abs(value - sum_) <= tolerance for sum_ in sums)


def _is_product(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    tolerance = CENT + abs(quantity) * open_digits(price) + abs(price) * open_digits(quantity, least=Decimal("0.0005"))
    # a sign printed in one place only, as on a credit note, is no mismatch
    return any(abs(abs(quantity * price) / base - abs(amount)) <= tolerance for base in PRICE_BASES)


def open_digits(value: Decimal, *, least: Decimal = CENT * _HALF) -> Decimal:
    """Half a unit of the last printed digit, at most half a cent: what rounding may have taken from a value."""
    exponent = value.as_tuple().exponent
    digits = exponent if isinstance(exponent, int) else 0
    return min(_HALF.scaleb(digits), least)
