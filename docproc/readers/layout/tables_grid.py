"""Words of a table's rows into its columns: by the header's place first, then by where the data really stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

from docproc.domain.page import Word
from docproc.domain.schema import FieldKind
from docproc.readers.layout.lines import Row
from docproc.readers.layout.tables_headers import Column, is_figure
from docproc.readers.layout.tables_targets import Target
from docproc.readers.layout.tables_vocabulary import UNITS, Role
from docproc.values.currency import parse_currency
from docproc.values.text import fold

#: costs of putting a word into a column; only their relations matter
OUTSIDE = 2.0  # wholly outside of the column's span
PER_HEIGHT = 0.4  # for each height of distance, on top
LETTERS_AMONG_NUMBERS = 1.7
UNIT_AMONG_NUMBERS = 0.2
NUMBER_IN_TEXT = 0.4
OFF_CENTRE = 0.3
#: a plain number stands in a column of dates only as the day or the year of one
NUMBER_IN_DATES = 0.8
SHORTEST_DATE = 6
#: running text costs little where it runs out of its column: words at most this many heights after the last
RUN_GAP, RUN_SHARE = 0.8, 0.3
RUN_START = 0.4
#: a number after white space in a column of text
LONE_NUMBER = 3.4
#: leaving a column within running text; free from this many heights of white space on
BREAK_COST, BREAK_GAP = 1.8, 1.1
#: staying in a column of numbers across white space, for each height beyond
STAY_GAP, STAY_COST, STAY_MAX = 1.6, 0.5, 2.0
FARTHEST = 14.0

#: rows from which the places of columns are learned
SAMPLE = 120


class LaneKind(Enum):
    """What words a column holds."""

    NUMBER = auto()
    DATE = auto()
    #: may run to the next column, and wrap
    TEXT = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Lane:
    """The span on the page that a column's words keep to, and what kind of words they are."""

    left: float
    right: float
    kind: LaneKind

    @property
    def numeric(self) -> bool:
        return self.kind is LaneKind.NUMBER

    @property
    def text(self) -> bool:
        return self.kind is LaneKind.TEXT

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """One visual row of a table, its words by column."""

    row: Row
    #: column index -> its words, left to right
    cells: dict[int, tuple[Word, ...]]

    @property
    def page(self) -> int:
        return self.row.page


@lru_cache(maxsize=65536)
def is_mark(text: str) -> bool:
    """Whether a word may stand beside a number: a unit, a currency, a per cent sign."""
    plain = fold(text).replace("(s)", "s").strip("().:/*")
    return not plain or plain in UNITS or plain == "%" or parse_currency(plain) is not None


def lanes_of(columns: Sequence[Column], targets: Sequence[Target], *, page_right: float) -> list[Lane]:
    """Where the words of each column are to be expected, from the header alone."""
    lanes = []
    for index, column in enumerate(columns):
        kind = _kind(targets[column.target]) if column.target is not None else LaneKind.OTHER
        right = column.box.right
        if kind is LaneKind.TEXT:  # runs to the next column; a wide last column, to the page's edge
            right = columns[index + 1].box.left - 1 if index + 1 < len(columns) else page_right
        lanes.append(Lane(column.box.left, max(right, column.box.right), kind))
    return lanes


def _kind(target: Target) -> LaneKind:
    if target.is_numeric or target.role is Role.POSITION:
        return LaneKind.NUMBER
    if target.is_text:
        return LaneKind.TEXT
    dated = target.spec.kind is FieldKind.DATE if target.spec is not None else target.role is Role.DATE
    return LaneKind.DATE if dated else LaneKind.OTHER


def learned(lanes: Sequence[Lane], lines: Sequence[Line], *, page_right: float) -> list[Lane]:
    """`lanes` moved to where the words put into them stand, for those that tell."""
    spans: list[tuple[float, float] | None] = [_span_of(index, lane, lines) for index, lane in enumerate(lanes)]
    moved: list[Lane] = []
    for index, lane in enumerate(lanes):
        span = spans[index]
        left, right = span if span is not None else (lane.left, lane.right)
        if lane.text:
            left = min(left, lane.left) if span is None else left
            following = next((s[0] for s in spans[index + 1 :] if s is not None), None)
            limit = lanes[index + 1].left if index + 1 < len(lanes) else page_right
            right = max(limit if following is None else min(following, max(limit, right)), left + 1) - 1
        moved.append(Lane(left, right, lane.kind))
    return moved


def _span_of(index: int, lane: Lane, lines: Sequence[Line]) -> tuple[float, float] | None:
    """Where the words of column `index` begin and end, strays left out."""
    boxes = []
    for line in lines[:SAMPLE]:
        words = line.cells.get(index, ())
        if lane.numeric and not any(is_figure(word.text) for word in words):
            continue
        if lane.numeric:
            words = tuple(word for word in words if is_figure(word.text) or is_mark(word.text))
        if words and len(line.cells) > 1:
            boxes.append((words[0].left, words[-1].right))
    if not boxes:
        return None
    lefts, rights = sorted(left for left, _ in boxes), sorted(right for _, right in boxes)
    stray = len(boxes) // 10
    return lefts[stray], rights[-1 - stray]


def split(row: Row, lanes: Sequence[Lane]) -> Line:
    """The words of `row` put into columns from left to right, at the least cost as a whole."""
    words = row.words
    costs = _costs(words[0], lanes)
    came_from: list[list[int]] = []
    for before, word in pairwise(words):
        height = max(word.bottom - word.top, 1.0)
        gap = (word.left - before.right) / height
        figure = is_figure(word.text)
        counted = gap < RUN_GAP and not figure and is_figure(before.text)
        runs = gap < RUN_GAP and not figure and not _starts_text(word, lanes)
        apart_in_numbers, apart_in_text = _apart(gap, figure=figure)
        leave = BREAK_COST * max(0.0, 1.0 - gap / BREAK_GAP)
        best, best_at = float("inf"), 0
        following: list[float] = []
        origins: list[int] = []
        for at, (lane, cost) in enumerate(zip(lanes, _costs(word, lanes), strict=True)):
            stay = costs[at] + (apart_in_numbers if lane.numeric else apart_in_text)
            if runs and lane.text:
                stay += cost * RUN_SHARE
            elif counted and lane.numeric:  # "6 titles": what is counted stays with its number
                stay += UNIT_AMONG_NUMBERS
            else:
                stay += cost
            if best + leave + cost < stay:
                following.append(best + leave + cost)
                origins.append(best_at)
            else:
                following.append(stay)
                origins.append(at)
            if costs[at] < best:
                best, best_at = costs[at], at
        costs = following
        came_from.append(origins)
    at = min(range(len(lanes)), key=lambda index: costs[index])
    path = [at]
    for origins in reversed(came_from):
        at = origins[at]
        path.append(at)
    cells: dict[int, list[Word]] = {}
    for word, column in zip(words, reversed(path), strict=True):
        cells.setdefault(column, []).append(word)
    return Line(row, {column: tuple(found) for column, found in cells.items()})


def _apart(gap: float, *, figure: bool) -> tuple[float, float]:
    """What it costs to stay in a column of numbers, and in any other, across white space.

    A number that stands off is hardly a part of a text.
    """
    if gap <= STAY_GAP:
        return 0.0, 0.0
    return min(STAY_MAX, STAY_COST * (gap - STAY_GAP)), LONE_NUMBER if figure else 0.0


def _starts_text(word: Word, lanes: Sequence[Lane]) -> bool:
    """Whether a column of text begins where `word` does."""
    reach = RUN_START * (word.bottom - word.top)
    return any(lane.text and abs(word.left - lane.left) < reach for lane in lanes)


def _costs(word: Word, lanes: Sequence[Lane]) -> list[float]:
    """How badly `word` fits into each of `lanes`."""
    left, right = word.left, word.right
    height = max(word.bottom - word.top, 1.0)
    width = max(right - left, 0.1)
    among_numbers, among_dates, in_text = _misfits(word.text)
    costs = []
    for lane in lanes:
        overlap = min(right, lane.right) - max(left, lane.left)
        if overlap > 0:
            cost = OUTSIDE * (1.0 - overlap / width)
        else:
            cost = OUTSIDE + PER_HEIGHT * min(FARTHEST, -overlap / height)
        if lane.numeric:
            spread = max(lane.right - lane.left, width)
            cost += OFF_CENTRE * min(2.0, abs((left + right) / 2 - lane.middle) / spread)
            cost += among_numbers
        elif lane.text:
            cost += in_text
        elif lane.kind is LaneKind.DATE:
            cost += among_dates
        costs.append(cost)
    return costs


def _misfits(text: str) -> tuple[float, float, float]:
    """How badly a word fits among numbers, among dates and into running text, wherever it stands."""
    figure = is_figure(text)
    among_numbers = 0.0 if figure else UNIT_AMONG_NUMBERS if is_mark(text) else LETTERS_AMONG_NUMBERS
    among_dates = NUMBER_IN_DATES if text.isdecimal() and len(text) < SHORTEST_DATE else 0.0
    return among_numbers, among_dates, NUMBER_IN_TEXT if figure else 0.0
