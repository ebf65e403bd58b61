"""Tallies of many documents as one array, and the figures that sums of them give; knows no document.

Everything works on the last axes of an array, so that a figure of thousands of resamples costs one call.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from docproc.evaluation.judge import JudgedDocument
from docproc.evaluation.judged import COLUMNS, Measure

Array: TypeAlias = npt.NDArray[np.float64]

_AT = {name: index for index, name in enumerate(COLUMNS)}


class Board:
    """The tallies of documents: [documents, fields, columns], with the names and measures of the fields."""

    def __init__(self, documents: Sequence[JudgedDocument]) -> None:
        measures = {path: judged.measure for document in documents for path, judged in document.fields.items()}
        self.paths = tuple(measures)
        self.measures = tuple(measures.values())
        self.tallies: Array = np.zeros((len(documents), len(self.paths), len(COLUMNS)))
        place = {path: index for index, path in enumerate(self.paths)}
        for row, document in enumerate(documents):
            for path, judged in document.fields.items():
                self.tallies[row, place[path]] = judged.tally.numbers()
        self.whole: Array = np.array([float(document.whole) for document in documents])

    def is_of(self, *measures: Measure) -> npt.NDArray[np.bool_]:
        """Which fields are measured so."""
        return np.array([measure in measures for measure in self.measures], dtype=bool)


def column(sums: Array, name: str) -> Array:
    """One column of summed tallies."""
    values: Array = sums[..., _AT[name]]
    return values


def f1(right: Array, given: Array, asked: Array) -> Array:
    """2 right / (given + asked): the harmonic mean of precision and recall; 1 where there is nothing at all."""
    return share(2 * right, given + asked, empty=1.0)


def share(part: Array, whole: Array, *, empty: float = 0.0) -> Array:
    """The ratio, and `empty` where the whole is 0."""
    result: Array = np.divide(part, whole, out=np.full_like(whole, empty, dtype=float), where=whole > 0)
    return result


def field_scores(board: Board, sums: Array) -> Array:
    """The score of each field: mean ANLS of text, else F1 of normalised values, members or cells."""
    asked = column(sums, "asked")
    f1s = f1(column(sums, "right"), column(sums, "given"), asked)
    return np.where(board.is_of(Measure.TEXT) & (asked > 0), share(column(sums, "alike"), asked), f1s)


def overall(board: Board, sums: Array) -> Array:
    """The unweighted mean of the scores of the fields that are asked for anywhere."""
    counted = column(sums, "documents") > 0
    return share((field_scores(board, sums) * counted).sum(axis=-1), counted.sum(axis=-1).astype(float))


def entity_f1(board: Board, sums: Array, *, strict: bool) -> Array:
    """F1 over all plain values together, as SROIE task 3 counts them."""
    total = sums[..., board.is_of(Measure.TEXT, Measure.PLAIN), :].sum(axis=-2)
    return f1(column(total, "exact" if strict else "right"), column(total, "given"), column(total, "asked"))


def anls_mean(board: Board, sums: Array) -> Array:
    """Mean ANLS over all text values."""
    total = sums[..., board.is_of(Measure.TEXT), :].sum(axis=-2)
    return share(column(total, "alike"), column(total, "asked"))


def row_f1(board: Board, sums: Array) -> Array:
    """F1 of table rows in which every asked cell is right."""
    total = sums[..., board.is_of(Measure.ROWS), :].sum(axis=-2)
    return f1(column(total, "rows_right"), column(total, "rows_given"), column(total, "rows_asked"))


def omission_rate(sums: Array) -> Array:
    """Of the values that the documents hold, the share that the records leave out."""
    total = sums.sum(axis=-2)
    return share(column(total, "omitted"), column(total, "asked"))


def hallucination_rate(sums: Array) -> Array:
    """Of the values given, the share that the documents do not hold."""
    total = sums.sum(axis=-2)
    return share(column(total, "invented"), column(total, "given"))
