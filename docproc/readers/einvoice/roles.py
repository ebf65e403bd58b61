"""What fields of a schema can mean on an invoice, and the names that say so. Knows no single schema."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from docproc.domain.schema import NUMERIC, FieldKind
from docproc.readers.einvoice.names import Words, fallbacks, words_of

_PLAIN = frozenset({FieldKind.TEXT, FieldKind.ID})


class Form(Enum):
    """What kind of value a role has, as the kinds of field that can hold it."""

    TEXT = frozenset(FieldKind) - NUMERIC - {FieldKind.DATE, FieldKind.BOOLEAN, FieldKind.CURRENCY}
    AMOUNT = NUMERIC - {FieldKind.PERCENT} | _PLAIN
    NUMBER = NUMERIC | _PLAIN
    DATE = _PLAIN | {FieldKind.DATE}
    CODE = _PLAIN | {FieldKind.CURRENCY, FieldKind.ENUM}


@dataclass(frozen=True, slots=True)
class Role:
    """One meaning: where the invoice holds it, its form, and the names of fields that mean it."""

    #: attribute path from an Invoice, or from a row of one of its tables
    path: str
    form: Form
    #: each a name in the vocabulary of `names`; order and weak words do not matter
    phrases: tuple[str, ...]


def _roles(form: Form, phrases: Mapping[str, str]) -> tuple[Role, ...]:
    return tuple(Role(path, form, tuple(text.split("|"))) for path, text in phrases.items())


_OF_A_PARTY = {
    "name": "|name|legal name|organisation|organization|seller name",
    "trading_name": "trading name|trade name|brand",
    "vat_id": "tax number|tax",
    "tax_number": "tax registration|tax registration number|local tax number|fiscal number",
    "registration": "registration|registration number|legal registration|legal registration number",
    "identifier": "number|account number",
    "address.text": "address|address text|full address|postal address|address full",
    "address.street": "street|address street|address line|address line 1|line 1",
    "address.city": "city|address city",
    "address.postcode": "postcode|address postcode",
    "address.subdivision": "subdivision|address subdivision",
    "address.country": "country|address country|country code|address country code",
    "contact": "contact|contact name|contact person",
    "phone": "phone|contact phone|phone number|contact phone number",
    "email": "email|contact email|email address",
}


def _party_roles(party: str, word: str) -> tuple[Role, ...]:
    return tuple(
        Role(f"{party}.{path}", Form.TEXT, tuple(f"{word} {phrase}".strip() for phrase in text.split("|")))
        for path, text in _OF_A_PARTY.items()
    )


_HEADER = (
    *_roles(
        Form.TEXT,
        {
            "number": "number|invoice number|invoice reference|invoice",
            "order_number": "order number|order|order reference|order reference number|buyer order number",
            "sales_order_number": "sales order|sales order number|seller order number",
            "buyer_reference": "buyer reference|reference buyer|your reference|leitweg number|routing number",
            "contract_number": "contract number|contract|contract reference",
            "project_number": "project number|project|project reference",
            "delivery_note_number": "delivery note|delivery note number|despatch advice|despatch advice number",
            "preceding_number": "preceding invoice|preceding invoice number|preceding number|preceding reference"
            "|preceding invoice reference|corrected invoice number",
            "payment.iban": "iban|payment iban|payment account|payment account iban|bank account|account iban"
            "|account number|bank account number|bank iban|seller iban",
            "payment.bic": "bic|payment bic|payment account bic|bank bic|bic number|account bic|seller bic",
            "payment.account_name": "account name|account holder|payment account name|payment account holder"
            "|bank account name|bank account holder",
            "payment.reference": "payment reference|remittance|remittance information|remittance reference",
            "payment.terms": "payment terms|terms|payment note",
            "payment.means": "payment means|payment method|payment type",
            "payment.means_code": "payment means code|payment type code",
            "note": "note|invoice note",
            "type": "type|invoice type|document type",
            "type_code": "type code|invoice type code|document type code",
        },
    ),
    *_roles(Form.CODE, {"currency": "currency|currency code|invoice currency"}),
    *_roles(
        Form.DATE,
        {
            "issue_date": "date|issue date|issue|date time",
            "due_date": "due date|due|payment due date|payment due",
            "delivery_date": "delivery date|delivery|supply date|actual delivery date|delivery actual date",
            "tax_point_date": "tax point date|tax point|tax date",
            "period_start": "period start|start period|period start date|invoice period start|billing period start"
            "|billing period start date",
            "period_end": "period end|period end date|billing period end|billing period end date",
            "order_date": "order date",
        },
    ),
    *_roles(
        Form.AMOUNT,
        {
            "totals.gross": "total|gross|amount|total gross|total tax gross|tax gross",
            "totals.due": "due|total due|amount due|balance|balance due|due payment|due balance",
            "totals.net": "net|total net|net tax|tax net|total amount net tax",
            "totals.tax": "tax|total tax|tax amount",
            "totals.prepaid": "prepaid|prepaid amount|total prepaid",
            "totals.rounding": "rounding|rounding amount",
            "totals.allowances": "discount|total discount|document discount",
            "totals.charges": "charge|total charge|document charge",
            "totals.lines": "line total|total lines|sum line net|line net|line net total",
        },
    ),
    *_roles(Form.NUMBER, {"tax_rate": "tax rate|rate"}),
    *_roles(Form.TEXT, {"seller.vat_id": "tax number|tax registration number", "seller.address.text": "address"}),
    *_party_roles("seller", "seller"),
    *_party_roles("buyer", "buyer"),
    *_party_roles("payee", "payee"),
    *_party_roles("delivery", "recipient"),
    *_party_roles("delivery", "delivery"),
)

_LINE = (
    *_roles(
        Form.TEXT,
        {
            "name": "name|line|product|title",
            "description": "description",
            "position": "position number|position|line number|line position|index",
            "seller_item": "number|code|product number|product code|seller number|seller product number",
            "buyer_item": "buyer number|buyer product number",
            "standard_item": "gtin|standard number|standard product number|global number",
            "unit": "unit|quantity unit|unit code",
            "tax_category": "tax category|tax category code",
            "order_line": "order line|order line number|order line reference",
            "note": "note|line note",
        },
    ),
    *_roles(
        Form.NUMBER,
        {
            "quantity": "quantity|billed quantity|invoiced quantity|line quantity",
            "price_basis": "price basis|price basis quantity|basis quantity|price unit quantity",
        },
    ),
    *_roles(
        Form.AMOUNT,
        {
            "net_price": "unit price|price|price unit|net price|unit price net|price unit net",
            "gross_price": "gross price|gross unit price|unit price gross",
            "discount": "discount|line discount",
            "price_discount": "unit discount|price discount|unit price discount",
            "total": "total|amount|line total|net|total net|line net|total price",
        },
    ),
    *_roles(Form.NUMBER, {"tax_rate": "tax rate|rate|tax"}),
    *_roles(Form.DATE, {"period_start": "period start|start|start date", "period_end": "period end|end|end date"}),
)

_TAX = (
    *_roles(Form.NUMBER, {"rate": "rate|tax rate"}),
    *_roles(
        Form.TEXT, {"category": "category|tax category|type|code", "exemption": "exemption|exemption reason|reason"}
    ),
    *_roles(
        Form.AMOUNT,
        {
            "basis": "basis|net|basis amount|tax basis|taxable|tax net|net tax|taxable amount",
            "tax": "tax|amount|tax amount|tax total|total",
        },
    ),
)

_ADJUSTMENT = (
    *_roles(Form.AMOUNT, {"amount": "amount|total|charge|discount|net"}),
    *_roles(Form.TEXT, {"reason": "reason|description|name|discount reason|charge reason"}),
    *_roles(Form.NUMBER, {"rate": "rate"}),
)

_Index = Mapping[Words, tuple[Role, ...]]


def _index(roles: Iterable[Role]) -> _Index:
    index: dict[Words, tuple[Role, ...]] = {}
    for role in roles:
        for phrase in role.phrases:
            words = words_of(phrase)
            index[words] = (*index.get(words, ()), role)
    return index


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The roles that fields of one level can have: the document's, or those of one table's rows."""

    #: attribute of Invoice that holds the rows; empty for the document itself
    table: str
    #: names of such a table
    names: tuple[str, ...]
    #: words that say nothing here where another word stands beside them, given up in this order
    weak: tuple[str, ...]
    index: _Index

    def role_of(self, words: Words, kind: FieldKind) -> Role | None:
        """The role that a field of this name and kind has; None when nothing is known of it."""
        for fewer in fallbacks(words, self.weak):
            for role in self.index.get(fewer, ()):
                if kind in role.form.value:
                    return role
        return None


_WEAK = ("document", "invoice", "amount", "total", "issue", "header", "detail")

HEADER = Scope(table="", names=(), weak=_WEAK, index=_index(_HEADER))
TABLES = (
    Scope(
        table="lines",
        names=("line", "product", "position", "line product", "invoice line", "invoice product", "invoice position"),
        weak=("line", "product", "position", "invoice", "amount", "total"),
        index=_index(_LINE),
    ),
    Scope(
        table="taxes",
        names=(
            "tax",
            "tax breakdown",
            "tax line",
            "tax rate",
            "tax summary",
            "tax subtotal",
            "breakdown tax",
            "tax basis",
        ),
        weak=_WEAK,
        index=_index(_TAX),
    ),
    Scope(
        table="adjustments",
        names=("discount charge", "discount", "charge", "adjustment", "adjustments", "document discount charge"),
        weak=_WEAK,
        index=_index(_ADJUSTMENT),
    ),
)
