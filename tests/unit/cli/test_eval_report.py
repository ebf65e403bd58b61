"""What an evaluation looks like: wrong values side by side, as lines and as a page."""

import json
from pathlib import Path

import pytest

from docproc.cli.eval_page import page_html
from docproc.cli.eval_report import Evaluation, Scored, check_target, write, wrong_fields
from docproc.cli.eval_table import interval_words
from docproc.domain.errors import ConflictError, UsageError
from docproc.evaluation.compare import Interval, compare, interval_of
from docproc.evaluation.given import Given, given_json
from docproc.evaluation.judge import JudgedDocument, Rules, judge
from docproc.evaluation.summary import summarise
from docproc.evaluation.truth import Truth
from schemas import load_schema

TRUTHS = [Truth(file="a.png", fields={"answer": {"any": ["7", "seven"]}}), Truth(file="b.png", fields={"answer": "x"})]
HOSTILE = "<script>alert(1)</script>"


def judged(*answers: str | None) -> list[JudgedDocument]:
    rules = Rules(schema=load_schema("qa"))
    return [
        judge(truth, Given(file=truth.file, fields={"answer": given_json({"value": answer, "confidence": 0.5})}), rules)
        for truth, answer in zip(TRUTHS, answers, strict=True)
    ]


def evaluation(*readers: list[JudgedDocument]) -> Evaluation:
    scored = [
        Scored(name=f"reader {number}", documents=found, summary=summarise(found), interval=interval_of(found))
        for number, found in enumerate(readers)
    ]
    return Evaluation(
        schema="qa@1",
        scored=scored,
        comparison=compare(readers[0], readers[1]) if len(readers) == 2 else None,
    )


def test_a_field_stands_there_once_with_what_each_reader_gave() -> None:
    found = list(wrong_fields(evaluation(judged("8", "x"), judged("7", "y"))))
    assert [(one.file, one.path, [wrong and wrong.given for wrong in one.given]) for one in found] == [
        ("a.png", "answer", ["8", None]),
        ("b.png", "answer", [None, "y"]),
    ]


def test_lines_say_truth_and_given(tmp_path: Path) -> None:
    write(evaluation(judged("8", "x"), judged("7", "x")), tmp_path / "w.jsonl", overwrite=False)
    lines = [json.loads(line) for line in (tmp_path / "w.jsonl").read_text().splitlines()]
    assert lines == [
        {
            "file": "a.png",
            "field": "answer",
            "truth": {"any": ["7", "seven"]},
            "given": {"reader 0": {"given": "8", "confidence": 0.5, "page": None}, "reader 1": "right"},
        }
    ]


def test_a_page_shows_both_and_lets_no_document_write_markup() -> None:
    page = page_html(evaluation(judged(HOSTILE, None), judged("7", "x")))
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "any of these" in page
    assert "confidence 0.50" in page
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert "answer: 2 wrong" in page


def test_a_page_without_anything_wrong_says_so() -> None:
    assert "Nothing is wrong." in page_html(evaluation(judged("Seven", "X")))


def test_a_difference_that_rounds_to_nothing_has_no_minus() -> None:
    assert interval_words(Interval(value=-0.0001, low=-0.02, high=0.0)) == ("+0.0", "-2.0 … +0.0")
    assert interval_words(Interval(value=0.1, low=0.02, high=0.2)) == ("+10.0", "+2.0 … +20.0 *")


def test_figures_as_json_have_no_value_of_a_document() -> None:
    found = evaluation(judged("secret", "x"), judged("7", "x")).to_json()
    assert "secret" not in json.dumps(found)
    assert found["readers"][0]["fields"]["answer"]["documents"] == 2
    assert found["comparison"]["differences"]["overall"]["value"] > 0


def test_targets_are_checked_before_any_work(tmp_path: Path) -> None:
    check_target(None, suffixes=(".html",), overwrite=False)
    with pytest.raises(UsageError, match=r"\.html"):
        check_target(tmp_path / "w.xlsx", suffixes=(".html", ".jsonl"), overwrite=False)
    (tmp_path / "w.html").write_text("mine")
    with pytest.raises(ConflictError):
        check_target(tmp_path / "w.html", suffixes=(".html",), overwrite=False)
    check_target(tmp_path / "w.html", suffixes=(".html",), overwrite=True)
    assert (tmp_path / "w.html").read_text() == "mine"
