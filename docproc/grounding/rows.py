"""Which printed row each row of a table is: order-preserving assignment by dynamic programming; knows no fields.

A row of a table is a set of values, each with candidate places. Places of one row that stand in one printed row speak
for it, rare values louder than common ones. The best increasing chain of positions is kept, so that the tenth "1.00"
of a column is found in the tenth row. Near-linear: only a row's rarer values nominate positions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from docproc.grounding.places import Place

#: a value with at most this many places may nominate positions
_RARE = 40
_NOMINATORS = 3
#: a value in the printed row above or below still speaks for the row: cells wrap
_NEIGHBOUR = 0.5
_BASE_WEIGHT = 0.2

#: candidate places of one value, by position
Positions = Mapping[int, Sequence[Place]]


class Step(NamedTuple):
    """The end of a chain of positions."""

    total: float
    position: int
    row: int
    before: "Step | None"


def by_position(places: Iterable[Place], *, printed_rows: bool) -> Positions:
    """Places by printed row, or by reading order for a list of plain values; form fields have no position."""
    found: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        if place.tokens:
            found[place.band if printed_rows else place.tokens[0]].append(place)
    return found


def assign(rows: Sequence[Sequence[Positions]]) -> list[int | None]:
    """The position of each row, increasing; a row that breaks the order gets its own best; None: nowhere."""
    scores = [_scores(row) for row in rows]
    chain = _best_chain(scores)
    taken = set(chain.values())
    chosen: list[int | None] = []
    for number, own in enumerate(scores):
        if number not in chain:
            free = {position: score for position, score in own.items() if position not in taken} or own
            best = max(free, key=lambda position: (free[position], -position), default=None)
            chosen.append(best)
            if best is not None:
                taken.add(best)
        else:
            chosen.append(chain[number])
    return chosen


def _scores(row: Sequence[Positions]) -> dict[int, float]:
    """How much a row's values speak for each position that a rare value of it nominates."""
    cells = sorted((cell for cell in row if cell), key=len)
    rare = [cell for cell in cells if len(cell) <= _RARE][:_NOMINATORS] or cells[:1]
    nominated = {position for cell in rare for position in cell}
    weights = [_BASE_WEIGHT + 1 / len(cell) for cell in cells]
    return {
        position: sum(weight * _presence(cell, position) for cell, weight in zip(cells, weights, strict=True))
        for position in nominated
    }


def _presence(cell: Positions, position: int) -> float:
    if position in cell:
        return 1.0
    return _NEIGHBOUR if position + 1 in cell or position - 1 in cell else 0.0


def _best_chain(scores: Sequence[Mapping[int, float]]) -> dict[int, int]:
    """Row to position, strictly increasing, of the greatest total score."""
    positions = sorted({position for own in scores for position in own})
    rank = {position: number for number, position in enumerate(positions, 1)}
    best: list[Step | None] = [None] * (len(positions) + 1)  # a Fenwick tree of prefix maxima
    for row, own in enumerate(scores):
        steps = []
        for position, score in own.items():
            before = _prefix_best(best, rank[position] - 1)
            steps.append(Step(score + (before.total if before else 0.0), position, row, before))
        for step in steps:
            _raise_best(best, rank[step.position], step)
    chain: dict[int, int] = {}
    last = _prefix_best(best, len(positions))
    while last is not None:
        chain[last.row] = last.position
        last = last.before
    return chain


def _prefix_best(best: Sequence[Step | None], rank: int) -> Step | None:
    found: Step | None = None
    while rank > 0:
        step = best[rank]
        if step is not None and (found is None or step.total > found.total):
            found = step
        rank -= rank & -rank
    return found


def _raise_best(best: list[Step | None], rank: int, step: Step) -> None:
    while rank < len(best):
        there = best[rank]
        if there is None or step.total > there.total:
            best[rank] = step
        rank += rank & -rank
