"""A row of a table with its columns settled: which words each field takes its value from; knows no page layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docproc.domain.page import Word

#: (page number, words): print that may run over two pages
PagedWords = Sequence[tuple[int, Word]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRead:
    """One row: the words of each target, by the target's index."""

    words: Mapping[int, PagedWords]
    #: whether quantity, price and total agree; None when that cannot be told
    agrees: bool | None = None
    #: how surely the table was understood as a whole, 0 to 1
    trust: float = 1.0
    #: targets whose number counts as less than nothing, though it is printed without a sign
    negated: frozenset[int] = frozenset()

    def plain_words(self, target: int) -> list[Word]:
        """The words of `target` without their pages."""
        return [word for _, word in self.words.get(target, ())]

    @property
    def pages(self) -> dict[int, int]:
        """The page of each word, by the word's identity: equal words may stand on two pages."""
        return {id(word): page for words in self.words.values() for page, word in words}
