"""One value of any kind: its comparable form, and its canonical JSON form; knows no page and no record."""

from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import TypeAlias

from docproc.domain.schema import NUMERIC, FieldKind
from docproc.values.codes import (
    CodeSpan,
    compact,
    email_form,
    find_emails,
    find_ibans,
    find_urls,
    find_vat_ids,
    phone_form,
    url_form,
)
from docproc.values.currency import parse_currency
from docproc.values.dates import parse_date
from docproc.values.numbers import canonical, parse_number
from docproc.values.text import fold, key

#: a leaf as JSON holds it
JsonLeaf: TypeAlias = str | int | float | bool | None

_TRUE_WORDS = "true yes y x 1 ja oui si s on checked ticked vrai wahr verdadero vero waar"
_FALSE_WORDS = "false no n 0 nein non nee off unchecked unticked faux falsch falso onwaar"
_TRUE = frozenset([*_TRUE_WORDS.split(), *"✓✔☑☒✗✘"])
_FALSE = frozenset([*_FALSE_WORDS.split(), "☐"])
_EDGES = " -._/,:;#"


def comparable(
    kind: FieldKind, value: JsonLeaf, *, day_first: bool | None = None, decimal_mark: str | None = None
) -> Hashable | None:
    """A form that is equal when two values mean the same; None when `value` is not of this kind, or ambiguous.

    Takes canonical JSON (`"1234.567"`, `12`, `true`) as well as print (`1.234,50`). A plain decimal string is taken as
    canonical, its point a decimal mark, unless `decimal_mark` says that the document writes a comma.
    """
    if value is None:
        return None
    if kind is FieldKind.BOOLEAN:
        return parse_boolean(value)
    if kind in NUMERIC:
        return _number(value, decimal_mark=decimal_mark)
    text = str(value)
    if kind is FieldKind.DATE:
        readings = parse_date(text, day_first=day_first)
        return readings[0] if len(readings) == 1 else None
    form = _FORMS.get(kind, text_form)
    return form(text) or None


def to_json(
    kind: FieldKind,
    text: str,
    *,
    day_first: bool | None = None,
    decimal_mark: str | None = None,
    options: Iterable[str] = (),
    json_number: bool = False,
) -> JsonLeaf:
    """The canonical JSON value of a print, None when it is not of this kind or cannot be told.

    Amounts are decimal strings with their decimals as printed (a JSON number with `json_number`), dates ISO 8601,
    currencies ISO 4217, IBANs and VAT ids compact capitals; text keeps its letters, its white space is collapsed.
    """
    if kind is FieldKind.BOOLEAN:
        return parse_boolean(text)
    if kind in NUMERIC:
        number = parse_number(text, decimal_mark=decimal_mark)
        return None if number is None else _json_number(kind, number, json_number=json_number)
    if kind is FieldKind.DATE:
        readings = parse_date(text, day_first=day_first)
        return readings[0].isoformat() if len(readings) == 1 else None
    if kind is FieldKind.ENUM:
        return next((option for option in options if key(option) == key(text)), None)
    if kind is FieldKind.CURRENCY:
        return parse_currency(text)
    found = _FOUND.get(kind)
    if found is not None:
        spans = found(text)
        return spans[0].code if spans else None
    return " ".join(text.split()) or None


def parse_boolean(value: JsonLeaf) -> bool | None:
    """Yes or no in six languages, or a tick; None when it says neither."""
    if isinstance(value, bool):
        return value
    said = key(str(value)) or str(value).strip()
    if said in _TRUE:
        return True
    return False if said in _FALSE else None


def text_form(text: str) -> str:
    """Folded, without space around commas, points and colons, without punctuation at the ends."""
    folded = fold(text)
    for mark in ",.;:":
        if mark in folded:
            folded = mark.join(part.strip() for part in folded.split(mark))
    return folded.strip(" .,;:")


def id_form(text: str) -> str:
    """The comparable form of a number or code: no case, no spaces, no punctuation at the ends."""
    return text_form(text).replace(" ", "").replace("#", "").strip(_EDGES)


def _currency_form(text: str) -> str:
    return parse_currency(text) or ""


_FORMS: dict[FieldKind, Callable[[str], str]] = {
    FieldKind.ID: id_form,
    FieldKind.ENUM: key,
    FieldKind.CURRENCY: _currency_form,
    FieldKind.IBAN: compact,
    FieldKind.VAT_ID: compact,
    FieldKind.EMAIL: email_form,
    FieldKind.URL: url_form,
    FieldKind.PHONE: phone_form,
}


def _written(find: Callable[[str], list[CodeSpan]]) -> Callable[[str], list[CodeSpan]]:
    """The finder, giving the print without its spaces instead of the comparable form."""

    def found(text: str) -> list[CodeSpan]:
        return [span._replace(code=text[span.start : span.end].replace(" ", "")) for span in find(text)]

    return found


_FOUND: dict[FieldKind, Callable[[str], list[CodeSpan]]] = {
    FieldKind.IBAN: find_ibans,
    FieldKind.VAT_ID: find_vat_ids,
    FieldKind.EMAIL: _written(find_emails),
    FieldKind.URL: _written(find_urls),
}


def _number(value: JsonLeaf, *, decimal_mark: str | None) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        exact = canonical_number(value) if decimal_mark != "," else None
        return parse_number(value, decimal_mark=decimal_mark) if exact is None else exact
    return Decimal(repr(value))


def canonical_number(text: str) -> Decimal | None:
    """The Decimal of a canonical decimal string such as `1234.567` or `-1.250`: here a point is never thousands."""
    whole, _, decimals = text.removeprefix("-").partition(".")
    plain = whole.isascii() and whole.isdigit() and (not decimals or (decimals.isascii() and decimals.isdigit()))
    return Decimal(text) if plain and not text.endswith(".") else None


def _json_number(kind: FieldKind, number: Decimal, *, json_number: bool) -> JsonLeaf:
    if kind is FieldKind.INTEGER:
        if number != number.to_integral_value():
            return None
        number = number.to_integral_value()
        return int(number) if json_number else canonical(number)
    return float(number) if json_number else canonical(number)
