"""The model of a sample invoice: companies, positions, sums. Knows neither their content nor their looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Company:
    """A seller or buyer."""

    name: str
    street: str
    postcode: str
    city: str
    #: ISO 3166-1 alpha-2
    country: str
    vat_id: str = ""
    iban: str = ""
    bic: str = ""
    phone: str = ""
    email: str = ""

    @property
    def town(self) -> str:
        return f"{self.city} {self.postcode}" if self.country == "GB" else f"{self.postcode} {self.city}"


@dataclass(frozen=True, kw_only=True)
class Position:
    """One billed position."""

    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    #: per cent
    rate: Decimal
    #: UN/ECE recommendation 20, for XML
    unit_code: str = "C62"

    @property
    def total(self) -> Decimal:
        return cents(self.quantity * self.unit_price)


@dataclass(frozen=True, kw_only=True)
class Bill:
    """An invoice as it is written, before it is drawn."""

    number: str
    issued: date
    due: date
    currency: str
    seller: Company
    buyer: Company
    positions: tuple[Position, ...]
    delivered: date | None = None
    order_number: str = ""
    note: str = ""

    @property
    def net(self) -> Decimal:
        return sum((position.total for position in self.positions), Decimal(0))

    @property
    def taxes(self) -> Mapping[Decimal, tuple[Decimal, Decimal]]:
        """By rate, highest first: basis and tax."""
        rates = sorted({position.rate for position in self.positions}, reverse=True)
        bases = {rate: sum((p.total for p in self.positions if p.rate == rate), Decimal(0)) for rate in rates}
        return {rate: (basis, cents(basis * rate / 100)) for rate, basis in bases.items()}

    @property
    def tax(self) -> Decimal:
        return sum((tax for _, tax in self.taxes.values()), Decimal(0))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def cents(amount: Decimal) -> Decimal:
    """Rounded as accountants round."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def position(description: str, quantity: str, unit: str, price: str, rate: str, *, code: str = "C62") -> Position:
    """A position written on one line."""
    return Position(
        description=description,
        quantity=Decimal(quantity),
        unit=unit,
        unit_price=Decimal(price),
        rate=Decimal(rate),
        unit_code=code,
    )


def grouped(amount: Decimal, style: str, *, places: int = 2) -> str:
    """A number as it is printed: style `en` 1,234.50, `de` 1.234,50, `fr` 1 234,50 with a fixed space."""
    plain = f"{amount:,.{places}f}"
    if style == "en":
        return plain
    mark = {"de": ".", "fr": "\u00a0"}[style]
    return plain.replace(",", "\0").replace(".", ",").replace("\0", mark)
