"""Checks on a record's totals, most of them for when one is unknown. Knows no account and its balances.

A check that only rules a record out is not made where it holds: nearly any reading passes it, so it confirms nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import Record
from schemas.amount_rules import CASH_ROUNDING, LineFields, RowSum, near, open_digits, row_sum
from schemas.rules import Check, Rule, amount_at, rows_of

#: cash and some currencies are paid in whole units: what is to pay may differ by so much from the total, if it is whole
_WHOLE_UNIT_ROUNDING = Decimal("0.51")
#: the share of a gross total that no usual tax exceeds
_HIGHEST_TAX_SHARE = Decimal("0.22")


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalFields:
    """Field paths of a record's totals; None: the schema has no such field, or several that could be it."""

    net: str | None = None
    tax: str | None = None
    gross: str | None = None
    due: str | None = None
    prepaid: str | None = None
    #: extras that raise the gross total and that lower it
    added: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    #: what is called net may be a sum before discounts, or hold the tax already
    net_is_subtotal: bool = False

    def extras(self, record: Record) -> Decimal:
        """What the extras that have a value add to the total."""
        raised = sum((amount_at(record, path) or Decimal() for path in self.added), Decimal())
        return raised - sum((abs(amount_at(record, path) or Decimal()) for path in self.taken), Decimal())

    def is_lowered(self, record: Record) -> bool:
        """Does a discount or a prepayment stand in the record?"""
        paths = (*self.taken, *((self.prepaid,) if self.prepaid else ()))
        return any(amount_at(record, path) for path in paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTable:
    """The columns of a table with one row a tax rate."""

    table: str
    base: str | None = None
    rate: str | None = None
    tax: str | None = None


def articles_add_up(lines: LineFields, totals: TotalFields) -> Rule:
    """The rows' amounts add up to net, gross or what is left to pay, with or without extras on the whole.

    Where net or gross is unknown, the tax may lie between the rows and the other one.
    """
    # most invoices whose rows do not add up have a charge or a discount on the whole: is there a field for it?
    severity = Severity.WARNING if totals.added and totals.taken else Severity.INFO

    def rule(record: Record) -> Iterator[Check]:
        summed = row_sum(record, lines)
        paths = [path for path in (totals.net, totals.gross) if path]
        known = [path for path in paths if amount_at(record, path) is not None]
        if summed is None or not known:
            return
        met = _met_by(record, summed, totals)
        if not met and _amount(record, totals.net) is None and _tax_may_explain(record, summed, totals):
            return
        yield Check(
            fields=(*summed.fields, *(met or (known[0],))),
            holds=bool(met),
            code=IssueCode.LINES_MISMATCH,
            severity=severity,
            message=f"The rows of {lines.table} do not add up to {' or '.join(known)}.",
        )

    return rule


def _met_by(record: Record, summed: RowSum, totals: TotalFields) -> tuple[str, ...]:
    """The fields that the rows add up to; empty when they add up to none."""
    sums = (summed.amount, summed.amount + totals.extras(record))
    goals = [(path, _amount(record, path)) for path in (totals.net, totals.gross, totals.due) if path]
    met = tuple(path for path, value in goals if value is not None and near(value, sums, summed.tolerance))
    net, tax, gross = (_amount(record, path) for path in (totals.net, totals.tax, totals.gross))
    if met or not tax or not totals.tax:
        return met
    if net is None and gross is not None and totals.gross and near(gross - tax, sums, summed.tolerance):
        return (totals.tax, totals.gross)
    if gross is None and net is not None and totals.net and near(net + tax, sums, summed.tolerance):
        return (totals.net, totals.tax)
    return ()


def _tax_may_explain(record: Record, summed: RowSum, totals: TotalFields) -> bool:
    """Are the rows less than the gross total by no more than a tax that nobody stated?"""
    tax, gross = _amount(record, totals.tax), _amount(record, totals.gross)
    if tax is not None or gross is None:
        return False
    share = gross - summed.amount - totals.extras(record)
    return share * gross >= 0 and abs(share) <= abs(gross) * _HIGHEST_TAX_SHARE


def gross_not_below_net(totals: TotalFields) -> Rule:
    """Where the tax is unknown, tax can still only be added: a smaller gross needs a discount to explain it."""
    severity = Severity.INFO if totals.net_is_subtotal and not totals.taken else Severity.WARNING

    def rule(record: Record) -> Iterator[Check]:
        net, tax, gross = (_amount(record, path) for path in (totals.net, totals.tax, totals.gross))
        if net is None or gross is None or tax is not None or totals.is_lowered(record):
            return
        if net * gross > 0 and abs(gross) < abs(net) - CASH_ROUNDING:
            yield _failed((totals.net, totals.gross), f"{totals.gross} is less than {totals.net}.", severity=severity)

    return rule


def tax_not_above_gross(totals: TotalFields) -> Rule:
    """The tax is part of the gross total."""

    def rule(record: Record) -> Iterator[Check]:
        tax, gross = _amount(record, totals.tax), _amount(record, totals.gross)
        if tax is None or not gross or totals.is_lowered(record):
            return
        if abs(tax) > abs(gross) + CASH_ROUNDING:
            yield _failed((totals.tax, totals.gross), f"{totals.tax} is more than {totals.gross}.")

    return rule


def due_is_gross(totals: TotalFields) -> Rule:
    """Where nothing was paid before, the whole is left to pay."""
    severity = Severity.WARNING if totals.prepaid else Severity.INFO

    def rule(record: Record) -> Iterator[Check]:
        gross, due, prepaid = (_amount(record, path) for path in (totals.gross, totals.due, totals.prepaid))
        if gross is None or due is None or prepaid is not None:
            return
        sums = (gross, gross + totals.extras(record))
        if not near(due, sums, _WHOLE_UNIT_ROUNDING if due == due.to_integral_value() else CASH_ROUNDING):
            message = f"{totals.due} is not {totals.gross}, and nothing says what was paid."
            yield _failed((totals.gross, totals.due), message, severity=severity)

    return rule


def change_is_given(totals: TotalFields, *, tendered: str, change: str) -> Rule:
    """What was handed over is the total and the change; some tills print one of the two as negative."""

    def rule(record: Record) -> Iterator[Check]:
        gross, given, back = (_amount(record, path) for path in (totals.gross, tendered, change))
        if totals.gross is None or gross is None or given is None or back is None:
            return
        paid = abs(given) - abs(back)
        yield Check(
            fields=(totals.gross, tendered, change),
            holds=near(paid, (gross, gross + totals.extras(record)), CASH_ROUNDING),
            code=IssueCode.SUM_MISMATCH,
            message=f"{totals.gross} + {change} is not {tendered}.",
        )

    return rule


def gross_follows_rate(totals: TotalFields, *, rate: str | None = None, table: TaxTable | None = None) -> Rule:
    """Where the tax is unknown, what the rate or the tax table makes of it leads from net to gross."""

    def rule(record: Record) -> Iterator[Check]:
        net, tax, gross = (_amount(record, path) for path in (totals.net, totals.tax, totals.gross))
        if net is None or gross is None or tax is not None or totals.net is None or totals.gross is None:
            return
        found = _from_rate(record, net, rate) or _from_table(record, net, table)
        if found is None or (totals.net_is_subtotal and net == gross):
            return
        extras = totals.extras(record)
        yield Check(
            fields=(totals.net, *found.fields, totals.gross),
            holds=near(gross, (net + found.tax, net + found.tax + extras), CASH_ROUNDING + found.tolerance),
            code=IssueCode.SUM_MISMATCH,
            message=f"{totals.net} with the tax that {' and '.join(found.fields)} tell of is not {totals.gross}.",
        )

    return rule


@dataclass(frozen=True, slots=True)
class _Implied:
    """A tax that the record does not give but imply."""

    tax: Decimal
    fields: tuple[str, ...]
    tolerance: Decimal = Decimal()


def _from_rate(record: Record, net: Decimal, path: str | None) -> _Implied | None:
    rate = _amount(record, path)
    if path is None or rate is None:
        return None
    return _Implied(net * rate / 100, (path,), abs(net) * open_digits(rate) / 100)


def _from_table(record: Record, net: Decimal, table: TaxTable | None) -> _Implied | None:
    """The sum of the rows' taxes, stated or worked out; None when one is unknown."""
    rows = rows_of(record, table.table) if table else []
    if table is None or not rows:
        return None
    shares = [_row_share(row, index, table, net if len(rows) == 1 else None) for index, row in enumerate(rows)]
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        return None
    return _Implied(
        sum((share.tax for share in known), Decimal()),
        tuple(path for share in known for path in share.fields),
        sum((share.tolerance for share in known), Decimal()),
    )


def _row_share(row: Record, index: int, table: TaxTable, net: Decimal | None) -> _Implied | None:
    """The tax of one row; a table's only row taxes the whole net amount."""
    stated, base, rate = (_amount(row, name) for name in (table.tax, table.base, table.rate))
    place = f"{table.table}[{index}]."
    if stated is not None:
        return _Implied(stated, (f"{place}{table.tax}",))
    fields = (f"{place}{table.rate}",) if base is None else (f"{place}{table.base}", f"{place}{table.rate}")
    base = net if base is None else base
    if base is None or rate is None:
        return None
    return _Implied(base * rate / 100, fields, abs(base) * open_digits(rate) / 100)


def _amount(record: Record, path: str | None) -> Decimal | None:
    return amount_at(record, path) if path else None


def _failed(fields: tuple[str | None, ...], message: str, *, severity: Severity = Severity.WARNING) -> Check:
    return Check(
        fields=tuple(path for path in fields if path),
        holds=False,
        code=IssueCode.SUM_MISMATCH,
        message=message,
        severity=severity,
    )
