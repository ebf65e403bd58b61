"""The running text of a window as one string that knows where each word stands; knows no sentence."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from docproc.domain.page import Word
from docproc.readers.layout.lines import Sheet

#: characters before a hit that are read for what they say about it
CONTEXT: Final = 220
#: characters in which an agreement names its parties
OPENING: Final = 3500


class TextHit(NamedTuple):
    """A value in the running text."""

    value: str
    start: int
    end: int
    #: how much speaks for it; 0 is undecided
    strength: float


@dataclass(frozen=True)
class Prose:
    """All words of a window in reading order as one text."""

    text: str
    words: Sequence[Word]
    pages: Sequence[int]
    starts: Sequence[int]

    def spot(self, start: int, end: int) -> tuple[int, tuple[Word, ...]]:
        """Page number and words of a stretch of the text; of the first page only when it crosses two."""
        first = max(0, bisect_right(self.starts, start) - 1)
        last = max(first + 1, bisect_right(self.starts, end - 1))
        page = self.pages[first]
        return page, tuple(
            word for word, at in zip(self.words[first:last], self.pages[first:last], strict=True) if at == page
        )

    @cached_property
    def opening(self) -> str:
        """The text up to where an agreement has named its parties."""
        return self.text[:OPENING]


def prose_of(sheets: Sequence[Sheet]) -> Prose:
    """The running text of the pages: rows from top to bottom, words hyphenated at line ends left as they are."""
    words: list[Word] = []
    pages: list[int] = []
    starts: list[int] = []
    length = 0
    for sheet in sheets:
        for row in sheet.rows:
            for word in row.words:
                words.append(word)
                pages.append(sheet.page.number)
                starts.append(length)
                length += len(word.text) + 1
    return Prose(" ".join(word.text for word in words), words, pages, starts)
