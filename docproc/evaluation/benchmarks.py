"""The benchmarks that models publish, each with its official metric; knows no file format.

Where the official evaluator asks a language model or throws dice, this one says what it does instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from docproc.domain.errors import NotFoundError
from docproc.evaluation.answers import (
    contains_answer,
    docvqa_anls,
    relaxed_accuracy,
    same_answer,
    textvqa_accuracy,
    vqa_accuracy,
)
from docproc.evaluation.benchmark_files import Question
from docproc.evaluation.choices import mmbench_choice, mmmu_choice
from docproc.evaluation.mathvista import extract_answer, normal_answer
from docproc.evaluation.open_answers import open_answer_right

#: MMBench asks a question again with its options turned, under its own number plus millions
_CIRCLE = 1_000_000
_FORMULAS = "HME100k"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one answer is worth."""

    points: float
    #: what the answer was taken to say, where that is not the answer itself
    read_as: str | None = None
    #: no option could be told from it
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A data set with its metric."""

    name: str
    title: str
    metric: str
    mark: Callable[[Question, str], Mark]
    #: the column of a breakdown: the first of these that a question has
    groups: Sequence[str] = ()
    #: the score is a number of points, not a percentage
    in_points: bool = False
    #: a question counts only if it is answered rightly with its options turned every way
    circular: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A benchmark's figure, and what it is made of."""

    benchmark: str
    metric: str
    score: float
    questions: int
    unanswered: int
    unread: int
    splits: Mapping[str, float]
    groups: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One question with its answer and mark."""

    question: Question
    answer: str | None
    mark: Mark


def benchmark(name: str) -> Benchmark:
    """Raises NotFoundError for a name that is none."""
    if name not in BENCHMARKS:
        raise NotFoundError(f"there is no benchmark called {name!r}; there are {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


def mark_all(one: Benchmark, questions: Sequence[Question], answers: Sequence[str | None]) -> list[Marked]:
    """A question without an answer is wrong."""
    return [
        Marked(
            question=question, answer=answer, mark=Mark(points=0.0) if answer is None else one.mark(question, answer)
        )
        for question, answer in zip(questions, answers, strict=True)
    ]


def score(one: Benchmark, marked: Sequence[Marked]) -> Score:
    """The official figure: a mean in per cent, or the sum of points."""
    splits = dict.fromkeys(entry.question.split for entry in marked)
    by_group: dict[str, list[Marked]] = {}
    for entry in marked:
        if (name := _group(one, entry.question)) is not None:
            by_group.setdefault(name, []).append(entry)
    return Score(
        benchmark=one.name,
        metric=one.metric,
        score=_figure(one, marked),
        questions=len(marked),
        unanswered=sum(entry.answer is None for entry in marked),
        unread=sum(entry.mark.unread for entry in marked),
        splits={name: _figure(one, [e for e in marked if e.question.split == name]) for name in splits}
        if len(splits) > 1
        else {},
        groups={name: _figure(one, by_group[name]) for name in sorted(by_group)},
    )


def _group(one: Benchmark, question: Question) -> str | None:
    return next((question.facts[column] for column in one.groups if column in question.facts), None)


def _figure(one: Benchmark, marked: Sequence[Marked]) -> float:
    points = [entry.mark.points for entry in marked]
    if one.circular:
        circles: dict[str, float] = {}
        for entry in marked:
            name = _circle(entry.question.id)
            circles[name] = min(circles.get(name, 1.0), entry.mark.points)
        points = list(circles.values())
    if one.in_points:
        return sum(points)
    return 100 * sum(points) / len(points) if points else 0.0


def _circle(id_: str) -> str:
    return str(int(id_) % _CIRCLE) if id_.isdigit() else id_


def _plain(metric: Callable[[str, Sequence[str]], float]) -> Callable[[Question, str], Mark]:
    return lambda question, answer: Mark(points=metric(answer, question.answers))


def _mark_ocrbench(question: Question, answer: str) -> Mark:
    source = question.facts.get("dataset_name") or question.facts.get("dataset")
    return Mark(points=contains_answer(answer, question.answers, formula=source == _FORMULAS))


def _mark_realworldqa(question: Question, answer: str) -> Mark:
    if question.options:
        return _mark_choice(question, mmbench_choice(answer, question.options))
    return Mark(points=same_answer(answer, question.answers))


def _mark_mmbench(question: Question, answer: str) -> Mark:
    return _mark_choice(question, mmbench_choice(answer, question.options))


def _mark_choice(question: Question, letter: str | None) -> Mark:
    return Mark(points=float(letter in question.answers), read_as=letter, unread=letter is None)


def _mark_mmmu(question: Question, answer: str) -> Mark:
    if question.facts.get("question_type") in {"open", "short-answer"}:
        return Mark(points=float(open_answer_right(answer, question.answers)))
    if not question.options:  # a file of letters: options are told from the letters that there are
        return Mark(points=float(answer.strip() in question.answers), read_as=answer.strip())
    letter = mmmu_choice(answer, question.options)
    if letter is None:
        # the official evaluator draws an option at random; this is what it gets on average
        return Mark(points=1 / len(question.options), unread=True)
    return _mark_choice(question, letter)


def _mark_mathvista(question: Question, answer: str) -> Mark:
    choices = list(question.options.values())
    kind = question.facts.get("answer_type", "text")
    read = normal_answer(
        extract_answer(answer, choices=choices, answer_type=kind),
        choices=choices,
        answer_type=kind,
        precision=int(float(question.facts.get("precision") or 0)),
    )
    return Mark(points=float(read in question.answers), read_as=read, unread=read is None)


_ALL = (
    Benchmark(name="docvqa", title="DocVQA", metric="ANLS", mark=_plain(docvqa_anls)),
    Benchmark(name="infovqa", title="InfographicVQA", metric="ANLS", mark=_plain(docvqa_anls)),
    Benchmark(name="chartqa", title="ChartQA", metric="relaxed accuracy", mark=_plain(relaxed_accuracy)),
    Benchmark(name="textvqa", title="TextVQA", metric="VQA accuracy", mark=_plain(textvqa_accuracy)),
    Benchmark(name="vqav2", title="VQAv2", metric="VQA accuracy", mark=_plain(vqa_accuracy), groups=("answer_type",)),
    Benchmark(
        name="ocrbench",
        title="OCRBench",
        metric="points",
        mark=_mark_ocrbench,
        groups=("type", "question_type"),
        in_points=True,
    ),
    Benchmark(name="realworldqa", title="RealWorldQA", metric="accuracy", mark=_mark_realworldqa),
    Benchmark(
        name="mmbench",
        title="MMBench",
        metric="circular accuracy",
        mark=_mark_mmbench,
        groups=("category",),
        circular=True,
    ),
    Benchmark(name="mmmu", title="MMMU", metric="accuracy", mark=_mark_mmmu, groups=("question_type",)),
    Benchmark(name="mathvista", title="MathVista", metric="accuracy", mark=_mark_mathvista, groups=("answer_type",)),
)
BENCHMARKS: Mapping[str, Benchmark] = {one.name: one for one in _ALL}
