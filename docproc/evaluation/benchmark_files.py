"""Questions and answers of benchmarks from the data sets' own parsed files; opens no file.

DocVQA, TextVQA and VQAv2 keep their rows under `data` or `annotations`, ChartQA, OCRBench and MMMU in a list, MathVista
in an object by id, MMBench in a table. What differs beyond that is the names of a few columns.
"""

import ast
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from docproc.domain.errors import UsageError

_ROWS = ("data", "annotations", "questions", "results")
_ID = ("questionId", "question_id", "index", "pid", "id", "sample_id")
_IMAGE = ("imgname", "image_path", "image", "image_id")
_QUESTION = ("question", "query")
_TRUTH = ("answers", "answer", "label", "ground_truth", "gt_answer")
_SAID = ("extraction", "prediction", "predict", "pred_answer", "pred", "response", "text", "answer")
_OPTIONS = ("options", "choices", "index2ans")
_KEPT = (
    "dataset_name",
    "dataset",
    "question_type",
    "answer_type",
    "precision",
    "type",
    "category",
    "l2-category",
    "task",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with what is right."""

    id: str
    text: str
    #: equally right, or one an annotator
    answers: Sequence[str]
    #: letter → text
    options: Mapping[str, str] = field(default_factory=dict)
    #: columns that a metric or a breakdown looks at
    facts: Mapping[str, str] = field(default_factory=dict)
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model said, by question and in the order of the file."""

    by_id: Mapping[str, str]
    in_order: Sequence[str]

    def of(self, questions: Sequence[Question]) -> list[str | None]:
        """The answer to each question: by id where ids agree, else by position when there are as many."""
        found = [self.by_id.get(question.id) for question in questions]
        if all(answer is None for answer in found) and len(self.in_order) == len(questions):
            return list(self.in_order)
        return found


def questions_of(parsed: Any, *, split: str = "") -> list[Question]:  # noqa: ANN401 plain JSON
    """The questions of a parsed file. Raises UsageError when a row has no true answer."""
    rows = _rows(parsed)
    questions = [_question(row, id_, split=split) for row, id_ in zip(rows, _ids(rows), strict=True)]
    if not questions:
        raise UsageError("the file holds no question")
    return questions


def answers_of(parsed: Any) -> Answers:  # noqa: ANN401 plain JSON
    """The answers of a parsed file: {id: text}, rows with an id and a text, or texts in the order of the questions."""
    if isinstance(parsed, list) and all(isinstance(one, str) for one in parsed):
        return Answers(by_id={}, in_order=parsed)
    if isinstance(parsed, dict) and parsed and all(isinstance(one, str) for one in parsed.values()):
        return Answers(by_id=parsed, in_order=list(parsed.values()))
    rows = _rows(parsed)
    if rows and all("contract" in row for row in rows):
        return _answers_of_records(rows)
    said = [_text(_first(row, _SAID)) for row in rows]
    return Answers(by_id=dict(zip(_ids(rows), said, strict=True)), in_order=said)


def _answers_of_records(rows: Sequence[Mapping[str, Any]]) -> Answers:
    """Of lines extracted under a schema with an answer: by external id, by the file's name, by file and question."""
    by_id: dict[str, str] = {}
    in_order = [_text((row.get("record") or {}).get("answer")) for row in rows]
    for row, said in zip(rows, in_order, strict=True):
        file = PurePosixPath(row["file"])
        question = (row.get("metadata") or {}).get("question")
        for name in (row.get("external_id"), file.stem, f"{file.name}\n{question}"):
            by_id.setdefault(str(name), said)
    return Answers(by_id=by_id, in_order=in_order)


def _rows(parsed: Any) -> list[dict[str, Any]]:  # noqa: ANN401 plain JSON
    if isinstance(parsed, dict):
        inner = next((parsed[name] for name in _ROWS if isinstance(parsed.get(name), list)), None)
        if inner is not None:
            return _rows(inner)
        parsed = [{"pid": name, **row} if isinstance(row, dict) else row for name, row in parsed.items()]
    if not isinstance(parsed, list) or not all(isinstance(row, dict) for row in parsed):
        raise UsageError("neither a list of rows nor an object of them")
    return parsed


def _ids(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """The row's own id, else image and question together, else its position; one that comes again gets a number."""
    seen: Counter[str] = Counter()
    for place, row in enumerate(rows):
        told = _first(row, _ID)
        if told is None:
            parts = [_first(row, _IMAGE), _first(row, _QUESTION)]
            told = "\n".join(map(str, parts)) if None not in parts else place
        name = str(told)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _question(row: Mapping[str, Any], id_: str, *, split: str) -> Question:
    answers = _answers(_first(row, _TRUTH))
    if not answers:
        raise UsageError(f"question {id_}: no true answer in it; is it a test split?")
    return Question(
        id=id_,
        text=_text(_first(row, _QUESTION)),
        answers=answers,
        options=_options(row),
        facts={name: _text(row[name]) for name in _KEPT if row.get(name) is not None},
        split=split,
    )


def _answers(told: Any) -> list[str]:  # noqa: ANN401 plain JSON
    """A text, a list of texts, annotators' objects, or a list of texts that was written as one."""
    if isinstance(told, str) and told.startswith(("['", '["')):
        told = _literal(told)
    if isinstance(told, list):
        return [_text(one["answer"] if isinstance(one, dict) and "answer" in one else one) for one in told]
    return [] if told is None or told == "" else [_text(told)]


def _options(row: Mapping[str, Any]) -> dict[str, str]:
    told = _first(row, _OPTIONS)
    if isinstance(told, str):
        told = _literal(told)
    if isinstance(told, dict):
        return {str(letter): _text(text) for letter, text in told.items()}
    if isinstance(told, list) and told:
        return dict(zip(string.ascii_uppercase, map(_text, told), strict=False))
    return {letter: _text(row[letter]) for letter in string.ascii_uppercase if row.get(letter) not in (None, "")}


def _literal(text: str) -> Any:  # noqa: ANN401 plain JSON
    """A Python list in a column of text; the text itself when it is none."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return found if isinstance(found, list) else text


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:  # noqa: ANN401 plain JSON
    return next((row[name] for name in names if row.get(name) is not None), None)


def _text(told: Any) -> str:  # noqa: ANN401 plain JSON
    return "" if told is None else told if isinstance(told, str) else str(told)
