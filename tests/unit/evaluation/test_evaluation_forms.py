"""When values are the same, and how alike texts are: every expectation is worked out by hand."""

import pytest
from evaluation_factory import judged

from docproc.domain.schema import FieldKind
from docproc.evaluation.forms import Sameness, anls, loose_form, text_form


@pytest.mark.parametrize(
    ("print_", "form"),
    [
        ("  Acme   Ltd. ", "acme ltd"),
        ("12, High St.;  London", "12,high st.;london"),
        ("“Blue” – ‘sky’", "\"blue\" - 'sky'"),  # noqa: RUF001 the point
        ("MÜLLER", "müller"),
    ],
)
def test_text_is_folded_but_keeps_its_accents(print_: str, form: str) -> None:
    assert text_form(print_) == form


def test_similarity_is_one_minus_the_share_of_letters_to_change() -> None:
    # "kitten" to "sitting": three changes in seven letters
    assert anls("sitting", "kitten") == pytest.approx(1 - 3 / 7)


def test_texts_under_half_alike_have_nothing_in_common_and_half_alike_counts() -> None:
    assert anls("abcd", "abxy") == pytest.approx(0.5)
    assert anls("abcde", "abxyz") == 0.0


def test_the_closest_of_several_right_texts_counts() -> None:
    verdict = judged({"seller": {"any": ["sitting", "kittens"]}}, {"seller": "kitten"}).fields["seller"]
    assert verdict.tally.alike == pytest.approx(6 / 7)


def test_two_blank_texts_are_alike_and_one_blank_text_is_not() -> None:
    assert anls("", "") == 1.0
    assert anls("a", "") == 0.0


def same(sameness: Sameness, true: str, given: str) -> bool:
    return sameness.same(sameness.prepare(true), sameness.prepare(given))


@pytest.mark.parametrize(
    ("kind", "true", "given", "expected"),
    [
        (FieldKind.MONEY, "1234.50", "1.234,50 EUR", True),
        (FieldKind.MONEY, "12.00", "12", True),
        (FieldKind.MONEY, "12.00", "12.01", False),
        (FieldKind.DATE, "2025-03-04", "4 March 2025", True),
        (FieldKind.DATE, "04/03/2025", "2025-03-04", True),
        (FieldKind.ID, "INV 001-7", "#inv001-7.", True),
        (FieldKind.ID, "INV 001-7", "INV 0017", False),
        (FieldKind.CURRENCY, "EUR", "€", True),
        (FieldKind.TEXT, "Müller GmbH", "müller  GMBH", True),
        (FieldKind.TEXT, "Müller GmbH", "Muller GmbH", False),
        (FieldKind.MONEY, "free", "Free.", True),
    ],
)
def test_values_are_compared_by_their_kind(kind: FieldKind, true: str, given: str, expected: bool) -> None:
    assert same(Sameness(kind=kind), true, given) is expected


def test_the_order_of_numeric_dates_can_be_turned() -> None:
    american = Sameness(kind=FieldKind.DATE, day_first=False)
    assert same(american, "03/04/2025", "2025-03-04")
    assert not same(Sameness(kind=FieldKind.DATE), "03/04/2025", "2025-03-04")


@pytest.mark.parametrize(
    ("true", "given", "expected"),
    [
        ("100", "105", True),
        ("100", "105.1", False),
        ("-40", "-38", True),
        ("0", "0.0", True),
        ("0", "0.01", False),
        ("41%", "41", True),
        ("Mexico", "mexico", True),
        ("Mexico", "Peru", False),
        ("2016/17", "2016/18", False),
    ],
)
def test_relaxed_numbers_may_be_five_per_cent_off(true: str, given: str, expected: bool) -> None:
    assert same(Sameness(relaxed=True), true, given) is expected


def test_members_are_compared_by_letters_and_digits() -> None:
    assert loose_form("Smith & Sons, Inc.") == loose_form("SMITH AND SONS INC")


def test_relaxed_holds_for_the_fields_that_were_named() -> None:
    assert judged({"seller": "100"}, {"seller": "103"}, relaxed=frozenset({"seller"})).whole
    assert not judged({"seller": "100"}, {"seller": "103"}).whole
