"""Chooses the place of every cell of a list: the printed row first, then the column; knows no values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from docproc.grounding.places import Place
from docproc.grounding.rows import Positions, assign, by_position

#: a wrapped cell may begin this many printed rows above the row that most of its cells stand in, or below
_ROWS_ABOVE = 3
_ROWS_BELOW = 6
#: a bare number belongs to a row down to this many times its height below
_NEAR_LINES = 2.5
#: a bare number of fewer digits stands far from its row by chance only
_TELLING = 6
#: cost of a printed row off, of a row above, and of a place that a sibling took, in page points
_ROW_COST = 60.0
_ABOVE_COST = 90.0
_TAKEN_COST = 400.0

#: the candidate places of the cells of one row, by column
Cells = Mapping[str, Sequence[Place]]


def place_rows(rows: Sequence[Cells], *, columns: Sequence[str]) -> list[dict[str, Place]]:
    """The place of each cell, row by row; a cell without candidates is missing."""
    memo: dict[int, Positions] = {}

    def positions(places: Sequence[Place]) -> Positions:
        # equal cells share one list of candidates: a table of ones is sorted once
        if id(places) not in memo:
            memo[id(places)] = by_position(places, printed_rows=True)
        return memo[id(places)]

    banded = [{column: positions(places) for column, places in row.items() if places} for row in rows]
    anchors = assign([list(row.values()) for row in banded])
    edges = _column_edges(banded, anchors)
    chosen = []
    for number, (row, anchor) in enumerate(zip(banded, anchors, strict=True)):
        neighbours = [*anchors[max(0, number - 1) : number], *anchors[number + 1 : number + 2]]
        reach = _reach(anchor, neighbours) if anchor is not None else range(0)
        chosen.append(_place_row(row, anchor, reach=reach, edges=edges, columns=columns))
    return [_with_form_fields(row, cells) for row, cells in zip(chosen, rows, strict=True)]


def place_values(values: Sequence[Sequence[Place]]) -> list[Place | None]:
    """The place of each value of a plain list, in order where the print has them in order."""
    positions = [by_position(places, printed_rows=False) for places in values]
    anchors = assign([[position] if position else [] for position in positions])
    return [
        position[anchor][0] if anchor is not None else (places[0] if places else None)
        for position, anchor, places in zip(positions, anchors, values, strict=True)
    ]


def _column_edges(
    rows: Sequence[Mapping[str, Positions]], anchors: Sequence[int | None]
) -> dict[str, tuple[float, float]]:
    """Usual left and right edge of each column, from the cells that have one place only in their printed row."""
    edges: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row, anchor in zip(rows, anchors, strict=True):
        for column, positions in row.items():
            places = positions.get(anchor, ()) if anchor is not None else ()
            if len(places) == 1 and not _shared(row, column, places[0], anchor):
                edges[column].append((places[0].box.left, places[0].box.right))
    return {
        column: (median(left for left, _ in pairs), median(right for _, right in pairs))
        for column, pairs in edges.items()
    }


def _shared(row: Mapping[str, Positions], column: str, place: Place, anchor: int | None) -> bool:
    """Whether a sibling has the same place among its candidates."""
    return any(
        other != column and anchor is not None and any(p.tokens == place.tokens for p in positions.get(anchor, ()))
        for other, positions in row.items()
    )


def _place_row(
    row: Mapping[str, Positions],
    anchor: int | None,
    *,
    reach: range,
    edges: Mapping[str, tuple[float, float]],
    columns: Sequence[str],
) -> dict[str, Place]:
    chosen: dict[str, Place] = {}
    taken: set[int] = set()
    # cells with fewer candidates choose first; among equals the columns stand as the schema has them
    candidates = {
        column: _candidates(positions, anchor, reach=reach, top=_top(row, anchor)) for column, positions in row.items()
    }
    for column in sorted(candidates, key=lambda column: (len(candidates[column]), columns.index(column))):
        if candidates[column]:
            best = min(
                candidates[column],
                key=lambda place: _cost(place, anchor=anchor, edges=edges.get(column), taken=taken),
            )
            chosen[column] = best
            taken.update(best.tokens)
    return chosen


def _reach(anchor: int, neighbours: Sequence[int | None]) -> range:
    """The printed rows that may belong to a row: down to the next row, and up to the one before."""
    above = max((other for other in neighbours if other is not None and other < anchor), default=-1)
    below = min((other for other in neighbours if other is not None and other > anchor), default=anchor + _ROWS_BELOW)
    return range(max(above + 1, anchor - _ROWS_ABOVE), min(below, anchor + _ROWS_BELOW))


def _top(row: Mapping[str, Positions], anchor: int | None) -> float:
    """Where the printed row begins, in page points."""
    found = [] if anchor is None else [positions[anchor][0] for positions in row.values() if anchor in positions]
    return min((place.box.top for place in found), default=0.0)


def _candidates(positions: Positions, anchor: int | None, *, reach: range, top: float) -> list[Place]:
    """The places in the printed rows of the row; without any, the closest of a value that is not there by chance."""
    if anchor is None:
        return [place for band in sorted(positions)[:1] for place in positions[band]]
    near = [
        place
        for band in reach
        for place in positions.get(band, ())
        if _is_telling(place.text) or abs(place.box.top - top) <= _NEAR_LINES * place.box.height
    ]
    if near:
        return near
    # printed once for several rows, such as a date in a heading
    far = [place for places in positions.values() for place in places if _is_telling(place.text)]
    return sorted(far, key=lambda place: abs(place.band - anchor))[:1]


def _is_telling(text: str) -> bool:
    letters = [mark for mark in text if mark.isalnum()]
    return len(letters) >= _TELLING or any(mark.isalpha() for mark in letters)


def _cost(place: Place, *, anchor: int | None, edges: tuple[float, float] | None, taken: set[int]) -> float:
    rows_off = 0 if anchor is None else place.band - anchor
    cost = _ROW_COST * rows_off if rows_off >= 0 else -_ABOVE_COST * rows_off
    if edges is not None:
        cost += min(abs(place.box.left - edges[0]), abs(place.box.right - edges[1]))
    if taken.intersection(place.tokens):
        cost += _TAKEN_COST
    return cost + 100 * (1 - place.quality)


def _with_form_fields(chosen: dict[str, Place], cells: Cells) -> dict[str, Place]:
    """The row with its cells that stand in form fields only: those have no printed row."""
    forms = {
        column: places[0]
        for column, places in cells.items()
        if column not in chosen and places and not places[0].tokens
    }
    return {**forms, **chosen}
