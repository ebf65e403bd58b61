"""What each feature of a candidate is worth, in one table; features are named where they are measured."""

from collections.abc import Mapping
from typing import Final

from docproc.domain.schema import FieldKind

#: where a candidate without any label starts, by kind
BIAS: Final[Mapping[FieldKind, float]] = {
    FieldKind.MONEY: -3.2,
    FieldKind.NUMBER: -3.2,
    FieldKind.INTEGER: -3.2,
    FieldKind.PERCENT: -2.6,
    FieldKind.DATE: -2.8,
    FieldKind.ID: -3.6,
    FieldKind.IBAN: -0.5,
    FieldKind.VAT_ID: -0.5,
    FieldKind.EMAIL: -0.5,
    FieldKind.URL: -1.0,
    FieldKind.PHONE: -1.5,
    FieldKind.CURRENCY: -1.2,
    FieldKind.ENUM: -0.8,
    FieldKind.BOOLEAN: -3.2,
}
OTHER_BIAS: Final = -3.6

#: what each feature is worth
WEIGHTS: Final[Mapping[str, float]] = {
    # labels, place, print
    "label": 5.2,
    "rival": -4.5,
    "other_side": -4.0,
    "first_page": 0.2,
    "top": 0.3,
    "repeated": 0.5,
    "large_print": 0.4,
    # amounts
    "cents": 0.7,
    "sign": 0.3,
    "bare": -0.8,
    "bare_among_cents": -1.6,
    "tax_table": -2.5,
    "in_items": -5.0,
    "in_day_column": -3.5,
    "amount_print": -3.0,
    "paid": 1.7,
    "total_row": 0.8,
    "rounded": 1.8,
    "before_rounding": -1.2,
    "negative": -0.8,
    "largest": 0.9,
    "low": 0.5,
    "sum": 1.6,
    # dates
    "main": 0.9,
    "only": 1.2,
    "timed": 0.7,
    "dated": 4.4,
    "range": 1.2,
    "range_other": -0.9,
    # numbers and codes
    "code": 0.5,
    "titled": 0.9,
    "of_receiver": -2.0,
    "unchecked": -3.5,
    "short": -1.2,
    "other_kind": -1.6,
    "joined": -0.35,
    # text
    "label_like": -3.0,
    "says_so": 2.2,
    "vague": -1.4,
    "long": -1.5,
    "contact": -1.5,
    "no_letters": -2.0,
    # names of parties
    "legal_form": 1.8,
    "business": 1.2,
    "address_below": 1.6,
    "contact_below": 0.5,
    "facts_below": 1.0,
    "sender_line": 1.5,
    "top_rank": 2.0,
    "subtitle": -0.8,
    "dialled": 1.2,
    "upper": 0.6,
    "own_domain": 1.5,
    "scribble": -2.0,
    "title_print": -3.5,
    "address_itself": -3.0,
    "prose": -2.0,
    "digits": -0.6,
    "addressee": 4.2,
    "cut": -0.5,
    "recipient": -1.5,
    # options, currencies
    "likeness": 0.5,
    "heading": 1.6,
    "subject": 1.7,
    "in_prose": -1.5,
    "capitals": 0.5,
    "share": 3.2,
    "code_print": 0.6,
    # sentences
    "stated": 3.6,
    "statement": 1.0,
    "letter_date": 2.6,
    # addresses
    "lines": 0.8,
    "street": 0.8,
    "postcode": 1.0,
    "under_name": 1.2,
    "first_address": 1.5,
    "without_first_line": -0.6,
}
