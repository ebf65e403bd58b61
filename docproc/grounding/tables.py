"""Chooses the place of every cell of a list: the printed row first, then the column; knows no values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from docproc.grounding.places import Place
from docproc.grounding.rows import Positions, assign, by_position

#: a cell may be printed this many printed rows below its row's first one, at most down to the next row
_ROWS_BELOW = 6
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
        upcoming = next((later for later in anchors[number + 1 :] if later is not None), None)
        chosen.append(_place_row(row, anchor, upcoming=upcoming, edges=edges, columns=columns))
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
    upcoming: int | None,
    edges: Mapping[str, tuple[float, float]],
    columns: Sequence[str],
) -> dict[str, Place]:
    chosen: dict[str, Place] = {}
    taken: set[int] = set()
    # cells with fewer candidates choose first; among equals the columns stand as the schema has them
    order = sorted(row, key=lambda column: (len(_near(row[column], anchor, upcoming)), columns.index(column)))
    for column in order:
        places = _near(row[column], anchor, upcoming) or _nearest(row[column], anchor)
        if places:
            best = min(places, key=lambda place: _cost(place, anchor=anchor, edges=edges.get(column), taken=taken))
            chosen[column] = best
            taken.update(best.tokens)
    return chosen


def _near(positions: Positions, anchor: int | None, upcoming: int | None) -> list[Place]:
    """Candidates in the printed rows that may belong to the row."""
    if anchor is None:
        return []
    end = anchor + _ROWS_BELOW if upcoming is None or upcoming <= anchor else min(upcoming, anchor + _ROWS_BELOW)
    same_row = positions.get(anchor)
    if same_row:
        return list(same_row)
    return [place for band in range(anchor - 1, end + 1) for place in positions.get(band, ())]


def _nearest(positions: Positions, anchor: int | None) -> Sequence[Place]:
    """Candidates of the closest printed row: a value printed once for several rows, such as a date."""
    if not positions:
        return ()
    if anchor is None:
        return positions[min(positions)]
    return positions[min(positions, key=lambda band: (abs(band - anchor), band > anchor))]


def _cost(place: Place, *, anchor: int | None, edges: tuple[float, float] | None, taken: set[int]) -> float:
    rows_off = 0 if anchor is None else place.band - anchor
    cost = _ROW_COST * rows_off if rows_off >= 0 else -_ABOVE_COST * rows_off
    if edges is not None:
        cost += min(abs(place.box.left - edges[0]), abs(place.box.right - edges[1]))
    if taken.intersection(place.tokens):
        cost += _TAKEN_COST
    return cost + 100 * (1 - place.quality)


def _with_form_fields(chosen: dict[str, Place], cells: Cells) -> dict[str, Place]:
    """Cells that stand only in form fields."""
    forms = {column: places[0] for column, places in cells.items() if places and column not in chosen}
    return {**forms, **chosen}
