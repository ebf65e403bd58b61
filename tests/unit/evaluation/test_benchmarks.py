"""Benchmarks over rows in the form of the data sets' own files: the published figure, worked out by hand."""

from typing import Any

import pytest

from docproc.domain.errors import NotFoundError, UsageError
from docproc.evaluation.benchmark_files import answers_of, questions_of
from docproc.evaluation.benchmarks import BENCHMARKS, Score, benchmark, mark_all, score


def scored(name: str, questions: object, answers: object, *, more: object = None) -> Score:
    asked = questions_of(questions, split="first") + (questions_of(more, split="second") if more else [])
    one = benchmark(name)
    return score(one, mark_all(one, asked, answers_of(answers).of(asked)))


def test_docvqa_is_the_mean_anls_in_per_cent() -> None:
    questions = {
        "dataset_name": "SP-DocVQA",
        "data": [
            {"questionId": 337, "question": "What is the date?", "image": "documents/a.png", "answers": ["1/8/93"]},
            {"questionId": 338, "question": "To whom?", "image": "documents/a.png", "answers": ["Paul", "paul"]},
            {"questionId": 339, "question": "By whom?", "image": "documents/b.png", "answers": ["T. Chu"]},
        ],
    }
    answers = [{"questionId": 337, "answer": "1/8/93"}, {"questionId": 338, "answer": "Saul"}]
    found = scored("docvqa", questions, answers)
    # 1, three of four letters, and one that was not answered
    assert found.score == pytest.approx(100 * (1 + 0.75 + 0) / 3)
    assert (found.questions, found.unanswered) == (3, 1)


def test_chartqa_has_two_splits_and_no_ids() -> None:
    human = [{"imgname": "1.png", "query": "How many?", "label": "14"}]
    augmented = [
        {"imgname": "1.png", "query": "Which?", "label": "Peru"},
        {"imgname": "2.png", "query": "How many?", "label": "100"},
        {"imgname": "2.png", "query": "Which?", "label": "[2007, 2008]"},
    ]
    by_name = [
        {"imgname": "2.png", "query": "How many?", "answer": "104"},
        {"imgname": "1.png", "query": "How many?", "answer": "15"},
        {"imgname": "1.png", "query": "Which?", "answer": "peru"},
        {"imgname": "2.png", "query": "Which?", "answer": "[2007, 2008]"},
    ]
    found = scored("chartqa", human, by_name, more=augmented)
    assert found.score == pytest.approx(75)
    assert found.splits == {"first": 0.0, "second": 100.0}
    in_order = ["15", "peru", "104", "[2007, 2008]"]
    assert scored("chartqa", human, in_order, more=augmented).score == found.score


def test_textvqa_and_vqav2_take_their_own_rows() -> None:
    text = {"data": [{"question_id": 1, "question": "brand?", "answers": ["nokia"] * 2 + ["htc"] * 8}]}
    assert scored("textvqa", text, [{"question_id": 1, "answer": "Nokia"}]).score == pytest.approx(60)
    annotators = [{"answer": "yes", "answer_id": number} for number in range(9)] + [{"answer": "no", "answer_id": 9}]
    row = {"question_id": 5, "answers": annotators, "answer_type": "yes/no", "question_type": "is the"}
    found = scored("vqav2", {"annotations": [row]}, [{"question_id": 5, "answer": "No"}])
    assert found.score == pytest.approx(30)
    assert found.groups == {"yes/no": pytest.approx(30)}


def test_ocrbench_counts_points_by_type() -> None:
    rows: list[dict[str, Any]] = [
        {"dataset_name": "IIIT5K", "type": "Regular Text Recognition", "question": "?", "answers": "CENTRE"},
        {"dataset_name": "SROIE", "type": "Key Information Extraction", "question": "?", "answers": ["9.00", "RM9.00"]},
        {"dataset_name": "HME100k", "type": "Formulas", "question": "?", "answers": [r"x ^ 2"]},
    ]
    predicted = [{**row, "predict": said} for row, said in zip(rows, ["Centre", "total 9.00", "x^3"], strict=True)]
    found = scored("ocrbench", rows, predicted)
    assert found.score == 2
    assert found.groups == {"Formulas": 0, "Key Information Extraction": 1, "Regular Text Recognition": 1}


def test_realworldqa_is_accuracy_with_and_without_options() -> None:
    rows = [{"image": "0.webp", "question": "A. left B. right", "answer": "A"}, {"question": "how many", "answer": "2"}]
    assert scored("realworldqa", rows, ["A. left", "three"]).score == 50
    table = [{"index": "0", "question": "where", "A": "left", "B": "right", "C": "", "answer": "B"}]
    assert scored("realworldqa", table, {"0": "on the right"}).score == 100


def test_mmbench_counts_a_question_only_if_every_turn_of_its_options_is_right() -> None:
    def turn(index: int, first: str, second: str, answer: str) -> dict[str, str]:
        return {"index": str(index), "question": "?", "A": first, "B": second, "answer": answer, "category": "ocr"}

    rows = [turn(7, "cat", "dog", "A"), turn(1_000_007, "dog", "cat", "B"), turn(8, "x1", "x2", "A")]
    said = [{"index": 7, "prediction": "A"}, {"index": 1_000_007, "prediction": "A"}, {"index": 8, "prediction": "A"}]
    found = scored("mmbench", rows, said)
    assert found.score == 50
    assert found.groups == {"ocr": 50}
    unread = [{**row, "prediction": "hm"} for row in said]
    assert scored("mmbench", rows, unread).unread == 3


@pytest.mark.parametrize("answers", ["['8', '8.5']", '["8", "8.5"]'])
def test_mmmu_takes_options_written_as_text_and_open_questions(answers: str) -> None:
    rows = [
        {"id": "validation_Art_1", "options": "['red', 'blue']", "answer": "B", "question_type": "multiple-choice"},
        {"id": "validation_Art_2", "options": "['red', 'blue']", "answer": "A", "question_type": "multiple-choice"},
        {"id": "validation_Art_3", "options": "[]", "answer": answers, "question_type": "open"},
    ]
    said = {"validation_Art_1": "(B)", "validation_Art_2": "hm", "validation_Art_3": "The answer is 8.5"}
    found = scored("mmmu", rows, said)
    # the official evaluator throws dice for the second: one half on average
    assert found.score == pytest.approx(100 * 2.5 / 3)
    assert found.unread == 1
    assert found.groups == {"multiple-choice": pytest.approx(75), "open": 100}


def test_mmmu_takes_the_official_file_of_letters() -> None:
    truth = {"validation_Art_1": {"question_type": "multiple-choice", "ground_truth": "B"}}
    assert scored("mmmu", truth, {"validation_Art_1": "B"}).score == 100
    assert scored("mmmu", truth, {"validation_Art_1": "A"}).score == 0


def test_mathvista_takes_an_object_by_id() -> None:
    truth = {
        "1": {"question": "?", "choices": ["yes", "no"], "answer": "no", "answer_type": "text", "precision": None},
        "2": {"question": "?", "choices": None, "answer": "1.2", "answer_type": "float", "precision": 1.0},
        "3": {"question": "?", "choices": None, "answer": "[1, 2]", "answer_type": "list", "precision": None},
        "4": {"question": "?", "choices": None, "answer": "5", "answer_type": "integer", "precision": None},
    }
    said = {
        "1": {"response": "The answer is (B)", "answer": "no"},
        "2": {"response": "about 1.2 metres"},
        "3": {"extraction": "[1, 2]", "response": "long"},
        "4": {"response": "six"},
    }
    found = scored("mathvista", truth, said)
    assert found.score == 75
    assert found.groups == {"float": 100, "integer": 0, "list": 100, "text": 100}
    assert found.unread == 1


def test_questions_without_a_true_answer_are_refused() -> None:
    with pytest.raises(UsageError, match="test split"):
        questions_of({"data": [{"questionId": 1, "question": "?"}]})
    with pytest.raises(UsageError):
        questions_of([])
    with pytest.raises(UsageError):
        questions_of("nonsense")


def test_an_unknown_benchmark_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="docvqa"):
        benchmark("mmlu")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_gives_nothing_for_no_answer(name: str) -> None:
    rows = [{"id": 1, "question": "?", "answers": ["x"]}]
    one = benchmark(name)
    found = score(one, mark_all(one, questions_of(rows), [None]))
    assert (found.score, found.unanswered) == (0.0, 1)


def test_rows_that_share_image_and_question_are_told_apart() -> None:
    rows = [{"imgname": "1.png", "query": "How many?", "label": label} for label in ("1", "2")]
    said = [{"imgname": "1.png", "query": "How many?", "answer": label} for label in ("1", "2")]
    assert scored("chartqa", rows, said).score == 100


def test_what_docproc_extracted_answers_a_benchmark_by_image_and_question_or_by_the_files_name() -> None:
    def line(file: str, question: str, answer: str | None) -> dict[str, Any]:
        return {"contract": "1", "file": file, "metadata": {"question": question}, "record": {"answer": answer}}

    charts = [
        {"imgname": "1.png", "query": "How many?", "label": "14"},
        {"imgname": "2.png", "query": "How many?", "label": "9"},
    ]
    extracted = [line("charts/2.png", "How many?", "9"), line("charts/1.png", "How many?", "15")]
    assert scored("chartqa", charts, extracted).score == pytest.approx(50.0)

    pages = {"data": [{"questionId": 337, "question": "When?", "image": "a.png", "answers": ["1/8/93"]}]}
    failed = {**line("338.png", "Who?", None), "record": None}
    found = scored("docvqa", pages, [failed, line("337.png", "When?", "1/8/93")])
    assert found.score == pytest.approx(100.0)
    assert found.unanswered == 0
