"""Whether quantity, price and total of a row agree, and which columns make them agree; knows no page."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import permutations

from docproc.readers.layout.tables_vocabulary import Role

#: rows that are looked at when columns are chosen
SAMPLE = 60
#: other columns than the header says are taken only when they agree in this share of the rows
TRUSTED = 0.6
#: the header stands while its columns agree in this share
ENOUGH = 0.4

#: numbers of one row by column
Figures = Mapping[int, Decimal]

_HUNDRED = Decimal(100)


def agrees(quantity: Decimal, price: Decimal, total: Decimal, discount: Decimal | None = None) -> bool:
    """Whether `total` is quantity times price, a discount in per cent or as an amount taken off, rounding allowed."""
    slack = _half_step(total) + abs(quantity) * _half_step(price) + Decimal("0.005")
    product = quantity * price
    wanted = [product]
    if discount:
        cut = abs(discount)
        wanted += [product * (1 - cut / _HUNDRED), product - cut, product - quantity * cut]
    return any(abs(value - total) <= slack for value in wanted)


def _half_step(number: Decimal) -> Decimal:
    """Half of the last digit of `number`; whole numbers are taken as exact."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return Decimal(0)
    return Decimal(5).scaleb(exponent - 1)


def row_agrees(figures: Figures, columns: Mapping[Role, int]) -> bool | None:
    """Whether the row's figures agree under `columns`; None when it does not print all three."""
    quantity, price, total = (
        figures.get(columns[role]) if role in columns else None
        for role in (Role.QUANTITY, Role.UNIT_PRICE, Role.AMOUNT)
    )
    if quantity is None or price is None or total is None:
        return None
    discount = figures.get(columns[Role.DISCOUNT]) if Role.DISCOUNT in columns else None
    return agrees(quantity, price, total, discount)


def choose_columns(rows: Sequence[Figures], columns: Mapping[Role, int], free: Sequence[int]) -> dict[Role, int]:
    """`columns`, or others among `free` when those make far more rows agree."""
    sample = rows[:SAMPLE]
    told = dict(columns)
    if not sample or share(sample, told) >= ENOUGH:
        return told
    best, best_rank = told, (TRUSTED, 0, 0)
    for quantity, price, total in permutations(free, 3):
        tried = {**told, Role.QUANTITY: quantity, Role.UNIT_PRICE: price, Role.AMOUNT: total}
        agreed = share(sample, tried)
        if agreed > share(sample, told) and agreed >= TRUSTED:
            kept = sum(tried[role] == column for role, column in told.items())
            # quantity times price is price times quantity: whole numbers are counted, and the total comes last
            whole = sum(row[quantity] == row[quantity].to_integral_value() for row in sample if quantity in row)
            rank = (agreed, kept, whole + (total > max(quantity, price)))
            if rank > best_rank:
                best, best_rank = tried, rank
    return best


def share(rows: Sequence[Figures], columns: Mapping[Role, int]) -> float:
    """The share of rows whose figures agree; a row of ones proves nothing, and a row that lacks one neither."""
    verdicts = [row_agrees(row, columns) for row in rows]
    return sum(verdict is True for verdict in verdicts) / len(rows) if rows else 0.0
