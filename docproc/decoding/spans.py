"""Which tokens wrote which value, while they are written. Knows no schema and no model."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from docproc.decoding.cursor import Leaf, RecordCursor


class TokenShare(NamedTuple):
    """A token, and how much of it is a value's own."""

    #: its position in the answer
    token: int
    #: share of the token's bytes that are the value's, above 0 up to 1
    share: float


class ValueSpans:
    """Feed it every token's bytes; it knows the tokens of each leaf, quotes and keys left out."""

    def __init__(self) -> None:
        self.cursor = RecordCursor()
        #: by field path
        self.leaves: dict[str, Leaf] = {}
        self._ends: list[int] = []
        self._text = bytearray()

    @property
    def text(self) -> bytes:
        """All bytes so far."""
        return bytes(self._text)

    def feed(self, token_text: bytes) -> tuple[Leaf, ...]:
        """Take the next token; gives the leaves that it ended."""
        self._text += token_text
        self._ends.append(len(self._text))
        ended = tuple(self.cursor.feed(token_text))
        self.leaves.update({leaf.path: leaf for leaf in ended})
        return ended

    def raw(self, path: str) -> bytes:
        """The JSON text of a leaf."""
        leaf = self.leaves[path]
        return bytes(self._text[leaf.start : leaf.end])

    def tokens(self, path: str) -> tuple[TokenShare, ...]:
        """The tokens of a leaf's value; of an empty text the token with its quotes."""
        leaf = self.leaves[path]
        quoted = self._text[leaf.start : leaf.start + 1] == b'"'
        start, end = (leaf.start + 1, leaf.end - 1) if quoted else (leaf.start, leaf.end)
        if start == end:
            start, end = leaf.start, leaf.end
        return tuple(self._shares(start, end))

    def _shares(self, start: int, end: int) -> Iterator[TokenShare]:
        for index in range(bisect_right(self._ends, start), bisect_left(self._ends, end) + 1):
            begin, stop = self._ends[index - 1] if index else 0, self._ends[index]
            yield TokenShare(index, (min(stop, end) - max(begin, start)) / (stop - begin))
