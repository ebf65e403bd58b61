"""A place in a window where a value may stand, and how a stretch of words becomes one; knows no values."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.geometry import Box, enclosing
from docproc.domain.page import PageContent
from docproc.grounding.tokens import Token
from docproc.grounding.track import Run, Track
from docproc.values.text import key

_ENDS = " .,;:()[]\"'"


class Place(NamedTuple):
    """A candidate for the evidence of a value."""

    #: index of the page in the window, of its first word
    page: int
    #: around all its words on that page
    box: Box
    #: the print
    text: str
    match: MatchKind
    #: how well the print agrees, 0 to 1
    quality: float
    #: printed row of its first word, counted through the window; -1: a form field
    band: int
    #: token indices; empty: a form field
    tokens: tuple[int, ...] = ()
    #: lowest recogniser score of its words; None for a text layer
    ocr: float | None = None
    #: name and tooltip of a form field
    label: str = ""
    #: words that go on over a page's end, with their boxes
    rest: tuple[tuple[int, Box, str], ...] = ()

    def evidence(self, pages: Sequence[PageContent]) -> tuple[Evidence, ...]:
        """The place in page points; one piece of evidence a page."""
        parts = ((self.page, self.box, self.text), *self.rest)
        return tuple(
            Evidence(page=pages[page].number, box=box.rounded(), text=text, match=self.match)
            for page, box, text in parts
        )


def said_exactly(place: Place, text: str) -> Place:
    """The place as an exact match when it prints the very characters of `text`, punctuation at its ends aside."""
    if place.match is MatchKind.NORMALISED and place.text.strip(_ENDS) == text.strip(_ENDS):
        return place._replace(match=MatchKind.EXACT)
    return place


class Line(NamedTuple):
    """Words joined by a space, with the way back from an offset to a token."""

    text: str
    indices: Sequence[int]
    starts: list[int]


def join_line(indices: Sequence[int], tokens: Sequence[Token]) -> Line:
    starts: list[int] = []
    total = 0
    for index in indices:
        starts.append(total)
        total += len(tokens[index].text) + 1
    return Line(" ".join(tokens[index].text for index in indices), indices, starts)


def place_of_span(
    line: Line, start: int, end: int, *, tokens: Sequence[Token], match: MatchKind, quality: float = 1.0
) -> Place:
    """The place of `line.text[start:end]`."""
    first, last = bisect_right(line.starts, start) - 1, bisect_right(line.starts, end - 1) - 1
    return _cover(
        tuple(line.indices[first : last + 1]),
        (start - line.starts[first], end - line.starts[last]),
        tokens=tokens,
        match=match,
        quality=quality,
    )


def place_of_run(run: Run, track: Track, *, tokens: Sequence[Token], match: MatchKind) -> Place:
    """The place of a run of a track."""
    indices = tuple(track.order[run.first : run.last + 1])
    return _cover(indices, _printed_ends(run, track, tokens), tokens=tokens, match=match, quality=run.similarity)


def stands_alone(run: Run, track: Track, tokens: Sequence[Token]) -> bool:
    """Whether no letter or digit touches the run: it is not cut out of a longer word."""
    first, last = tokens[track.order[run.first]], tokens[track.order[run.last]]
    if run.start == 0 and run.end == len(last.key):
        return True
    start, end = _printed_ends(run, track, tokens)
    return not (start > 0 and first.text[start - 1].isalnum()) and not last.text[end : end + 1].isalnum()


def splits_number(run: Run, track: Track, tokens: Sequence[Token]) -> bool:
    """Whether the run begins or ends inside a row of digits."""
    first, last = tokens[track.order[run.first]].key, tokens[track.order[run.last]].key
    return (run.start > 0 and first[run.start - 1 : run.start + 1].isdigit()) or (
        run.end < len(last) and last[run.end - 1 : run.end + 1].isdigit()
    )


def _printed_ends(run: Run, track: Track, tokens: Sequence[Token]) -> tuple[int, int]:
    """Offsets of the run's first letter in the print of its first word, and behind its last letter in its last."""
    first, last = tokens[track.order[run.first]], tokens[track.order[run.last]]
    end = _printed(last, run.end - 1) + 1
    # `Inc.` and `(UK)` keep the mark that belongs to them
    while last.text[end : end + 1] in {".", ")", "%"}:
        end += 1
    return _printed(first, run.start), end


def _printed(token: Token, place: int) -> int:
    """Offset in the print of the letter at `place` in the key."""
    if len(token.key) == len(token.text):
        return place
    passed = accumulate(len(key(mark)) for mark in token.text)
    return next((offset for offset, letters in enumerate(passed) if letters > place), len(token.text) - 1)


def _cover(
    indices: tuple[int, ...], ends: tuple[int, int], *, tokens: Sequence[Token], match: MatchKind, quality: float
) -> Place:
    """The place of whole words; of the first and the last `ends` may cut a part, with its share of the box."""
    texts = [tokens[index].text for index in indices]
    boxes = [tokens[index].box for index in indices]
    texts[-1], boxes[-1] = _cut(texts[-1], boxes[-1], 0, ends[1])
    texts[0], boxes[0] = _cut(texts[0], boxes[0], ends[0], len(texts[0]))
    page = tokens[indices[0]].page
    here = next((n for n, index in enumerate(indices) if tokens[index].page != page), len(indices))
    rest: tuple[tuple[int, Box, str], ...] = ()
    if here < len(indices):
        rest = ((tokens[indices[here]].page, enclosing(boxes[here:]), " ".join(texts[here:])),)
    scores = [score for index in indices if (score := tokens[index].ocr) is not None]
    return Place(
        page=page,
        box=enclosing(boxes[:here]),
        text=" ".join(texts[:here]),
        match=match,
        quality=quality,
        band=tokens[indices[0]].band,
        tokens=indices,
        ocr=min(scores, default=None),
        rest=rest,
    )


def _cut(text: str, box: Box, start: int, end: int) -> tuple[str, Box]:
    """A part of a word, and its share of the word's box; a word that runs upwards keeps its box."""
    if start <= 0 and end >= len(text):
        return text, box
    if box.height > box.width and len(text) > 1:
        return text[start:end], box
    share = box.width / len(text)
    return text[start:end], Box(box.left + start * share, box.top, box.left + min(end, len(text)) * share, box.bottom)
