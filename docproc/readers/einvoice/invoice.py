"""An invoice in the terms of EN 16931, whatever XML it came from. Knows neither XML nor extraction schemas."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

#: stands for a number that is stated in a form nobody can read: not a number, unlike None for what is not stated
UNREADABLE = Decimal("NaN")


class DocumentType(StrEnum):
    """What the document is; the code lists of UNTDID 1001 boil down to these."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CORRECTED_INVOICE = "corrected_invoice"
    PREPAYMENT_INVOICE = "prepayment_invoice"
    PARTIAL_INVOICE = "partial_invoice"
    SELF_BILLED_INVOICE = "self_billed_invoice"
    DEBIT_NOTE = "debit_note"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address."""

    lines: tuple[str, ...] = ()
    city: str | None = None
    postcode: str | None = None
    subdivision: str | None = None
    #: ISO 3166-1 alpha-2
    country: str | None = None

    @property
    def street(self) -> str | None:
        return ", ".join(self.lines) or None

    @property
    def text(self) -> str | None:
        """As on an envelope, without the country: letters to the same country leave it out."""
        town = " ".join(part for part in (self.postcode, self.city) if part)
        return ", ".join(part for part in (*self.lines, town) if part) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller, buyer, payee or place of delivery."""

    name: str | None = None
    trading_name: str | None = None
    #: as the other side calls it, e.g. the customer number
    identifier: str | None = None
    #: of the register of companies
    registration: str | None = None
    vat_id: str | None = None
    tax_number: str | None = None
    address: Address = Address()
    contact: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How and until when to pay."""

    iban: str | None = None
    bic: str | None = None
    account_name: str | None = None
    #: what the payer should write on the transfer
    reference: str | None = None
    #: UNTDID 4461
    means_code: str | None = None
    means: str | None = None
    terms: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The document's sums, in its currency."""

    lines: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    due: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxShare:
    """One row of the tax breakdown."""

    rate: Decimal | None = None
    #: UNTDID 5305
    category: str | None = None
    basis: Decimal | None = None
    tax: Decimal | None = None
    exemption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An allowance or a charge on the whole document."""

    amount: Decimal | None = None
    reason: str | None = None
    rate: Decimal | None = None
    is_charge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One billed position."""

    position: str | None = None
    name: str | None = None
    details: str | None = None
    seller_item: str | None = None
    buyer_item: str | None = None
    #: GTIN or the like
    standard_item: str | None = None
    quantity: Decimal | None = None
    #: UN/ECE recommendation 20 or 21
    unit: str | None = None
    #: of `price_basis` units, one if that is None; kept as stated, because that is what is printed
    net_price: Decimal | None = None
    gross_price: Decimal | None = None
    price_basis: Decimal | None = None
    total: Decimal | None = None
    tax_rate: Decimal | None = None
    tax_category: str | None = None
    #: off the price of one unit, between gross and net price
    price_discount: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    period_start: date | None = None
    period_end: date | None = None
    order_line: str | None = None
    note: str | None = None

    @property
    def discount(self) -> Decimal | None:
        """All allowances on the line together."""
        amounts = [each.amount for each in self.adjustments if each.amount is not None and not each.is_charge]
        return sum(amounts, Decimal(0)) if amounts else None

    @property
    def description(self) -> str | None:
        return self.name or self.details or self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice, credit note or order; None stands for what its XML does not say."""

    type: DocumentType | None = None
    #: UNTDID 1001
    type_code: str | None = None
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    delivery_date: date | None = None
    tax_point_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    #: ISO 4217
    currency: str | None = None
    seller: Party = Party()
    buyer: Party = Party()
    payee: Party = Party()
    delivery: Party = Party()
    payment: Payment = Payment()
    totals: Totals = Totals()
    order_number: str | None = None
    order_date: date | None = None
    sales_order_number: str | None = None
    buyer_reference: str | None = None
    contract_number: str | None = None
    project_number: str | None = None
    delivery_note_number: str | None = None
    preceding_number: str | None = None
    notes: tuple[str, ...] = ()
    lines: tuple[LineItem, ...] = ()
    taxes: tuple[TaxShare, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def note(self) -> str | None:
        return "\n".join(self.notes) or None

    @property
    def tax_rate(self) -> Decimal | None:
        """The rate of an invoice that has only one."""
        rates = {share.rate for share in self.taxes}
        return rates.pop() if len(rates) == 1 else None


def with_implied_totals(invoice: Invoice) -> Invoice:
    """The totals that short profiles leave out, where the stated ones leave no choice."""
    totals = invoice.totals
    shares = [share.tax for share in invoice.taxes if share.tax is not None]
    plain = not (totals.allowances or totals.charges)
    unpaid = not (totals.prepaid or totals.rounding)
    implied = replace(
        totals,
        net=_either(totals.net, totals.lines if plain else None),
        tax=_either(totals.tax, sum(shares) if shares and len(shares) == len(invoice.taxes) else None),
        gross=_either(totals.gross, totals.due if unpaid else None),
        due=_either(totals.due, totals.gross if unpaid else None),
    )
    return replace(invoice, totals=implied)


def _either(stated: Decimal | None, implied: Decimal | int | None) -> Decimal | None:
    if stated is not None or implied is None:
        return stated
    total = Decimal(implied)
    return None if total.is_nan() else total
