"""Which tokens wrote which value, while they are written. Knows no schema and no model."""

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
        begin = 0
        for index, stop in enumerate(self._ends):
            inside = min(stop, end) - max(begin, start)
            if inside > 0:
                yield TokenShare(index, inside / (stop - begin))
            if stop >= end:
                return
            begin = stop
