"""Which fields of a schema play which part in an account: net, tax, gross, lines, days. Tells by names and kinds.

A part that two fields could play is given to neither: a check that may be wrong is worse than none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec, Shape
from schemas.amount_rules import LineFields, balance_runs, line_is_product, lines_add_up, share_is, total_adds_up
from schemas.kinds import words_of
from schemas.rules import Rule
from schemas.total_rules import (
    TaxTable,
    TotalFields,
    articles_add_up,
    change_is_given,
    due_is_gross,
    gross_follows_rate,
    gross_not_below_net,
    tax_not_above_gross,
)
from schemas.value_rules import iban_is_valid, in_order, parties_differ, vat_id_is_valid


def _names(spellings: str) -> frozenset[frozenset[str]]:
    """Names, parted by `|`, as sets of words, so that `net_total` and `totalNet` are one."""
    return frozenset(frozenset(spelling.split()) for spelling in spellings.split("|"))


_NET = _names(
    "total net | net amount | net | total net amount | subtotal | sub total | total excl tax | "
    "total without tax | total excluding tax | tax basis | taxable amount | amount net | "
    "total before tax | total amount without tax"
)
_TAX = _names(
    "total tax | tax amount | tax | vat | vat amount | total vat | gst | sales tax | total gst | "
    "gst amount | total tax amount | vat total"
)
_GROSS = _names(
    "total gross | gross amount | gross | grand total | total | total amount | invoice total | "
    "total with tax | total incl tax | total including tax | order total | invoice amount | "
    "total gross amount"
)
_DUE = _names("amount due | due amount | balance due | total due | amount payable | payable amount")
_PREPAID = _names("amount paid | prepaid amount | prepaid | paid amount | total prepaid | deposit | total paid")
_TENDERED = _names("amount tendered | tendered | cash tendered | amount given | cash given")
_CHANGE = _names("change | change due | change given | cash change")
_ROUNDED = _names("rounding | rounding amount")
_ADDED = _names(
    "shipping | shipping amount | shipping cost | freight | tip | tip amount | rounding | "
    "rounding amount | fee | fees | service charge | total charges | charges | handling | "
    "delivery charge"
)
_TAKEN = _names("discount | total discount | discount amount | total allowances | allowances | rebate | coupon")
_RATE = _names("tax rate | vat rate | tax percent | vat percent | gst rate")

_LINE_AMOUNT = _names(
    "line total | amount | total | line amount | net amount | total price | extended price | "
    "line net amount | total amount | sum | subtotal | total net"
)
_LINE_QUANTITY = _names("quantity | qty | billed quantity | units | count")
_LINE_PRICE = _names("unit price | price | unit cost | net price | price per unit | rate | unit net price")
_LINE_DISCOUNT = _names("discount | line discount | discount amount | discount percent | allowance | rebate")
_TAX_BASE = _names("taxable amount | net amount | net | base | basis | tax base | taxable base | basis amount")
_ROW_RATE = _RATE | _names("rate | percent")

_OPENING = _names("opening balance | balance brought forward | previous balance | start balance | starting balance")
_CLOSING = _names("closing balance | new balance | end balance | ending balance | balance carried forward")
_BALANCE = _names("balance | running balance | balance after")

_TAX_TABLE = frozenset({"tax", "taxes", "vat", "gst"})
_STARTS = frozenset({"from", "start", "begin", "starts", "effective", "first", "since", "commencement"})
_ENDS = frozenset(
    {"to", "end", "until", "ends", "through", "expiry", "expiration", "expires", "last", "termination", "till"}
)
_FILLERS = frozenset({"date", "day", "of", "on", "the"})
_ISSUED = _names("issue date | invoice date | date | bill date | document date | date issued | order date")
_DUE_DAY = _names("due date | payment due date | date due | payable by | pay by")


_SELLERS = frozenset({"seller", "supplier", "vendor", "issuer", "from"})
_BUYERS = frozenset({"buyer", "customer", "client", "recipient", "purchaser", "to"})


@dataclass(frozen=True, slots=True)
class _Parts:
    """The fields of one level by the part they play."""

    leaves: tuple[tuple[str, FieldSpec], ...]

    def one(self, names: frozenset[frozenset[str]], *, among: frozenset[FieldKind] = NUMERIC) -> str | None:
        found = self.all(names, among=among)
        return found[0] if len(found) == 1 else None

    def all(self, names: frozenset[frozenset[str]], *, among: frozenset[FieldKind] = NUMERIC) -> list[str]:
        return [path for path, spec in self.leaves if spec.kind in among and frozenset(words_of(spec.name)) in names]


def rules_for(fields: Sequence[FieldSpec]) -> tuple[Rule, ...]:
    """The cross-field checks that a schema's fields suggest."""
    leaves = tuple(_leaves(fields))
    parts = _Parts(leaves)
    totals = _totals(parts)
    tables = list(_tables(fields))
    lines = [found for path, table in tables if (found := _line_fields(path, table))]
    return (
        *_total_rules(parts, totals),
        *_line_rules(totals, lines),
        *_tax_rules(parts, totals, tables),
        *_balance_rules(parts, tables, lines),
        *_day_rules(leaves),
        *_code_rules(fields),
        *_party_rules(leaves),
    )


def _totals(parts: _Parts) -> TotalFields:
    net = parts.one(_NET)
    return TotalFields(
        net=net,
        tax=parts.one(_TAX),
        gross=parts.one(_GROSS),
        due=parts.one(_DUE),
        prepaid=parts.one(_PREPAID),
        added=tuple(parts.all(_ADDED)),
        taken=tuple(parts.all(_TAKEN)),
        net_is_subtotal=net is not None and "sub" in net,
    )


def _total_rules(parts: _Parts, totals: TotalFields) -> Iterator[Rule]:
    net, tax, gross, due, prepaid = totals.net, totals.tax, totals.gross, totals.due, totals.prepaid
    if net and tax and gross:
        yield total_adds_up((net, tax), gross, added=totals.added, taken=totals.taken, inclusive=totals.net_is_subtotal)
    if gross and due and prepaid:
        yield total_adds_up((due, prepaid), gross, taken=parts.all(_ROUNDED))
    tendered, change = parts.one(_TENDERED), parts.one(_CHANGE)
    if gross and tendered and change:
        yield change_is_given(totals, tendered=tendered, change=change)
    yield from (gross_not_below_net(totals), tax_not_above_gross(totals), due_is_gross(totals))


def _line_rules(totals: TotalFields, lines: Sequence[LineFields]) -> Iterator[Rule]:
    for found in lines:
        yield line_is_product(found)
    if len(lines) == 1:
        yield articles_add_up(lines[0], totals)


def _tax_rules(parts: _Parts, totals: TotalFields, tables: Iterable[tuple[str, FieldSpec]]) -> Iterator[Rule]:
    net, tax, rate = totals.net, totals.tax, parts.one(_RATE)
    if net and tax and rate and not totals.net_is_subtotal:  # a subtotal may hold the tax
        yield share_is(net, rate, tax)
    shares = list(_tax_tables(tables))
    yield gross_follows_rate(totals, rate=rate, table=shares[0] if len(shares) == 1 else None)
    for share in shares:
        if share.base and share.rate and share.tax:
            yield share_is(share.base, share.rate, share.tax, table=share.table)
        for column, total in ((share.tax, tax), (share.base, net)):
            if column and total:
                yield lines_add_up(LineFields(table=share.table, amount=column), total)


def _tax_tables(tables: Iterable[tuple[str, FieldSpec]]) -> Iterator[TaxTable]:
    for path, table in tables:
        if table.item is not None and not _TAX_TABLE.isdisjoint(words_of(table.name)):
            row = _Parts(tuple(_leaves(table.item.children)))
            yield TaxTable(table=path, base=row.one(_TAX_BASE), rate=row.one(_ROW_RATE), tax=row.one(_TAX))


def _balance_rules(
    parts: _Parts, tables: Sequence[tuple[str, FieldSpec]], lines: Sequence[LineFields]
) -> Iterator[Rule]:
    opening, closing = parts.one(_OPENING), parts.one(_CLOSING)
    if opening and closing and len(lines) == 1:
        table = dict(tables)[lines[0].table]
        row = _Parts(tuple(_leaves(table.item.children if table.item else ())))
        yield balance_runs(opening, closing, lines[0], balance=row.one(_BALANCE))


def _day_rules(leaves: Sequence[tuple[str, FieldSpec]]) -> Iterator[Rule]:
    days = [(path, spec) for path, spec in leaves if spec.kind is FieldKind.DATE]
    parts = _Parts(tuple(days))
    dates = frozenset({FieldKind.DATE})
    issued, due = parts.one(_ISSUED, among=dates), parts.one(_DUE_DAY, among=dates)
    if issued and due:
        yield in_order(issued, due)
    for first, begin in days:
        for last, end in days:
            if _is_period(frozenset(words_of(begin.name)), frozenset(words_of(end.name))):
                yield in_order(first, last)


def _is_period(begin: frozenset[str], end: frozenset[str]) -> bool:
    """`flight_from` and `flight_to`, `effective_date` and `expiry_date`: alike but for words of start and end."""
    if begin.isdisjoint(_STARTS) or end.isdisjoint(_ENDS) or not begin.isdisjoint(_ENDS):
        return False
    return begin - _STARTS - _FILLERS == end - _ENDS - _FILLERS


def _code_rules(fields: Sequence[FieldSpec]) -> Iterator[Rule]:
    makers: dict[FieldKind, Callable[[str], Rule]] = {
        FieldKind.IBAN: iban_is_valid,
        FieldKind.VAT_ID: vat_id_is_valid,
    }
    for spec in fields:
        for path, leaf in spec.leaves():
            if leaf.kind in makers:
                yield makers[leaf.kind](path)


def _party_rules(leaves: Sequence[tuple[str, FieldSpec]]) -> Iterator[Rule]:
    """`seller_vat_id` and `buyer_vat_id`, `supplier.vat_id` and `customer.vat_id`."""
    codes = [(path, frozenset(words_of(path))) for path, spec in leaves if spec.kind is FieldKind.VAT_ID]
    sellers = [path for path, words in codes if words & _SELLERS and not words & _BUYERS]
    buyers = [path for path, words in codes if words & _BUYERS and not words & _SELLERS]
    if len(sellers) == len(buyers) == 1:
        yield parties_differ(sellers[0], buyers[0])


def _line_fields(path: str, table: FieldSpec) -> LineFields | None:
    if table.item is None or not _TAX_TABLE.isdisjoint(words_of(table.name)):
        return None
    row = _Parts(tuple(_leaves(table.item.children)))
    amount, price = row.one(_LINE_AMOUNT), row.one(_LINE_PRICE)
    amount = amount or row.one(_names("line total | total price | line net amount"))  # several could be it
    if amount is None:
        return None
    return LineFields(
        table=path,
        amount=amount,
        quantity=row.one(_LINE_QUANTITY),
        unit_price=price,
        discount=row.one(_LINE_DISCOUNT),
    )


def _leaves(fields: Iterable[FieldSpec], prefix: str = "") -> Iterator[tuple[str, FieldSpec]]:
    """Leaves with one value a record: those in groups, not those in lists."""
    for spec in fields:
        if spec.shape is Shape.LEAF:
            yield prefix + spec.name, spec
        elif spec.shape is Shape.GROUP:
            yield from _leaves(spec.children, f"{prefix}{spec.name}.")


def _tables(fields: Iterable[FieldSpec], prefix: str = "") -> Iterator[tuple[str, FieldSpec]]:
    for spec in fields:
        if spec.is_table:
            yield prefix + spec.name, spec
        elif spec.shape is Shape.GROUP:
            yield from _tables(spec.children, f"{prefix}{spec.name}.")
