"""Rows of text as a renderer gives them to words with line numbers; pure, knows no file format."""

from collections.abc import Sequence
from typing import TypeAlias

from docproc.domain.page import Word

#: left, top, right, bottom, text, block, line, index in the line
Row: TypeAlias = tuple[float, float, float, float, str, int, int, int]


#: half the time of Word(...), for thousands of words a second
_word = Word._make


def from_rows(rows: Sequence[Row]) -> list[Word]:
    """Words in the order of `rows`; each line of each block gets a number of its own."""
    words: list[Word] = []
    number, last = -1, (-1, -1)
    for left, top, right, bottom, text, block, line, _ in rows:
        if (block, line) != last:
            number, last = number + 1, (block, line)
        if text.isalnum():  # most words: no white space to look for
            words.append(_word((text, left, top, right, bottom, number, 1.0)))
        else:  # an exotic blank may stand inside
            words.extend(Word(piece, left, top, right, bottom, number) for piece in text.split())
    return words
