from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docproc.values.dates import DateOrder, find_dates, order_from, order_with_proof, parse_date

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2059, 12, 31))
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en short": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    "de short": "Jän. Feb. Mrz. Apr. Mai Jun. Jul. Aug. Sep. Okt. Nov. Dez.",
    "fr short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es short": "ene. feb. mar. abr. may. jun. jul. ago. sep. oct. nov. dic.",
    "it short": "gen. feb. mar. apr. mag. giu. lug. ago. set. ott. nov. dic.",
    "nl short": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
}
NAMED = [
    "{d} {month} {y}", "{d}. {month} {y}", "{month} {d}, {y}", "{d} de {month} de {y}", "{d}-{month}-{y}",
    "{d:02}{month}{y}", "{month}{d},{y}", "{y} {month} {d}", "{d}/{month}/{yy:02}", "{month} {d} '{yy:02}",
    "{d}th day of {month}, {y}", "{d} {month} {y} 12:30",
]  # fmt: skip
DAY_FIRST = ["{d}/{m}/{y}", "{d:02}.{m:02}.{y}", "{d:02}-{m:02}-{yy:02}", "{d:02}/{m:02}/{y}12:30", "{d:02} {m:02} {y}"]


def printed(pattern, day, month=""):
    return pattern.format(d=day.day, m=day.month, y=day.year, yy=day.year % 100, month=month)


@pytest.mark.parametrize("pattern", NAMED)
@pytest.mark.parametrize("language", MONTHS)
@settings(max_examples=12)
@given(day=DAYS)
def test_a_date_with_a_month_name_parses_back_in_six_languages(day, language, pattern):
    text = printed(pattern, day, MONTHS[language].split()[day.month - 1])
    assert [span.readings for span in find_dates(f"vom: {text} x", day_first=None)] == [(day,)]
    assert parse_date(text.upper(), day_first=None) == (day,)


@pytest.mark.parametrize("pattern", DAY_FIRST)
@settings(max_examples=40)
@given(day=DAYS)
def test_a_numeric_date_parses_back_in_the_order_that_is_known(day, pattern):
    assert parse_date(printed(pattern, day), day_first=True) == (day,)
    month_first = printed(pattern.replace("{d", "{x").replace("{m", "{d").replace("{x", "{m"), day)
    assert parse_date(month_first, day_first=False) == (day,)


@pytest.mark.parametrize("pattern", DAY_FIRST)
@settings(max_examples=40)
@given(day=DAYS)
def test_a_numeric_date_without_an_order_keeps_every_reading(day, pattern):
    readings = parse_date(printed(pattern, day), day_first=None)
    assert day in readings
    assert len(readings) == (2 if day.day <= 12 and day.day != day.month else 1)


@pytest.mark.parametrize("pattern", ["{y}-{m:02}-{d:02}", "{y}/{m}/{d}", "{y}.{m:02}.{d:02}", "{y}{m:02}{d:02}"])
@given(day=DAYS)
def test_a_date_with_the_year_first_is_never_ambiguous(day, pattern):
    assert parse_date(printed(pattern, day), day_first=None) == (day,)


@pytest.mark.parametrize(
    "text",
    ["192.168.12.18", "123456/12/2018", "12/03/2018/5", "2018-03-04-05", "INV-12-03-2018", "31/02/2018", "1.2.10",
     "March 2018", "12 Mar 18:30", "120180304", "4012-1234-5678", "10/12"],
)  # fmt: skip
def test_no_date_is_cut_out_of_something_else(text):
    assert find_dates(text, day_first=None) == []


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("01/25/20 - 01/31/20", date(2020, 1, 25), date(2020, 1, 31)),
        ("Feb 3 to Feb 9, 2020", date(2020, 2, 3), date(2020, 2, 9)),
        ("Feb 3 - 9, 2020", date(2020, 2, 3), date(2020, 2, 9)),
        ("3.-9. Februar 2020", date(2020, 2, 3), date(2020, 2, 9)),
        ("dal 3 al 9 febbraio 2020", date(2020, 2, 3), date(2020, 2, 9)),
        ("Dec 28 - Jan 3, 2020", date(2019, 12, 28), date(2020, 1, 3)),
        ("01/25 - 01/31/20", date(2020, 1, 25), date(2020, 1, 31)),
        ("1 May 2018 - 3 June 2018", date(2018, 5, 1), date(2018, 6, 3)),
    ],
)
def test_a_range_is_two_dates(text, start, end):
    assert [span.readings for span in find_dates(text, day_first=None)] == [(start,), (end,)]


def test_a_tight_range_keeps_both_readings_of_both_dates():
    first, second = find_dates("1/6/20-1/12/20", day_first=None)
    assert first.readings == (date(2020, 6, 1), date(2020, 1, 6))
    assert second.readings == (date(2020, 12, 1), date(2020, 1, 12))


def test_the_span_covers_the_print():
    text = "Nr. 5 vom 2. März 2018, fällig 16.03.2018"
    assert [text[span.start : span.end] for span in find_dates(text, day_first=True)] == ["2. März 2018", "16.03.2018"]


@pytest.mark.parametrize(
    ("texts", "day_first"),
    [
        (["25/04/2018", "03/04/2018"], True),
        (["04/25/2018"], False),
        (["25/04/2018", "04/25/2018"], None),
        (["ABC SDN BHD", "GST Reg No. 1", "03/04/2018"], True),
        (["Rechnung 5", "MwSt 19 %"], True),
        (["Springfield, IL 62704", "Total $5.00"], False),
        (["1/6/20-1/12/20"], False),
        (["hello"], None),
        ([], None),
    ],
)
def test_the_order_comes_from_clear_dates_then_from_the_words_of_the_place(texts, day_first):
    assert order_from(texts) is day_first


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["25/04/2018", "Springfield, IL 62704", "Total $5.00"], DateOrder(day_first=True, proven=True)),
        (["04/25/2018", "Rechnung", "5,00 EUR"], DateOrder(day_first=False, proven=True)),
        (["25/04/2018", "04/25/2018", "Rechnung"], DateOrder(day_first=None, proven=True)),
        (["1/6/20-1/12/20", "Rechnung"], DateOrder(day_first=False, proven=False)),
        (["Rechnung 5", "Summe 5,00 EUR"], DateOrder(day_first=True, proven=False)),
        (["hello"], DateOrder(day_first=None, proven=False)),
    ],
)
def test_only_a_day_above_twelve_proves_the_order(texts, order):
    assert order_with_proof(texts) == order


@pytest.mark.parametrize(
    "texts",
    [
        ["Invoice", "Muster GmbH, Berlin", "03/04/2025"],
        ["Acme Inc", "(555) 123-4567", "Total $ 50.00", "Bill to: Muster GmbH, Berlin, Germany", "03/04/2025"],
        ["Springfield, IL 62704", "Muster GmbH", "IBAN", "5.00 EUR", "03/04/2025"],
        ["Acme LLC", "03/04/2025"],
        ["Total $ 50.00", "03/04/2025"],
        ["Total 50.00 EUR", "03/04/2025"],
    ],
)
def test_words_without_weight_or_on_both_sides_tell_no_order(texts):
    assert order_from(texts) is None


def test_a_clause_number_proves_no_order():
    assert order_with_proof(["3. 25. 10"]) == DateOrder(day_first=None, proven=False)


def test_several_dates_are_not_one():
    assert parse_date("1 May 2018 and 3 June 2018", day_first=None) == ()


@pytest.mark.parametrize(
    ("text", "day_first", "readings"),
    [
        ("04032018", True, (date(2018, 3, 4),)),
        ("4 3 18", False, (date(2018, 4, 3),)),
        ("20180428/191204", None, (date(2018, 4, 28),)),
        ("Apri1 9, 1991", None, (date(1991, 4, 9),)),
        ("1 May 0018", None, ()),
        ("hello 5", None, ()),
        ("hello", None, ()),
    ],
)
def test_the_whole_text_may_be_a_bare_date(text, day_first, readings):
    assert parse_date(text, day_first=day_first) == readings


def test_a_day_that_does_not_come_before_the_end_starts_no_range():
    assert [span.readings for span in find_dates("Item 15 - 12 March 2018", day_first=None)] == [(date(2018, 3, 12),)]


def test_a_range_that_fits_both_ways_says_nothing_of_the_order():
    assert order_from(["1/2/20 - 2/3/20"]) is None
