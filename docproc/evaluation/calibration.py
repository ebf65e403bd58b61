"""How far confidences can be trusted; knows only (confidence, right) pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

Bet: TypeAlias = tuple[float, bool]

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Figures of a set of bets."""

    values: int
    #: expected calibration error: mean distance of confidence and accuracy over ten equal bins
    ece: float
    #: mean squared distance of confidence and outcome
    brier: float
    #: probability that a right value has more confidence than a wrong one; None when all are right or all wrong
    auroc: float | None
    #: share of the values that can be accepted unseen at that precision
    coverage_95: float
    coverage_99: float


def calibration(bets: Sequence[Bet]) -> Calibration | None:
    """None without any bet."""
    if not bets:
        return None
    return Calibration(
        values=len(bets),
        ece=expected_calibration_error(bets),
        brier=sum((confidence - right) ** 2 for confidence, right in bets) / len(bets),
        auroc=auroc(bets),
        coverage_95=coverage(bets, precision=0.95),
        coverage_99=coverage(bets, precision=0.99),
    )


def expected_calibration_error(bets: Sequence[Bet]) -> float:
    """Sum over bins of |sum of confidences - number right|, over the number of bets."""
    gaps = [0.0] * BINS
    for confidence, right in bets:
        gaps[min(BINS - 1, int(confidence * BINS))] += confidence - right
    return sum(map(abs, gaps)) / len(bets)


def coverage(bets: Sequence[Bet], *, precision: float) -> float:
    """The largest share of bets above one threshold of which at least `precision` are right."""
    ranked = sorted(bets, key=lambda bet: -bet[0])
    seen, right, accepted = 0, 0, 0
    for _, ties in groupby(ranked, key=lambda bet: bet[0]):  # equal confidences share a threshold
        outcomes = [outcome for _, outcome in ties]
        seen += len(outcomes)
        right += sum(outcomes)
        if right >= precision * seen:
            accepted = seen
    return accepted / len(bets)


def auroc(bets: Sequence[Bet]) -> float | None:
    """The area under the curve of hits over false alarms; ties count half."""
    rights = sum(right for _, right in bets)
    wrongs = len(bets) - rights
    if not rights or not wrongs:
        return None
    below, won = 0, 0.0
    for _, ties in groupby(sorted(bets), key=lambda bet: bet[0]):
        outcomes = [outcome for _, outcome in ties]
        hits = sum(outcomes)
        misses = len(outcomes) - hits
        won += hits * (below + misses / 2)
        below += misses
    return won / (rights * wrongs)
