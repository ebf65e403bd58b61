"""Accounts: debit and credit columns as one signed amount, and running balances as the proof of amounts and signs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from docproc.readers.layout.tables_cells import Conventions, number_of
from docproc.readers.layout.tables_reads import PagedWords, RowRead
from docproc.readers.layout.tables_targets import Target
from docproc.readers.layout.tables_vocabulary import Role

#: balances tell the signs of amounts when they follow from them in this share of the rows
TRUSTED = 0.6


def signed_amount(debit: PagedWords, credit: PagedWords, conventions: Conventions) -> tuple[PagedWords, bool]:
    """The words of one movement's amount, and whether it leaves the account though no sign says so."""
    found = number_of([word for _, word in debit], conventions.decimal_mark)
    if found is None or not found[0]:
        return credit or debit, False
    return debit, found[0] > 0


def with_balances(reads: Sequence[RowRead], targets: Sequence[Target], conventions: Conventions) -> list[RowRead]:
    """`reads` with what their running balances prove: that an amount is right, and which sign it has."""
    roles = {target.role: index for index, target in enumerate(targets) if target.role is not None}
    if Role.AMOUNT not in roles or Role.BALANCE not in roles:
        return list(reads)
    amounts = [_number(read, roles[Role.AMOUNT], conventions) for read in reads]
    balances = [_number(read, roles[Role.BALANCE], conventions) for read in reads]
    steps = [_step(at, amounts, balances) for at in range(len(reads))]
    told = [step for step in steps if step is not None]
    if sum(bool(step) for step in told) < TRUSTED * max(len(told), 1):
        return list(reads)
    return [_settled(read, step, roles[Role.AMOUNT]) for read, step in zip(reads, steps, strict=True)]


def _number(read: RowRead, target: int, conventions: Conventions) -> Decimal | None:
    found = number_of(read.plain_words(target), conventions.decimal_mark)
    if found is None:
        return None
    return -found[0] if target in read.negated else found[0]


def _step(at: int, amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> int | None:
    """1 when the balance moves by the amount, -1 when by its opposite, 0 when by neither; None when nothing tells.

    Statements run down or up the page, so either neighbour may hold the balance before.
    """
    amount, balance = amounts[at], balances[at]
    if amount is None or balance is None or not amount:
        return None
    known = [balances[other] for other in (at - 1, at + 1) if 0 <= other < len(balances)]
    before = [value for value in known if value is not None]
    if not before:
        return None
    for sign in (1, -1):
        if any(balance - sign * amount == value for value in before):
            return sign
    return 0


def _settled(read: RowRead, step: int | None, amount: int) -> RowRead:
    if not step:
        return replace(read, agrees=False) if step == 0 else read
    negated = read.negated ^ {amount} if step < 0 else read.negated
    return replace(read, agrees=True, negated=negated)


def ledger_columns(columns: Mapping[int, int], targets: Sequence[Target]) -> tuple[int, int | None, int | None] | None:
    """The target of a signed amount and the columns of debit and credit to make it of; None when it has its own."""
    amount = next(
        (at for at, target in enumerate(targets) if target.role is Role.AMOUNT and target.spec is not None), None
    )
    if amount is None or amount in columns:
        return None
    debit, credit = (
        next((columns[at] for at, target in enumerate(targets) if target.role is role and at in columns), None)
        for role in (Role.DEBIT, Role.CREDIT)
    )
    return (amount, debit, credit) if debit is not None or credit is not None else None
