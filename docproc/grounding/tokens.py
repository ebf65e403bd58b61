"""The words of a window as one list of tokens with rows, segments and columns; knows no values.

A *band* is a printed row across the whole width of a page, a *segment* a run of words on one line without a wide gap.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from docproc.domain.geometry import Box
from docproc.domain.page import PageContent, TextSource, Word
from docproc.values.text import key

#: a gap wider than this many line heights ends a segment
_SEGMENT_GAP = 1.5
#: the next line of a paragraph begins at most this many line heights lower
_LINE_GAP = 1.3
_MIN_OVERLAP = 0.3


class Token(NamedTuple):
    """One word of the window."""

    text: str
    #: folded letters and digits
    key: str
    #: index of the page in the window
    page: int
    box: Box
    #: printed row, counted through the window
    band: int
    #: recogniser's score; None for a text layer
    ocr: float | None


class Layout(NamedTuple):
    """All tokens of a window, in reading order, and how they lie."""

    tokens: list[Token]
    #: token indices of each segment, in reading order
    segments: list[list[int]]
    #: token indices of each line, in reading order
    lines: list[list[int]]


def lay_out(pages: Sequence[PageContent]) -> Layout:
    """Tokens, lines and segments of `pages`."""
    tokens: list[Token] = []
    lines: list[list[int]] = []
    band = 0
    for number, page in enumerate(pages):
        bands = _bands(page.words)
        first = len(tokens)
        is_ocr = page.source is TextSource.OCR
        for word, row in zip(page.words, bands, strict=True):
            score = word.confidence if is_ocr or word.confidence < 1.0 else None
            tokens.append(Token(word.text, key(word.text), number, word.box, band + row, score))
        lines += _lines(page.words, first)
        band += max(bands, default=-1) + 1
    return Layout(tokens, [segment for line in lines for segment in _segments(line, tokens)], lines)


def _bands(words: Sequence[Word]) -> list[int]:
    """The printed row of each word, from the top."""
    rows = [0] * len(words)
    row, floor = -1, float("-inf")
    for index in sorted(range(len(words)), key=lambda index: words[index].top + words[index].bottom):
        word = words[index]
        if (word.top + word.bottom) / 2 > floor:
            row += 1
            # a word belongs to the row as long as its middle lies above the foot of the row's first word
            floor = (word.top + word.bottom) / 2 + (word.bottom - word.top) * 0.4
        rows[index] = row
    return rows


def _lines(words: Sequence[Word], first: int) -> Iterator[list[int]]:
    line: list[int] = []
    for index, word in enumerate(words):
        if line and words[line[-1] - first].line != word.line:
            yield line
            line = []
        line.append(first + index)
    if line:
        yield line


def _segments(line: list[int], tokens: Sequence[Token]) -> Iterator[list[int]]:
    segment = line[:1]
    for before, after in pairwise(line):
        left, right = tokens[before].box, tokens[after].box
        gap = right.left - left.right
        if gap > _SEGMENT_GAP * max(left.height, right.height) or right.left < left.left - left.height:
            yield segment
            segment = []
        segment.append(after)
    yield segment


def column_order(layout: Layout) -> list[int]:
    """Token indices column by column: each segment is followed by the one printed right under it, if there is one."""
    order: list[int] = []
    for _, page in groupby(layout.segments, key=lambda segment: layout.tokens[segment[0]].page):
        segments = list(page)
        below = _below([_segment_box(segment, layout.tokens) for segment in segments])
        heads = set(range(len(segments))) - set(below.values())
        for head in sorted(heads):
            step: int | None = head
            while step is not None:
                order += segments[step]
                step = below.get(step)
    return order


def _segment_box(segment: Sequence[int], tokens: Sequence[Token]) -> Box:
    first, last = tokens[segment[0]].box, tokens[segment[-1]].box
    return Box(first.left, min(first.top, last.top), last.right, max(first.bottom, last.bottom))


def _below(boxes: Sequence[Box]) -> dict[int, int]:
    """For a segment the one under it; no segment lies under two."""
    by_top = sorted(range(len(boxes)), key=lambda index: boxes[index].top)
    below: dict[int, int] = {}
    taken: set[int] = set()
    for place, upper in enumerate(by_top):
        box = boxes[upper]
        limit = box.bottom + _LINE_GAP * box.height
        best, best_distance = None, float("inf")
        for lower in by_top[place + 1 :]:
            other = boxes[lower]
            if other.top > limit:
                break
            if lower in taken or other.middle_y <= box.bottom or box.horizontal_overlap(other) < _MIN_OVERLAP:
                continue
            distance = other.top - box.bottom + 0.2 * abs(other.left - box.left)
            if distance < best_distance:
                best, best_distance = lower, distance
        if best is not None:
            below[upper] = best
            taken.add(best)
    return below
