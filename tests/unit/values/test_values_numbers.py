from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docproc.values.numbers import canonical, decimal_mark, find_numbers, parse_number

AMOUNTS = st.decimals(min_value=Decimal(0), max_value=Decimal("99999999.99"), places=2)


def grouped(value: Decimal, *, group: str, mark: str) -> str:
    return f"{value:,.2f}".translate({ord(","): group, ord("."): mark})


def indian(value: Decimal) -> str:
    whole, cents = f"{value:.2f}".split(".")
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail]) + "." + cents


@pytest.mark.parametrize(
    ("group", "mark"),
    [
        (",", "."),
        (".", ","),
        (" ", ","),
        (" ", "."),
        ("'", "."),
        ("\u2019", "."),
        ("\u00a0", ","),
        ("\u202f", ","),
        ("", ","),
    ],
)
@settings(max_examples=40)
@given(value=AMOUNTS)
def test_an_amount_in_any_convention_parses_back(value, group, mark):
    printed = grouped(value, group=group, mark=mark)
    assert parse_number(printed) == value
    spans = find_numbers(f"x {printed} y")
    assert [span.value for span in spans] == [value]
    assert (spans[0].decimals, spans[0].ambiguous) == (2, False)


@settings(max_examples=40)
@given(value=AMOUNTS)
def test_an_amount_with_lakhs_parses_back(value):
    assert parse_number(indian(value)) == value
    assert [span.value for span in find_numbers(indian(value))] == [value]


@pytest.mark.parametrize(
    "pattern", ["({})", "{}-", "-{}", "\u2212{}", "-$ {}", "$-{}", "{}- EUR", "(RM {})", "USD ({})"]
)
@settings(max_examples=40)
@given(value=AMOUNTS.filter(bool))
def test_every_way_to_write_a_negative_amount_parses_back(value, pattern):
    assert parse_number(pattern.format(grouped(value, group=",", mark="."))) == -value


@pytest.mark.parametrize(
    "pattern", ["€ {}", "{} €", "{}€", "US${}", "RM{}", "Rs. {}", "{} EUR", "CHF {}", "{} kr", "zł {}"]
)
@settings(max_examples=40)
@given(value=AMOUNTS)
def test_a_currency_beside_an_amount_does_not_matter(value, pattern):
    printed = pattern.format(grouped(value, group=".", mark=","))
    assert parse_number(printed) == value
    assert [span.value for span in find_numbers(printed)] == [value]


@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_a_canonical_decimal_has_no_exponent_and_the_same_value(value):
    text = canonical(value)
    assert "E" not in text.upper()
    assert Decimal(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1, 234.50", "1234.50"),
        ("12,-", "12"),
        ("CHF 1'000.--", "1000"),
        ("1.234.56", "1234.56"),
        (".50", "0.50"),
    ],
)
def test_odd_prints_are_read(text, value):
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3", "12a", "1.23.456,78", "12.34,56", "1,2,3", "12 34", "25/04/2018", "12:30", "-", "€"]
)
def test_what_is_no_number_is_none(text):
    assert parse_number(text) is None


@pytest.mark.parametrize("text", ["1,234", "1.234", "RM 1.234"])
def test_three_digits_behind_one_mark_are_ambiguous(text):
    (span,) = find_numbers(text)
    assert (span.value, span.ambiguous) == (Decimal(1234), True)


def test_a_known_decimal_mark_ends_the_ambiguity():
    assert parse_number("1.234", decimal_mark=".") == Decimal("1.234")
    (span,) = find_numbers("1.234", decimal_mark=",")
    assert (span.value, span.ambiguous) == (Decimal(1234), False)


@pytest.mark.parametrize("text", ["25/04/2018", "2018-03-04", "12:30", "INV-12", "A12", "12Mar2018", "192.168.12.18"])
def test_no_number_is_cut_out_of_a_date_a_time_or_a_code(text):
    assert find_numbers(text) == []


def test_spans_cover_the_number_and_its_sign():
    text = "from (1,234.56) to -5 and RM12.50 at 19 %, 1 X 13.50 -13.50"
    found = [text[span.start : span.end] for span in find_numbers(text)]
    assert found == ["(1,234.56)", "-5", "12.50", "19", "1", "13.50", "-13.50"]


def test_the_decimal_mark_of_a_document_is_what_its_clear_numbers_agree_on():
    assert decimal_mark(["Summe 1.234,56 €", "Menge 12"]) == ","
    assert decimal_mark(["12.03.2018", "Total 1,234.56"]) == "."
    assert decimal_mark(["12,50", "12.50"]) is None
    assert decimal_mark(["1.234"]) is None
