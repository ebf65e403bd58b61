"""What a piece of print looks like: a label, a title, a contact line, an address line, a company's name."""

import re
from functools import lru_cache
from typing import Final

from docproc.readers.layout.labels import best_concept, known_share, terms_of
from docproc.readers.layout.lexicon import ADDRESS_WORDS, BUSINESS_WORDS, COUNTRIES, LEGAL_FORMS
from docproc.readers.layout.thesaurus import GENERIC, TITLES
from docproc.values.codes import find_emails, find_phones, find_urls
from docproc.values.text import fold

#: a label names something from this fit on
LABEL_FIT: Final = 0.75
#: `Trade name` and `Global number` are labels; longer print that ends like one is not
LABEL_WORDS: Final = 3
#: words of a legal form that stands on a line of its own
LEGAL_TAIL_WORDS: Final = 4
#: a line of an address has at least this strength
ADDRESS_LINE: Final = 1.0

#: postcodes of four to six digits, and those of Britain, Ireland and Canada
POSTCODE = re.compile(
    r"(?<![\d.,/(-])(?:[A-Z]{1,2}[- ])?\d{4,6}(?![\d.,/])(?:-\d{4})?"
    r"|\b[A-Z]{1,2}\d{1,2}[A-Z]? ?\d[A-Z]{2}\b|\b[A-Z]\d[\dW] [A-Z0-9]{4}\b|\b[A-Z]\d[A-Z] \d[A-Z]\d\b"
)
_HOUSE = re.compile(
    r"^(?:no|nos|lot|unit|block|blok|n°)?[\s.:]*\d{1,5}[a-z]?(?:[-/&,]\s*\d*[a-z]?\d*)*[,\s]", re.IGNORECASE
)
_REGISTRATION = re.compile(
    r"^\W*(?:co\W*|company\W*|business\W*)?(?:reg|rec|roc|brn|gst|sst|vat|ust|siret|kvk)\b", re.IGNORECASE
)
_TAILS: Final = frozenset({"enterprise", "enterprises", "trading"})
_HOUSE_BEHIND = re.compile(r"^[^\W\d]\D{3,}\s\d{1,4}\s?[a-z]?$", re.IGNORECASE)
_STREET_ENDS: Final = (
    "strasse",
    "str",
    "straat",
    "street",
    "weg",
    "platz",
    "laan",
    "gracht",
    "plein",
    "gasse",
    "allee",
    "gade",
)
_COMPANY_FACTS: Final = frozenset({"vat-id", "tax-number", "registration", "iban", "bic", "bank"})
#: a line of more words that holds a number is no line with a postcode
POSTCODE_WORDS: Final = 8
_WORD = re.compile(r"[^\W\d_]+")
BRACKETED_CODE = re.compile(r"\s*[(\[](?:[A-Z]{0,4}[- ]?\d[\w\- /.·]*)[)\]]?\s*$")


def has_legal_form(text: str) -> bool:
    """Whether the print ends like a company's name, brackets and codes behind it aside."""
    words = [re.sub(r"[^\w/]", "", word) for word in fold(BRACKETED_CODE.sub("", text)).split()]
    words = [word for word in words if word]
    return len(words) > 1 and any(word in LEGAL_FORMS for word in words[-4:])


def is_legal_tail(text: str) -> bool:
    """Print that begins with a legal form, a place in brackets aside: the end of a name that began above."""
    words = [re.sub(r"[^\w/]", "", word) for word in fold(re.sub(r"\([^)]*\)", " ", text)).split()]
    words = [word for word in words if word]
    return bool(words) and not is_contact(text) and words[0] in LEGAL_FORMS | _TAILS and len(words) <= LEGAL_TAIL_WORDS


def has_business_word(text: str) -> bool:
    """Whether the print says what kind of business it is."""
    return any(word in BUSINESS_WORDS for word in _WORD.findall(fold(text)))


@lru_cache(maxsize=8192)
def is_label(text: str) -> bool:
    """Whether a print is a label rather than a value."""
    stripped = text.strip()
    if stripped.endswith(":"):
        return True
    terms = terms_of(stripped)
    if not terms:
        return True
    if has_legal_form(stripped):
        return False
    if known_share(stripped) == 1.0 or (terms[-1] in GENERIC and len(stripped.split()) <= LABEL_WORDS):
        return True
    concept, strength = best_concept(frozenset(terms))
    return bool(concept) and strength >= LABEL_FIT


def is_title(text: str) -> bool:
    """Whether a print says what the document is."""
    terms = frozenset(terms_of(text))
    return bool(terms & TITLES) and known_share(text) >= 0.5  # noqa: PLR2004 more label than name


@lru_cache(maxsize=8192)  # the same lines are asked for each name near them
def is_contact(text: str) -> bool:
    """A line of telephone, e-mail, web or registration numbers."""
    if find_emails(text) or find_urls(text) or _REGISTRATION.match(text):
        return True
    label, colon, _ = text.partition(":")
    if colon and len(label.split()) <= LEGAL_TAIL_WORDS and not any(mark.isdigit() for mark in label):
        return True
    terms = frozenset(terms_of(text))
    if terms & {"registration", "registered"} and "number" in terms:
        return True
    return bool(
        terms & {"phone", "fax", "email", "website", "vat-id", "registration", "tax-number", "bic", "iban"}
    ) or (bool(find_phones(text)) and not POSTCODE.search(text))


def address_strength(text: str) -> float:
    """How much a line looks like part of an address: from 0; a sure one has 2 or more; 0 for a line of contacts."""
    return 0.0 if is_contact(text) else street_strength(text)


@lru_cache(maxsize=8192)
def street_strength(text: str) -> float:
    """The same for any line, also one that goes on with a telephone number."""
    text = BRACKETED_CODE.sub("", text)
    words = _WORD.findall(fold(text))
    if not words:
        return 0.0
    strength = 0.0
    titled = not any(mark.isdigit() for mark in text)  # `Dr. Smith` is no drive
    if any((word in ADDRESS_WORDS and not (titled and word == "dr")) or word.endswith(_STREET_ENDS) for word in words):
        strength += 1.0
    if POSTCODE.search(text) and len(words) <= POSTCODE_WORDS:
        strength += 1.0
    if _HOUSE.match(text) or _HOUSE_BEHIND.search(text):
        strength += 0.5
    if words[-1] in COUNTRIES:
        strength += 0.7
    return strength + min(0.5, 0.25 * text.count(","))


def is_company_fact(text: str) -> bool:
    """A line that only the issuer prints: tax and register numbers, the bank account."""
    return bool(frozenset(terms_of(text)) & _COMPANY_FACTS)
