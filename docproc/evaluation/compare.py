"""Two readers over the same documents: paired bootstrap intervals, and McNemar's exact test. Knows no reader."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from typing import Any, TypeAlias

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
#: resamples computed at a time: bounds the memory
_AT_A_TIME = 200
_SEED = 20260101

#: from a board, summed tallies and the share of whole documents
_Figure: TypeAlias = Callable[[Board, Array, Array], Array]


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
    boards = Board(first), Board(second)
    weights = _resamples(len(first))
    figures = _figures(boards[0])
    paths = boards[0].paths
    return Comparison(
        documents=len(first),
        differences={name: _difference(figure, boards, weights) for name, figure in figures.items()},
        fields={path: _difference(_score_of(index), boards, weights) for index, path in enumerate(paths)},
        documents_right=mcnemar([document.whole for document in first], [document.whole for document in second]),
        fields_right={path: mcnemar(_right(first, path), _right(second, path)) for path in paths},
    )


def interval_of(documents: Sequence[JudgedDocument]) -> Interval:
    """The 95 % interval of `overall` over resamples of the documents."""
    board = Board(documents)
    values = _resampled(lambda board, sums, _: overall(board, sums), board, _resamples(len(documents)))
    return _interval(float(overall(board, board.tallies.sum(axis=0))), values)


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """The exact two-sided test on paired outcomes."""
    only_first = sum(one and not other for one, other in zip(first, second, strict=True))
    only_second = sum(other and not one for one, other in zip(first, second, strict=True))
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(discordant, k) for k in range(fewer + 1)) / 2**discordant
    return McNemar(only_first=only_first, only_second=only_second, p=min(1.0, 2 * tail))


def _figures(board: Board) -> dict[str, _Figure]:
    figures: dict[str, _Figure] = {
        "overall": lambda board, sums, _: overall(board, sums),
        "entity_f1_strict": lambda board, sums, _: entity_f1(board, sums, strict=True),
        "entity_f1": lambda board, sums, _: entity_f1(board, sums, strict=False),
        "omission_rate": lambda _, sums, __: omission_rate(sums),
        "hallucination_rate": lambda _, sums, __: hallucination_rate(sums),
        "documents_right": lambda _, __, whole: whole,
    }
    if Measure.TEXT in board.measures:
        figures["anls"] = lambda board, sums, _: anls_mean(board, sums)
    if Measure.ROWS in board.measures:
        figures["row_f1"] = lambda board, sums, _: row_f1(board, sums)
    return figures


def _score_of(index: int) -> _Figure:
    return lambda board, sums, _: field_scores(board, sums)[..., index]


def _resamples(documents: int) -> Array:
    """How often each document is drawn in each resample: [resamples, documents]."""
    if not documents:
        return np.zeros((RESAMPLES, 0))
    draws = np.random.default_rng(_SEED).multinomial(documents, [1 / documents] * documents, size=RESAMPLES)
    return draws.astype(float)


def _difference(figure: _Figure, boards: tuple[Board, Board], weights: Array) -> Interval:
    # the same resamples for both: what they have in common cancels out
    values = _resampled(figure, boards[1], weights) - _resampled(figure, boards[0], weights)
    everything = np.ones((1, weights.shape[1]))
    value = _resampled(figure, boards[1], everything) - _resampled(figure, boards[0], everything)
    return _interval(float(value[0]), values)


def _resampled(figure: _Figure, board: Board, weights: Array) -> Array:
    parts = []
    for start in range(0, len(weights), _AT_A_TIME):
        some = weights[start : start + _AT_A_TIME]
        sums = np.tensordot(some, board.tallies, axes=(1, 0))
        whole = some @ board.whole / max(1, weights.shape[1])
        parts.append(figure(board, sums, whole))
    return np.concatenate(parts)


def _interval(value: float, values: Array) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(value=value, low=float(low), high=float(high))


def _right(documents: Sequence[JudgedDocument], path: str) -> list[bool]:
    return [path in document.fields and document.fields[path].whole for document in documents]
