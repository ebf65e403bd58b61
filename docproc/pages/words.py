"""Rows of text as a renderer gives them to words with line numbers in reading order; pure, knows no file format."""

from collections.abc import Iterable, Sequence

from docproc.domain.page import Word


def from_rows(rows: Iterable[Sequence[object]]) -> tuple[Word, ...]:
    """Words of rows (left, top, right, bottom, text, block, line, ...); each line of a block gets a number."""
    words: list[Word] = []
    number, last = -1, None
    for left, top, right, bottom, text, block, line, *_ in rows:
        if (block, line) != last:
            number, last = number + 1, (block, line)
        for piece in str(text).split() or ():
            words.append(Word(piece, left, top, right, bottom, number))  # type: ignore[arg-type]
    return tuple(words)
