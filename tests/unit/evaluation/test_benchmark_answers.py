"""The official metrics on single answers; every figure is worked out by hand from the published definition."""

import pytest

from docproc.evaluation.answers import (
    contains_answer,
    docvqa_anls,
    relaxed_accuracy,
    same_answer,
    textvqa_accuracy,
    vqa_accuracy,
)
from docproc.evaluation.vqa_form import textvqa_form, vqa_form


@pytest.mark.parametrize(
    ("answer", "true", "points"),
    [
        ("University of California", ["university of  california"], 1.0),
        # one letter of 24 is wrong
        ("University of Californio", ["university of california", "UC"], 1 - 1 / 24),
        # two of four letters are wrong: exactly one half counts, as in the challenge's own program
        ("ab12", ["abcd"], 0.5),
        # three of five are wrong
        ("ab123", ["abcde"], 0.0),
        # punctuation is not forgiven: one of five characters
        ("1998.", ["1998"], 1 - 1 / 5),
        ("", ["1998"], 0.0),
        ("", [""], 1.0),
        # one edit, and five letters with the space that is no edit
        ("abcd ", ["abce"], 1 - 1 / 5),
        ("abcd", [" abce"], 1 - 1 / 5),
        # one edit of "new york" as compared, eleven letters as given
        ("New \n  york", ["new work"], 1 - 1 / 11),
        # the lengths are those of capitals: STRASSE is longer by one
        ("straße", ["strase"], 1 - 1 / 7),
        ("0.28", ["0.28", "0.280"], 1.0),
    ],
)
def test_docvqa_is_the_similarity_to_the_closest_answer(answer: str, true: list[str], points: float) -> None:
    assert docvqa_anls(answer, true) == pytest.approx(points)


@pytest.mark.parametrize(
    ("answer", "true", "points"),
    [
        ("105", "100", 1.0),
        ("105.01", "100", 0.0),
        ("95", "100", 1.0),
        ("-98", "-100", 1.0),
        ("41%", "0.41", 1.0),  # a percentage is a hundredth
        ("41", "41%", 0.0),
        ("42.9%", "41%", 1.0),  # 0.429 is 4.6 % off
        ("1,000", "1000", 0.0),  # no plain number: compared as text
        ("yes", "Yes", 1.0),
        ("Blue ", "blue", 1.0),
        ("blue line", "blue", 0.0),
        ("0", "0", 1.0),
        ("0.001", "0", 0.0),  # zero has no share
        ("2010", "2019", 1.0),  # years are numbers to this metric
        ("[Cape Verde, United Kingdom]", "[Cape Verde, United Kingdom]", 1.0),
    ],
)
def test_chartqa_takes_numbers_within_five_per_cent(answer: str, true: str, points: float) -> None:
    assert relaxed_accuracy(answer, [true]) == points


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("The Dog.", "dog"),
        ("two dogs", "2 dogs"),
        ("None", "0"),
        ("dont know", "don't know"),
        ("couldntve", "couldntve"),  # lacks two apostrophes: the table has no such word
        ("couldnt've", "couldn't've"),
        ("yall", "y'all"),
        ("black/white", "black white"),  # a mark between letters parts words
        ("black / white", "black white"),  # beside a space it is dropped
        ("1,000", "1000"),  # a comma within a number: every mark is dropped
        ("$5.99", "$5.99"),
        ("5.", "5"),
        ("3:45", "3:45"),  # the colon stays
        ("it's", "it's"),
        ("a\nb", "b"),
        ("well-known", "well known"),
        ("Well-known 1,000", "wellknown 1000"),
    ],
)
def test_vqav2_compares_in_this_form(answer: str, form: str) -> None:
    assert vqa_form(answer) == form


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("Dog's", "dog 's"),
        ("a, b", "b"),
        ("what?", "what"),
        ("1,000 km", "1000 km"),
        ("Nokia.", "nokia"),
        ("STOP!", "stop"),
    ],
)
def test_textvqa_compares_in_this_form(answer: str, form: str) -> None:
    assert textvqa_form(answer) == form


@pytest.mark.parametrize(
    ("agreeing", "points"),
    # of k who agree, k times the one left out agrees too: (k * min(1, (k-1)/3) + (10-k) * min(1, k/3)) / 10
    [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)],
)
def test_agreement_leaves_each_of_ten_annotators_out_in_turn(agreeing: int, points: float) -> None:
    true = ["red"] * agreeing + [f"other {number}" for number in range(10 - agreeing)]
    assert vqa_accuracy("Red", true if agreeing < 10 else ["Red"] * 10) == pytest.approx(points)
    assert textvqa_accuracy("Red.", true) == pytest.approx(points)


def test_vqav2_forgives_form_only_where_annotators_differ() -> None:
    assert vqa_accuracy("Yes.", ["yes"] * 10) == 0.0
    assert vqa_accuracy("Yes.", ["yes"] * 9 + ["no"]) == 1.0
    assert textvqa_accuracy("Yes.", ["yes"] * 10) == 1.0


@pytest.mark.parametrize(
    ("answer", "true", "points"),
    [
        ("The word is CENTRE.", ["centre"], 1.0),
        ("center", ["centre"], 0.0),
        ("two\nlines", ["two lines"], 1.0),
        ("either of them: beta", ["alpha", "beta"], 1.0),
    ],
)
def test_ocrbench_looks_for_an_answer_in_what_was_said(answer: str, true: list[str], points: float) -> None:
    assert contains_answer(answer, true) == points


def test_ocrbench_formulas_are_compared_without_space_but_with_case() -> None:
    assert contains_answer(r"so \frac { A } { 2 }", [r"\frac{A}{2}"], formula=True) == 1.0
    assert contains_answer(r"\frac{a}{2}", [r"\frac{A}{2}"], formula=True) == 0.0


@pytest.mark.parametrize(
    ("answer", "true", "points"),
    [
        ("B", "B", 1.0),
        ("b", "B", 1.0),
        ("(B) the left one", "B", 1.0),
        ("B.", "B", 1.0),
        ("A dog", "A", 0.0),
        ("Boats", "B", 0.0),
        ("Two.", "2", 1.0),
        ("the left", "left", 1.0),
        ("left side", "left", 0.0),
        ("", "B", 0.0),
    ],
)
def test_realworldqa_takes_the_same_answer_or_its_letter(answer: str, true: str, points: float) -> None:
    assert same_answer(answer, [true]) == points
