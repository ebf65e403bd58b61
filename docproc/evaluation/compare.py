"""Two readers over the same documents: paired bootstrap intervals, and McNemar's exact test. Knows no reader."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from typing import Any

import numpy as np

from docproc.evaluation.judge import JudgedDocument
from docproc.evaluation.judged import Measure
from docproc.evaluation.sums import (
    Array,
    Board,
    anls_mean,
    entity_f1,
    field_scores,
    hallucination_rate,
    omission_rate,
    overall,
    row_f1,
)

RESAMPLES = 2000
#: resamples drawn at a time: bounds the memory, and divides the number of resamples
_AT_A_TIME = 100
_SEED = 20260101


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def differs(self) -> bool:
        """Of a difference: chance alone is an unlikely explanation."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Documents on which two readers disagree; the rest says nothing about which is better."""

    only_first: int
    only_second: int
    #: probability of a split at least as uneven if both were equally good
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The second reader minus the first: positive is more."""

    documents: int
    differences: Mapping[str, Interval]
    fields: Mapping[str, Interval]
    #: on documents that are wholly right
    documents_right: McNemar
    #: by field: on the documents in which it is wholly right
    fields_right: Mapping[str, McNemar]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(first: Sequence[JudgedDocument], second: Sequence[JudgedDocument]) -> Comparison:
    """Both sequences hold the same documents in the same order, judged by the same truth."""
    draws = _Draws.of(first), _Draws.of(second)
    paths = draws[0].board.paths
    scores = [field_scores(one.board, one.sums) for one in draws]
    return Comparison(
        documents=len(first),
        differences={
            name: _interval(figure(draws[1]) - figure(draws[0])) for name, figure in _figures(draws[0].board).items()
        },
        fields={path: _interval((scores[1] - scores[0])[:, index]) for index, path in enumerate(paths)},
        documents_right=mcnemar([document.whole for document in first], [document.whole for document in second]),
        fields_right={path: mcnemar(_right(first, path), _right(second, path)) for path in paths},
    )


def interval_of(documents: Sequence[JudgedDocument]) -> Interval:
    """The 95 % interval of `overall` over resamples of the documents."""
    draws = _Draws.of(documents)
    return _interval(overall(draws.board, draws.sums))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """The exact two-sided test on paired outcomes."""
    only_first = sum(one and not other for one, other in zip(first, second, strict=True))
    only_second = sum(other and not one for one, other in zip(first, second, strict=True))
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(discordant, k) for k in range(fewer + 1)) / 2**discordant
    return McNemar(only_first=only_first, only_second=only_second, p=min(1.0, 2 * tail))


@dataclass(frozen=True, slots=True)
class _Draws:
    """All documents once, then the resamples: the same for every reader, so that what they share cancels out."""

    board: Board
    #: [1 + resamples, fields, columns]
    sums: Array
    #: share of documents that are wholly right: [1 + resamples]
    whole: Array

    @classmethod
    def of(cls, documents: Sequence[JudgedDocument]) -> "_Draws":
        board, count = Board(documents), len(documents)
        random = np.random.default_rng(_SEED)
        sums, whole = [board.tallies.sum(axis=0)[np.newaxis]], [board.whole.mean(keepdims=True)]
        for _ in range(0, RESAMPLES, _AT_A_TIME):
            # how often each document is drawn, a line a resample
            weights = random.multinomial(count, np.full(count, 1 / count), size=_AT_A_TIME).astype(float)
            sums.append(np.tensordot(weights, board.tallies, axes=(1, 0)))
            whole.append(weights @ board.whole / count)
        return cls(board, np.concatenate(sums), np.concatenate(whole))


def _figures(board: Board) -> dict[str, Callable[[_Draws], Array]]:
    figures: dict[str, Callable[[_Draws], Array]] = {
        "overall": lambda draws: overall(draws.board, draws.sums),
        "entity_f1_strict": lambda draws: entity_f1(draws.board, draws.sums, strict=True),
        "entity_f1": lambda draws: entity_f1(draws.board, draws.sums, strict=False),
        "omission_rate": lambda draws: omission_rate(draws.sums),
        "hallucination_rate": lambda draws: hallucination_rate(draws.sums),
        "documents_right": lambda draws: draws.whole,
    }
    if Measure.TEXT in board.measures:
        figures["anls"] = lambda draws: anls_mean(draws.board, draws.sums)
    if Measure.ROWS in board.measures:
        figures["row_f1"] = lambda draws: row_f1(draws.board, draws.sums)
    return figures


def _interval(values: Array) -> Interval:
    """The first is the estimate itself, the rest its resamples."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Interval(value=float(values[0]), low=float(low), high=float(high))


def _right(documents: Sequence[JudgedDocument], path: str) -> list[bool]:
    return [path in document.fields and document.fields[path].whole for document in documents]
