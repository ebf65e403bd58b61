from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docproc.domain.schema import FieldKind
from docproc.values.codes import (
    find_emails,
    find_ibans,
    find_phones,
    find_urls,
    find_vat_ids,
    iban_valid,
    vat_id_valid,
)
from docproc.values.currency import find_currencies, parse_currency
from docproc.values.parse import comparable, parse_boolean, to_json
from docproc.values.text import flatten, fold, key, similarity


@given(text=st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(text=st.text())
def test_flattening_keeps_every_offset(text):
    assert len(flatten(text)) == len(text)


def test_folded_text_is_what_a_person_reads_as_the_same():
    assert fold("  Straße\u00a0„Zürich” \u2013 Œuvre ") == 'strasse "zurich" - oeuvre'
    assert key("INV-№ 12/a") == key("inv no12A")
    assert similarity("Café Müller", "cafe muller") == 1.0
    assert 0.8 < similarity("Muller GmbH", "Mu11er GmbH") < 1.0


@pytest.mark.parametrize(
    ("text", "code"),
    [("€", "EUR"), ("US$", "USD"), ("rm", "MYR"), ("CHF", "CHF"), ("zł", "PLN"), ("Rs.", "INR"), ("£", "GBP"),
     ("eur", "EUR"), ("Euros", "EUR"), ("kr", None), ("abc", None), ("", None)],
)  # fmt: skip
def test_a_currency_is_known_by_code_sign_or_name(text, code):
    assert parse_currency(text) == code


def test_currencies_are_found_in_running_text():
    assert [span.code for span in find_currencies("RM12.50, US$5, 12 EUR and 5 Euro")] == ["MYR", "USD", "EUR", "EUR"]
    assert find_currencies("TOP OF THE RM AND ALL THAT, ABC SDN BHD 12, Mo.-Fr. 14.00") == []


def test_check_digits_decide():
    assert iban_valid("DE89 3704 0044 0532 0130 00")
    assert not iban_valid("DE89 3704 0044 0532 0130 01")
    assert vat_id_valid("DE 136695976")
    assert not vat_id_valid("DE136695977")
    assert not vat_id_valid("")
    assert find_vat_ids("DE136695977") == []
    assert find_ibans("XX00AAAABBBBCCCCDDDD") == []


def test_codes_are_found_in_running_text():
    text = "IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFF USt-IdNr. DE136695976, a.b@example.org www.example.org/x."
    assert [span.code for span in find_ibans(text)] == ["DE89370400440532013000"]
    assert [span.code for span in find_vat_ids(text)] == ["DE136695976"]
    assert [span.code for span in find_emails(text)] == ["a.b@example.org"]
    assert [span.code for span in find_urls(text)] == ["example.org/x"]


def test_a_phone_number_is_no_date_and_no_amount():
    text = "12.03.2018 (555) 123-4567, +49 (0)30 123456, total 1,234.56"
    assert [span.code for span in find_phones(text)] == ["5551234567", "+4930123456"]
    assert find_phones("1994-1999, 8.00-14.00, 201/113/40209, 11.23 11.23") == []
    assert [span.code for span in find_phones("05.22.95.66.66 or 702-792-8888")] == ["0522956666", "7027928888"]


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [
        (FieldKind.MONEY, "1234.50", "1.234,5 €"),
        (FieldKind.INTEGER, 12, "12"),
        (FieldKind.NUMBER, 0.1, "0.10"),
        (FieldKind.PERCENT, "19", "19,0 %"),
        (FieldKind.DATE, "2018-03-02", "2. März 2018"),
        (FieldKind.CURRENCY, "EUR", "€"),
        (FieldKind.ID, "INV-1 2", "inv-12."),
        (FieldKind.TEXT, "ACME , Inc.", "acme,inc"),
        (FieldKind.BOOLEAN, True, "Ja"),
        (FieldKind.ENUM, "on-hold", "On hold"),
        (FieldKind.IBAN, "DE89 3704", "de893704"),
        (FieldKind.EMAIL, "A@B.de", "a @b.de"),
        (FieldKind.URL, "https://www.X.org/", "x.org"),
        (FieldKind.PHONE, "+49 30 12", "0049-30-12"),
    ],
)
def test_what_means_the_same_compares_equal(kind, left, right):
    assert comparable(kind, left) is not None
    assert comparable(kind, left) == comparable(kind, right)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(FieldKind.DATE, "03/04/2018"), (FieldKind.MONEY, "x"), (FieldKind.CURRENCY, "x"), (FieldKind.BOOLEAN, "maybe"),
     (FieldKind.TEXT, " "), (FieldKind.TEXT, None), (FieldKind.MONEY, True)],
)  # fmt: skip
def test_what_is_not_of_its_kind_has_no_comparable_form(kind, text):
    assert comparable(kind, text) is None


def test_a_decimal_string_is_canonical_unless_the_document_writes_commas():
    assert comparable(FieldKind.MONEY, "1.234") == Decimal("1.234")
    assert comparable(FieldKind.MONEY, "1.234", decimal_mark=",") == Decimal(1234)


@pytest.mark.parametrize(
    ("kind", "text", "leaf"),
    [
        (FieldKind.MONEY, "€ 1.234,50", "1234.50"),
        (FieldKind.PERCENT, "19 %", "19"),
        (FieldKind.INTEGER, "12.5", None),
        (FieldKind.DATE, "1er janvier 2019", "2019-01-01"),
        (FieldKind.DATE, "03/04/2018", None),
        (FieldKind.CURRENCY, "RM", "MYR"),
        (FieldKind.BOOLEAN, "☒", True),
        (FieldKind.BOOLEAN, "non", False),
        (FieldKind.IBAN, "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        (FieldKind.VAT_ID, "USt-Id DE 136695976", "DE136695976"),
        (FieldKind.EMAIL, "Mail: A@b.org", "A@b.org"),
        (FieldKind.TEXT, " Two\n lines ", "Two lines"),
        (FieldKind.TEXT, " ", None),
    ],
)
def test_a_print_becomes_canonical_json(kind, text, leaf):
    assert to_json(kind, text) == leaf


def test_numbers_and_options_follow_the_schema():
    assert to_json(FieldKind.INTEGER, "12", json_number=True) == 12
    assert to_json(FieldKind.MONEY, "12,50", json_number=True) == 12.5
    assert to_json(FieldKind.ENUM, "On hold", options=("open", "on-hold")) == "on-hold"
    assert to_json(FieldKind.ENUM, "gone", options=("open", "on-hold")) is None
    assert parse_boolean("maybe") is None
