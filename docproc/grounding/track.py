"""Finds text in one order of a window's words, exactly and nearly, by folded letters and digits; knows no types."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from docproc.grounding.tokens import Token

_GRAM = 4
#: a stretch of letters that is printed more often than this tells no place
_COMMON_GRAM = 200
#: how many places a near match is checked at, and how far its ends may move, in words
_CANDIDATES = 6
_SLACK = 2
_MAX_HITS = 200
_MIN_SHARE = 0.25
#: of a long text only so many stretches are looked up
_MAX_GRAMS = 400


class Run(NamedTuple):
    """A stretch of a track: `first` to `last` are positions in the track, the offsets are in their keys."""

    first: int
    start: int
    last: int
    #: behind the last letter
    end: int
    similarity: float


class Track:
    """The tokens of a window in one order, as one long string of letters and digits."""

    def __init__(self, tokens: Sequence[Token], order: Sequence[int]) -> None:
        self.order = [index for index in order if tokens[index].key]
        self._keys = [tokens[index].key for index in self.order]
        self._starts: list[int] = []
        total = 0
        for text in self._keys:
            self._starts.append(total)
            total += len(text)
        self.text = "".join(self._keys)

    def find(self, needle: str) -> Iterator[Run]:
        """Every place where the letters of `needle` stand, word borders or not."""
        place, hits = self.text.find(needle), 0
        while place >= 0 and hits < _MAX_HITS:
            yield self._run(place, place + len(needle), similarity=1.0)
            hits += 1
            place = self.text.find(needle, place + 1)

    def find_near(self, needle: str, *, least: float) -> list[Run]:
        """The places where whole words are nearly `needle`, best first."""
        if len(needle) < _GRAM + 1:
            return []
        runs = {run for start in self._seeds(needle) if (run := self._fit(needle, start)).similarity >= least}
        return sorted(runs, key=lambda run: -run.similarity)

    @cached_property
    def _grams(self) -> dict[str, list[int]]:
        grams: dict[str, list[int]] = defaultdict(list)
        text = self.text
        for place in range(len(text) - _GRAM + 1):
            grams[text[place : place + _GRAM]].append(place)
        return grams

    def _seeds(self, needle: str) -> list[int]:
        """Where `needle` would begin if the stretches that it shares with the track are what they seem."""
        votes: Counter[int] = Counter()
        bucket = max(4, len(needle) // 8)
        offsets = range(0, len(needle) - _GRAM + 1, max(1, len(needle) // _MAX_GRAMS))
        for offset in offsets:
            places = self._grams.get(needle[offset : offset + _GRAM], ())
            if len(places) <= _COMMON_GRAM:
                votes.update({(place - offset) // bucket for place in places})
        least = max(1.0, _MIN_SHARE * len(offsets) / 2)
        return [seed * bucket for seed, count in votes.most_common(_CANDIDATES) if count >= least]

    def _fit(self, needle: str, start: int) -> Run:
        """The best run of whole words around `start`."""
        begin = self._word_at(max(0, start))
        finish = self._word_at(min(len(self.text) - 1, max(0, start) + len(needle)))
        best = (-1.0, begin, begin)
        for first in range(max(0, begin - _SLACK), min(len(self._keys), begin + _SLACK + 1)):
            for last in range(max(first, finish - _SLACK - 1), min(len(self._keys), finish + _SLACK + 1)):
                text = self.text[self._starts[first] : self._starts[last] + len(self._keys[last])]
                best = max(best, (Levenshtein.normalized_similarity(needle, text), first, last))
        similarity, first, last = best
        return Run(first, 0, last, len(self._keys[last]), similarity)

    def _word_at(self, place: int) -> int:
        return bisect_right(self._starts, place) - 1

    def _run(self, start: int, end: int, *, similarity: float) -> Run:
        first, last = self._word_at(start), self._word_at(end - 1)
        return Run(first, start - self._starts[first], last, end - self._starts[last], similarity)
