"""Which option an answer means, and what an open answer says."""

import pytest

from docproc.evaluation.choices import mmbench_choice, mmmu_choice
from docproc.evaluation.mathvista import extract_answer, normal_answer
from docproc.evaluation.open_answers import open_answer_right

OPTIONS = {"A": "teddy bear", "B": "rabbit", "C": "cat", "D": "dog"}


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("B.", "B"),
        ("(C)", "C"),
        ("First (A) seems right, but it is (D).", "D"),  # the last one in brackets
        ("I would say B here, or C there", "C"),  # both stand free: the last one counts
        ("Answer:D", None),
        ("B. rabbit", None),  # with its point it stands not free, and the answer is too short for an option's text
        ("B. What can be seen here is a rabbit", "B"),
        ("Look, B. It is what we can see", None),
        ("rabbit", None),  # too short to be taken for an option's text
        ("What we can see here is clearly a rabbit", "B"),
        ("It could be a cat or it could be a dog", "D"),  # the text that comes last
        ("no idea at all", None),
        ("", None),
    ],
)
def test_mmmu_finds_the_option(answer: str, letter: str | None) -> None:
    assert mmmu_choice(answer, OPTIONS) == letter


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("The answer is B.", "B"),
        ("B or C", None),
        ("B or C, it is the rabbit", "B"),  # of two letters none counts, then the text does
        ("A", "A"),
        ("The answer is A.", "A"),
        ("A nice small thing", "A"),  # it may be the article: counted all the same
        ("a rabbit", "B"),
        ("a cat and a dog", None),
        ("b", None),
        ("so " * 40 + "a rabbit", "B"),  # however much is said
        ("x" * 60, None),
    ],
)
def test_mmbench_finds_the_option_only_without_doubt(answer: str, letter: str | None) -> None:
    assert mmbench_choice(answer, OPTIONS) == letter


@pytest.mark.parametrize(
    ("answer", "true", "right"),
    [
        ("24.57", ["24.57"], True),
        ("The answer is 24.571.", ["24.57"], True),  # two decimals
        ("It costs 1,234 dollars", ["1234"], True),
        ("1.2e3", ["1200"], True),
        ("so x = 7", ["7"], True),
        ("it is not 8 but 7", ["8"], True),  # every number of the gist counts
        ("The result is a strong base", ["strong base"], True),
        ("a weak acid", ["strong base"], False),
        ("24.5", ["24.57", "24.5"], True),
        ("The point is B", ["b"], True),
        ("The point is about", ["b"], False),  # a single letter is no part of a word
        ("Therefore 12\nfinal 13", ["12"], True),
        ("", ["1"], False),
        ("so x is 3 =", ["3"], True),  # nothing behind the sign: the whole counts
    ],
)
def test_mmmu_open_answers(answer: str, true: list[str], right: bool) -> None:
    assert open_answer_right(answer, true) is right


@pytest.mark.parametrize(
    ("response", "choices", "kind", "extracted"),
    [
        ("14", [], "integer", "14"),
        ("The number missing in the sequence is 14.", [], "integer", "14"),
        ("There are 3 rows of 1,250 each: 3,750", [], "integer", "3750"),
        ("0.6", [], "float", "0.6"),
        ("Luca needs $1.45 to buy both", [], "float", "1.45"),
        ("The maximum lies in [2007, 2008].", [], "list", "[2007, 2008]"),
        ("The correct answer is (B) 8/11.", ["3/11", "8/11"], "text", "B"),
        ("B. because", ["3/11", "8/11"], "text", "B"),
        ("8/11", ["3/11", "8/11"], "text", "8/11"),
        ('The answer is "8/11".', ["3/11", "8/11"], "text", "8/11"),
        ("nothing of the kind", [], "integer", "nothing of the kind"),
    ],
)
def test_mathvista_answers_are_taken_out_by_rules(response: str, choices: list[str], kind: str, extracted: str) -> None:
    assert extract_answer(response, choices=choices, answer_type=kind) == extracted


@pytest.mark.parametrize(
    ("extraction", "choices", "kind", "precision", "normal"),
    [
        ("14.0", [], "integer", 0, "14"),
        ("14.7", [], "integer", 0, "14"),
        ("1.449", [], "float", 2, "1.45"),
        ("1.5", [], "float", 2, "1.5"),
        ("fourteen", [], "integer", 0, None),
        ("[2007, 2008]", [], "list", 0, "[2007, 2008]"),
        ("B", ["yes", "no"], "text", 0, "no"),
        ("(a) yes", ["yes", "no"], "text", 0, "yes"),
        ("yess", ["no", "yes"], "text", 0, "yes"),  # the least edit distance
        ("", ["maybe", "no"], "text", 0, "no"),  # even of nothing
        ("Z", ["maybe", "no"], "text", 0, "no"),
    ],
)
def test_mathvista_compares_in_the_form_of_the_type(
    extraction: str, choices: list[str], kind: str, precision: int, normal: str | None
) -> None:
    assert normal_answer(extraction, choices=choices, answer_type=kind, precision=precision) == normal
