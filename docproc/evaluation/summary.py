"""The figures of one reader over a set of documents; knows neither terminal nor file."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from docproc.evaluation.calibration import Calibration, calibration
from docproc.evaluation.given import Given
from docproc.evaluation.judge import JudgedDocument
from docproc.evaluation.judged import Measure
from docproc.evaluation.sums import (
    Array,
    Board,
    anls_mean,
    column,
    entity_f1,
    f1,
    field_scores,
    hallucination_rate,
    omission_rate,
    overall,
    row_f1,
    share,
)

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFigures:
    """One field over all documents; a figure that does not apply is None."""

    measure: Measure
    #: documents whose truth has a value
    documents: int
    score: float
    strict: float | None = None
    normalised: float | None = None
    anls: float | None = None
    precision: float
    recall: float
    f1: float
    row_f1: float | None = None
    omitted: int
    #: given though the document has no such value, or wrong and nowhere on its pages
    invented: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What reading costs; by the page, by the hour of machine time, or both."""

    per_page: float | None = None
    per_hour: float | None = None

    def of_page(self, *, machine_seconds: float) -> float | None:
        """The cost of a page that keeps the machines busy so long; None when no price is known."""
        if self.per_page is None and self.per_hour is None:
            return None
        return (self.per_page or 0.0) + (self.per_hour or 0.0) * machine_seconds / _SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a run took."""

    pages: int = 0
    #: of those that a model was shown
    model_pages: int = 0
    #: work of all workers together
    seconds: float = 0.0
    #: from its start to its end; None: nobody looked at a clock
    wall_seconds: float | None = None
    price: Price = Price()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One reader over a set."""

    documents: int
    #: of those, how many did not come out
    missing: int
    failed: int
    overall: float
    entity_f1_strict: float
    entity_f1: float
    anls: float | None
    row_f1: float | None
    omission_rate: float
    hallucination_rate: float
    #: share of documents with a record that the schema admits; None: not checked
    valid_rate: float | None
    documents_right: float
    calibration: Calibration | None
    pages: int
    #: share of the pages that a model was shown; None: there was no page
    model_share: float | None
    seconds_per_page: float | None
    cost_per_page: float | None
    fields: Mapping[str, FieldFigures]

    def to_json(self) -> dict[str, Any]:
        rounded: dict[str, Any] = _rounded(asdict(self))
        return rounded


def summarise(documents: Sequence[JudgedDocument], effort: Effort = Effort()) -> Summary:
    """The figures of judged documents."""
    board = Board(documents)
    sums = board.tallies.sum(axis=0)
    outcomes = [document.given for document in documents]
    bets = [judged.bet for document in documents for judged in document.fields.values() if judged.bet is not None]
    return Summary(
        documents=len(documents),
        missing=outcomes.count(None),
        failed=sum(given is not None and given.failure is not None for given in outcomes),
        overall=float(overall(board, sums)),
        entity_f1_strict=float(entity_f1(board, sums, strict=True)),
        entity_f1=float(entity_f1(board, sums, strict=False)),
        anls=float(anls_mean(board, sums)) if Measure.TEXT in board.measures else None,
        row_f1=float(row_f1(board, sums)) if Measure.ROWS in board.measures else None,
        omission_rate=float(omission_rate(sums)),
        hallucination_rate=float(hallucination_rate(sums)),
        valid_rate=_valid_rate(outcomes),
        documents_right=float(board.whole.mean()) if documents else 0.0,
        calibration=calibration(bets),
        pages=effort.pages,
        model_share=effort.model_pages / effort.pages if effort.pages else None,
        seconds_per_page=effort.seconds / effort.pages if effort.pages and effort.seconds else None,
        cost_per_page=_cost(effort),
        fields=_figures(board, sums),
    )


def effort_of(documents: Sequence[JudgedDocument], *, wall_seconds: float | None, price: Price) -> Effort:
    """What the documents say that they took."""
    given = [document.given for document in documents if document.given is not None]
    return Effort(
        pages=sum(one.page_count for one in given),
        model_pages=sum(one.model_pages for one in given),
        seconds=sum(one.seconds for one in given),
        wall_seconds=wall_seconds,
        price=price,
    )


def _valid_rate(outcomes: Sequence[Given | None]) -> float | None:
    """Of all documents; None when nobody checked a record."""
    if all(given is None or given.valid is None for given in outcomes):
        return None
    return sum(given is not None and given.valid is True for given in outcomes) / len(outcomes)


def _cost(effort: Effort) -> float | None:
    if not effort.pages:
        return None
    busy = effort.seconds if effort.wall_seconds is None else effort.wall_seconds
    return effort.price.of_page(machine_seconds=busy / effort.pages)


def _figures(board: Board, sums: Array) -> dict[str, FieldFigures]:
    scores = field_scores(board, sums)
    right, given, asked = (column(sums, name) for name in ("right", "given", "asked"))
    nothing = (given + asked == 0).astype(float)
    precision, recall = share(right, given), share(right, asked)
    f1s = f1(right, given, asked)
    figures = {}
    for index, (path, measure) in enumerate(zip(board.paths, board.measures, strict=True)):
        row = dict(zip(("precision", "recall", "f1", "score"), _at(index, precision, recall, f1s, scores), strict=True))
        row["precision"] += nothing[index]
        row["recall"] += nothing[index]
        figures[path] = FieldFigures(
            measure=measure,
            documents=int(column(sums, "documents")[index]),
            **row,
            **_shares(measure, sums[index]),
            omitted=int(column(sums, "omitted")[index]),
            invented=int(column(sums, "invented")[index]),
        )
    return figures


def _at(index: int, *arrays: Array) -> list[float]:
    return [float(array[index]) for array in arrays]


def _shares(measure: Measure, sums: Array) -> dict[str, float]:
    """The figures that only some measures have."""
    asked = float(column(sums, "asked"))
    if measure is Measure.ROWS:
        rows = [np.asarray(column(sums, name)) for name in ("rows_right", "rows_given", "rows_asked")]
        return {"row_f1": float(f1(rows[0], rows[1], rows[2]))}
    if measure is Measure.SET or not asked:
        return {}
    shares = {"strict": float(column(sums, "exact")) / asked, "normalised": float(column(sums, "right")) / asked}
    return shares | ({"anls": float(column(sums, "alike")) / asked} if measure is Measure.TEXT else {})


def _rounded(tree: Any) -> Any:  # noqa: ANN401 plain JSON
    if isinstance(tree, dict):
        return {name: _rounded(branch) for name, branch in tree.items()}
    return round(tree, 6) if isinstance(tree, float) else tree
