"""Field names of any schema in one vocabulary: `vendorName`, `Name of supplier` and `seller.name` come out alike."""

import re
from collections.abc import Iterator, Sequence

from docproc.values.text import fold

#: a field name as a bag of words of the vocabulary
Words = frozenset[str]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")

#: several words that mean one; applied in this order, to a name whose words are parted by single spaces
_PHRASES = {
    "bill to": "buyer",
    "billed to": "buyer",
    "billing to": "buyer",
    "invoice to": "buyer",
    "sold to": "buyer",
    "ship to": "recipient",
    "deliver to": "recipient",
    "delivered to": "recipient",
    "bill from": "seller",
    "sold by": "seller",
    "issued by": "seller",
    "issued on": "date",
    "pay by": "due date",
    "payable by": "due date",
    "service date": "delivery date",
    "date of supply": "delivery date",
    "pay until": "due date",
    "excl": "excluding",
    "excluding tax": "net",
    "without tax": "net",
    "before tax": "net",
    "incl": "including",
    "including tax": "gross",
    "with tax": "gross",
    "after tax": "gross",
    "sub total": "subtotal",
    "grand total": "gross",
    "zu zahlen": "due",
    "ust id": "tax number",
    "hors taxe": "net",
    "hors taxes": "net",
    "toutes taxes comprises": "gross",
    "purchase order": "order",
    "line item": "line",
    "tax exclusive": "net",
    "tax inclusive": "gross",
    "tax basis": "net",
    "taxable": "net",
    "e mail": "email",
    "zip code": "postcode",
    "postal code": "postcode",
    "post code": "postcode",
    "credit note": "invoice",
    "unit of measure": "unit",
}

#: one word for another; several for a compound
_WORDS = {
    "vendor supplier merchant biller issuer sender verkaufer lieferant vendeur fournisseur proveedor venditore"
    " fornitore leverancier rechnungssteller": "seller",
    "customer client purchaser kaufer kunde acheteur comprador cliente acquirente klant koper"
    " rechnungsempfanger debtor": "buyer",
    "shipping shipto consignee lieferort lieferadresse": "recipient",
    "vat gst hst mwst ust umsatzsteuer mehrwertsteuer steuer tva iva btw taxes steuerbetrag": "tax",
    "nr no num numero nummer numeros identifier id": "number",
    "amt betrag montant importe importo bedrag amounts value sum summe": "amount",
    "totals gesamt gesamtbetrag": "total",
    "netto nettobetrag subtotal zwischensumme ht": "net",
    "brutto bruttobetrag ttc endbetrag rechnungsbetrag gesamtsumme grand": "gross",
    "rate percent percentage satz pct steuersatz prozent": "rate",
    "rechnungsnummer": "invoice number",
    "rechnungsdatum": "invoice date",
    "belegnummer": "document number",
    "belegdatum": "document date",
    "falligkeitsdatum fallig faelligkeitsdatum": "due date",
    "lieferdatum leistungsdatum": "delivery date",
    "kundennummer": "buyer number",
    "bestellnummer auftragsnummer": "order number",
    "steuernummer": "tax registration",
    "payable zahlbetrag outstanding": "due",
    "deadline maturity": "due",
    "issued issuance": "issue",
    "datum fecha data": "date",
    "rechnung facture factura fattura factuur bill": "invoice",
    "prepayment prepayments paid anzahlung advance deposit": "prepaid",
    "rounded round": "rounding",
    "discounts allowances rabatt reductions": "discount",
    "allowance": "discount",
    "charges surcharge surcharges zuschlag": "charge",
    "adresse direccion indirizzo adres anschrift": "address",
    "strasse rue calle via straat line1": "street",
    "ort stadt ville town": "city",
    "plz zip postleitzahl": "postcode",
    "state province region county": "subdivision",
    "land pays": "country",
    "tel telephone telefon mobile": "phone",
    "mail": "email",
    "qty menge quantite anzahl cantidad quantita aantal": "quantity",
    "einheit uom unite unidad": "unit",
    "einzelpreis": "unit price",
    "preis prix precio prezzo prijs cost": "price",
    "beschreibung bezeichnung designation descripcion descrizione omschrijving desc text": "description",
    "row entry zeile ligne regel": "line",
    "pos positionen posten": "position",
    "item article articolo artikel product produkt service goods": "product",
    "sku": "product number",
    "ean gtin barcode": "gtin",
    "po": "order",
    "orders bestellung commande pedido ordine": "order",
    "projekt": "project",
    "vertrag": "contract",
    "vertragsnummer": "contract number",
    "periode zeitraum": "period",
    "from begin von": "start",
    "until to bis": "end",
    "wahrung devise moneda valuta waehrung": "currency",
    "konto": "account",
    "swift": "bic",
    "remarks comment comments notes bemerkung hinweis": "note",
    "conditions term": "terms",
    "kind": "type",
    "references": "reference",
    "original previous": "preceding",
    "registered register": "registration",
    "taxable base basis": "basis",
}
_SYNONYMS = {word: meaning.split() for words, meaning in _WORDS.items() for word in words.split()}

_EMPTY = frozenset(["a", "an", "the", "of", "for", "on", "in", "at", "and", "or", "per", "by"])
_EMPTY |= frozenset(["der", "die", "das", "des", "du", "de", "la", "le", "el", "il"])
#: too short to lose a plural s
_SHORT_WORD = 3
_PARTIES = frozenset({"seller", "buyer", "payee", "recipient"})


def words_of(*names: str) -> Words:
    """The bag of words of one name or several nested ones, by their meaning."""
    words = frozenset(word for name in names for word in _words(name))
    if "company" in words:  # whose company? the seller's, unless another is named
        words = words - {"company"} if words & _PARTIES else words - {"company"} | {"seller"}
    return words


def fallbacks(words: Words, weak_words: Sequence[str]) -> Iterator[Words]:
    """`words`, then with one weak word less at a time."""
    yield words
    for weak in weak_words:
        if weak in words and len(words) > 1:
            words -= {weak}
            yield words


def _words(name: str) -> list[str]:
    text = _with_phrases(" ".join(_NOT_WORD.split(fold(_CAMEL.sub(" ", name)))))
    spread = (meaning for word in text.split() for meaning in _meaning(word))
    return [word for word in _with_phrases(" ".join(spread)).split() if word not in _EMPTY]


def _meaning(word: str) -> list[str]:
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    singular = word[:-1] if len(word) > _SHORT_WORD and word.endswith("s") and not word.endswith("ss") else word
    return _SYNONYMS.get(singular, [singular])


def _with_phrases(text: str) -> str:
    text = f" {text} "
    for phrase, meaning in _PHRASES.items():
        text = text.replace(f" {phrase} ", f" {meaning} ")
    return text.strip()
