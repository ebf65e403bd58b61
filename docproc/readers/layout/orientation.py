"""Pages whose print lies on its side, upside down or aslant, made straight, with the way back; knows geometry only."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median
from typing import Final, NamedTuple

from docproc.domain.geometry import Box, enclosing
from docproc.domain.page import PageContent, TextSource, Word
from docproc.readers.layout.lines import UPRIGHT_LENGTH, stands_upright

#: share of upright words from which the whole page is printed sideways
SIDEWAYS: Final = 0.6
#: on such a page words need only be this much taller than wide
SIDEWAYS_WORD: Final = 1.1
#: share of the steps from word to word that go left, from which a page is upside down, and the fewest steps that tell
BACKWARDS: Final = 0.8
BACKWARD_STEPS: Final = 4
#: a line tells its slope when its words' middles are this many heights apart; so many lines tell that of a page
SLOPE_REACH: Final = 2.0
SLOPED_LINES: Final = 5
#: print is aslant when a line across the page rises or falls by this share of its height
ASLANT: Final = 0.5
#: a steeper line is no line
STEEPEST: Final = 0.3

#: where a box of a straightened page stands on the page as displayed
BoxTurn = Callable[[Box], Box]


def turned(page: PageContent) -> tuple[PageContent, BoxTurn]:
    """`page` with its print the right way up and level, and the way back for boxes; most pages stay as they are.

    A landscape table is often printed sideways on a portrait page without any rotation entry in the file, some
    viewers turn pages over, and photos are aslant.
    """
    upright = [word for word in page.words if stands_upright(word, ratio=SIDEWAYS_WORD)]
    long_words = sum(len(word.text) >= UPRIGHT_LENGTH for word in page.words)
    if long_words and len(upright) >= SIDEWAYS * long_words:
        turn, back = _turns(page, upwards=_reads_upwards(upright))
        return replace(page, words=_moved(page.words, turn), width=page.height, height=page.width), back
    if _reads_backwards(page.words):
        over = _turned_over(page)
        return replace(page, words=_moved(page.words, over)), over
    slope = _slope(page) if page.source is TextSource.OCR else None
    return (page, _same) if slope is None else _level(page, slope)


def _same(box: Box) -> Box:
    return box


def _moved(words: Sequence[Word], turn: BoxTurn) -> tuple[Word, ...]:
    return tuple(word._replace(**turn(word.box)._asdict()) for word in words)


def _turns(page: PageContent, *, upwards: bool) -> tuple[BoxTurn, BoxTurn]:
    width, height = page.width, page.height
    if upwards:
        return (
            lambda box: Box(height - box.bottom, box.left, height - box.top, box.right),
            lambda box: Box(box.top, height - box.right, box.bottom, height - box.left),
        )
    return (
        lambda box: Box(box.top, width - box.right, box.bottom, width - box.left),
        lambda box: Box(width - box.bottom, box.left, width - box.top, box.right),
    )


def _turned_over(page: PageContent) -> BoxTurn:
    width, height = page.width, page.height
    return lambda box: Box(width - box.right, height - box.bottom, width - box.left, height - box.top)


def _reads_upwards(words: Sequence[Word]) -> bool:
    """Whether the words of a text line follow one another towards the top of the page."""
    votes = sum(
        1 if after.top < before.top else -1
        for before, after in pairwise(words)
        if before.line == after.line and before.top != after.top
    )
    return votes >= 0


def _reads_backwards(words: Sequence[Word]) -> bool:
    """Whether the words of text lines follow one another to the left; lines of Hebrew and Arabic always do."""
    steps = [
        after.right <= before.left
        for before, after in pairwise(words)
        if before.line == after.line and not (_runs_left(before.text) or _runs_left(after.text))
    ]
    return len(steps) >= BACKWARD_STEPS and sum(steps) >= BACKWARDS * len(steps)


def _runs_left(text: str) -> bool:
    return any(unicodedata.bidirectional(mark) in {"R", "AL"} for mark in text)


@dataclass(frozen=True, slots=True)
class _Slope:
    """How much lines fall per point to the right: a lens makes it differ from top to bottom."""

    #: at the top of the page
    start: float
    #: more of it per point further down
    growth: float
    #: where nothing moves
    middle: float

    def at(self, height: float) -> float:
        return self.start + self.growth * height

    def level(self, box: Box) -> Box:
        """Where a word's box stands on the page made level: lower, too, as slanting print fills a higher box."""
        slope = self.at(box.middle_y)
        middle = box.middle_y - slope * (box.middle_x - self.middle)
        half = max(box.height - abs(slope) * box.width, box.height / 2) / 2
        return Box(box.left, middle - half, box.right, middle + half)


class _Sloped(NamedTuple):
    """One line of print: how high it stands, its slope, and how far it reaches."""

    height: float
    slope: float
    reach: float


def _slope(page: PageContent) -> _Slope | None:
    """The slope of a page whose lines are aslant; None where they are level or too few to tell."""
    lines = list(_sloped_lines(page.words))
    if len(lines) < SLOPED_LINES:
        return None
    usual = median(line.slope for line in lines)
    found = _fitted([line for line in lines if abs(line.slope - usual) < STEEPEST / 2], page.width / 2)
    across = max(word.right for word in page.words) - min(word.left for word in page.words)
    steepest = max(abs(found.at(line.height)) for line in lines)
    tall = median(word.bottom - word.top for word in page.words)
    return found if steepest * across > ASLANT * tall else None


def _sloped_lines(words: Sequence[Word]) -> Iterator[_Sloped]:
    for _, members in groupby(words, key=lambda word: word.line):
        boxes = [word.box for word in members]
        first, last = boxes[0], boxes[-1]
        reach = last.middle_x - first.middle_x
        if reach > SLOPE_REACH * first.height and abs(slope := (last.middle_y - first.middle_y) / reach) < STEEPEST:
            yield _Sloped((first.middle_y + last.middle_y) / 2, slope, reach)


def _fitted(lines: Sequence[_Sloped], middle: float) -> _Slope:
    """The straight line through the slopes, the long lines weighing most."""
    total = sum(line.reach for line in lines)
    height = sum(line.reach * line.height for line in lines) / total
    slope = sum(line.reach * line.slope for line in lines) / total
    spread = sum(line.reach * (line.height - height) ** 2 for line in lines)
    common = sum(line.reach * (line.height - height) * (line.slope - slope) for line in lines)
    growth = common / spread if spread else 0.0
    return _Slope(slope - growth * height, growth, middle)


def _level(page: PageContent, slope: _Slope) -> tuple[PageContent, BoxTurn]:
    level = replace(page, words=_moved(page.words, slope.level))

    def back(box: Box) -> Box:
        """The boxes that the words within `box` were printed in."""
        inside = [
            printed.box
            for word, printed in zip(level.words, page.words, strict=True)
            if box.left <= word.box.middle_x <= box.right and box.top <= word.box.middle_y <= box.bottom
        ]
        return enclosing(inside) if inside else box

    return level, back
