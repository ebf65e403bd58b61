"""What a field holds, told from its declaration or, failing that, from its name and description."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from docproc.domain.schema import FieldKind

#: kinds whose value in a record is a decimal or a decimal string
DECIMAL = frozenset({FieldKind.MONEY, FieldKind.NUMBER, FieldKind.PERCENT, FieldKind.INTEGER})

_FORMATS = {
    "date": FieldKind.DATE,
    "date-time": FieldKind.DATE,
    "email": FieldKind.EMAIL,
    "idn-email": FieldKind.EMAIL,
    "uri": FieldKind.URL,
    "iri": FieldKind.URL,
    "uuid": FieldKind.ID,
    # whatever the name says: what such a text holds is neither a day nor an amount
    "time": FieldKind.TEXT,
    "ipv4": FieldKind.TEXT,
    "ipv6": FieldKind.TEXT,
}


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: words that end a name whose value is words, whatever stands before: `invoice_date_note`, `currency_name`
_TEXT_HEADS = _vocabulary(
    "name names description address street city town country state region note notes text comment comments "
    "type terms term title label status category format method reason person holder bank unit language message "
    "subject summary remark remarks details period frequency color place location"
)
_EMAIL = _vocabulary("email mail")
_URL = _vocabulary("url uri website homepage web link")
_PHONE = _vocabulary("phone telephone tel mobile fax telefon telefono téléphone telefoon cell")
_CURRENCY = _vocabulary("currency currencies währung devise moneda valuta divisa")
_PERCENT = _vocabulary("percent percentage pct rate prozent satz")
_DATE = _vocabulary(
    "date dates datum fecha data day dob birthday deadline dated expiry expiration birthdate datetime timestamp"
)
_MONEY = _vocabulary(
    "amount amounts total totals subtotal price cost costs fee fees charge charges tax vat gst mwst ust tva "
    "iva btw net gross balance payment paid due tip discount deposit salary wage value sum revenue budget "
    "premium rent credit debit betrag summe gesamt gesamtbetrag preis brutto netto montant prix solde importe "
    "precio importo prezzo totale bedrag prijs totaal shipping freight rounding change cash"
)
_ID = _vocabulary(
    "number num no nr id identifier code reference ref sku ean gtin upc isbn serial nummer numero número "
    "numéro referenz référence referencia riferimento barcode licence license plate bic swift ssn ein uuid "
    "guid"
)
_NUMBER = _vocabulary(
    "quantity qty count menge anzahl quantité cantidad quantità aantal weight height width length pages units "
    "hours size volume age duration score points rank percentile"
)
_FREE_TEXT = _vocabulary(
    "description note notes text comment comments content body summary abstract clause clauses paragraph "
    "remark remarks details message address terms reason instructions markdown transcript"
)


def words_of(text: str) -> list[str]:
    """`invoiceNumber`, `invoice_number` and `Invoice-Number` as lower-case words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return [word.lower() for word in re.findall(r"[^\W_]+", spaced)]


def kind_of(
    name: str, keywords: Mapping[str, Any], *, types: Iterable[str], values: Sequence[Any] | None = None
) -> FieldKind:
    """The kind of a leaf that its schema does not declare."""
    types = frozenset(types)
    if types == {"boolean"}:
        return FieldKind.BOOLEAN
    if values and any(isinstance(value, str) for value in values):
        return FieldKind.ENUM
    guess = _FORMATS.get(str(keywords.get("format"))) or kind_by_words(name, str(keywords.get("description", "")))
    if types == {"integer"}:
        return FieldKind.INTEGER
    if types and types <= {"integer", "number"}:
        return guess if guess in (FieldKind.MONEY, FieldKind.PERCENT) else FieldKind.NUMBER
    if "number" in types and guess not in DECIMAL:  # a decimal as pydantic writes it: number or string
        return FieldKind.NUMBER
    return guess if _fits(guess, keywords) else FieldKind.TEXT


def kind_by_words(name: str, description: str = "") -> FieldKind:
    """The kind that a name suggests; its description is asked when the name says nothing."""
    guess = _by_words(words_of(name))
    if guess is None and description:
        guess = _by_words(_opening(description))
    return guess or FieldKind.TEXT


def is_free_text(name: str, keywords: Mapping[str, Any]) -> bool:
    """A name that promises more than a line."""
    title = str(keywords.get("title", ""))
    return not _FREE_TEXT.isdisjoint(words_of(name) + words_of(title))


def _by_words(words: list[str]) -> FieldKind | None:
    """None when the words say nothing, TEXT when they say that it is words."""
    if not words:
        return None
    words = [part for word in words for part in _COMPOUND.sub(r"\1 \2", word).split()]
    head = words[words.index("of") - 1] if "of" in words[1:] else words[-1]
    held = frozenset(words)
    for kind, vocabulary in ((FieldKind.EMAIL, _EMAIL), (FieldKind.URL, _URL), (FieldKind.PHONE, _PHONE)):
        if held & vocabulary and (head not in _TEXT_HEADS or head == "address"):
            return kind
    if head in _TEXT_HEADS:
        return FieldKind.TEXT
    if "iban" in held:
        return FieldKind.IBAN
    if _is_tax_identifier(held):
        return FieldKind.VAT_ID
    if "of" in words and head in ("number", "count"):
        return FieldKind.NUMBER
    return _by_vocabulary(held, head)


def _is_tax_identifier(held: frozenset[str]) -> bool:
    named = held & {"vat", "ust", "uid", "tva", "btw", "iva", "mwst"} and held & (_ID | {"idnr"})
    return bool(named or held & {"vatid", "ustid", "ustidnr", "vatin"})


def _by_vocabulary(held: frozenset[str], head: str) -> FieldKind | None:
    if held & _CURRENCY and (head in _CURRENCY or head in {"code", "iso"}):
        return FieldKind.CURRENCY
    if held & _PERCENT:
        return FieldKind.PERCENT
    if head in _ID:
        return FieldKind.ID
    if held & _DATE:
        return FieldKind.DATE
    if head in _NUMBER:
        return FieldKind.NUMBER
    if held & _MONEY:
        return FieldKind.MONEY
    return FieldKind.CURRENCY if held & _CURRENCY else None


def _opening(description: str) -> list[str]:
    """The noun that a description opens with: `Date of the invoice` → date; `Name of …` → name."""
    opening = re.split(
        r"[.,;:()]|\b(?:of|to|for|by|on|from|in|that|which|when|without|with)\b", description, maxsplit=1
    )
    words = words_of(opening[0])
    return words if len(words) <= _OPENING_WORDS else []


def _fits(kind: FieldKind, keywords: Mapping[str, Any]) -> bool:
    """A pattern of the user's own must admit the form in which a record holds this kind."""
    pattern, sample = keywords.get("pattern"), _SAMPLES.get(kind)
    if not isinstance(pattern, str) or sample is None:
        return True
    try:
        return any(re.search(pattern, text) for text in sample)
    except re.error:
        return False


#: German and Dutch write in one word what others write in two: `rechnungsdatum`, `totaalbedrag`
_COMPOUND = re.compile(r"^(\w{3,})(datum|nummer|betrag|preis|summe|satz|menge|bedrag|prijs)$")
#: a longer opening is a sentence, not a name
_OPENING_WORDS = 4
_SAMPLES = {
    FieldKind.DATE: ("2024-03-15",),
    FieldKind.MONEY: ("1234.50", "1234.5", "1234", "12"),
    FieldKind.NUMBER: ("12", "12.5"),
    FieldKind.PERCENT: ("19", "19.0", "7.5"),
    FieldKind.CURRENCY: ("EUR",),
}
