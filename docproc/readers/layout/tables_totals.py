"""Lines of a table that are no rows: totals, sums carried over, page notes; told by their words."""

import re
from collections.abc import Collection, Sequence
from enum import Enum, auto

from docproc.domain.page import Word
from docproc.readers.layout.tables_grid import Line, is_mark
from docproc.readers.layout.tables_headers import is_figure
from docproc.readers.layout.tables_targets import words_of
from docproc.readers.layout.tables_vocabulary import (
    ALLOWANCE_WORDS,
    CARRY_LABELS,
    CHARGE_HEADS,
    TOTAL_HEADS,
    TOTAL_OPENINGS,
    TOTAL_WORDS,
)

#: "page 1 of 2", not a sentence that ends in one
MAX_NOTE_WORDS = 3
#: what is taken off prints its base and its amount; a quantity as well makes it a row
MAX_ALLOWANCE = 2

# single letters are left out of what a line says
_CARRY = frozenset(tuple(word for word in label.split() if len(word) > 1) for label in CARRY_LABELS.split("|"))
_CARRY_LENGTHS = frozenset(map(len, _CARRY))
_PAGE_NOTE = re.compile(
    r"(?:^|\W)(?:page|seite|pagina|blatt|p)\W{0,3}\d+\W{0,3}(?:(?:of|von|sur|de|di|van|/)\W{0,3}\d+)?\W*$"
)


class LineKind(Enum):
    """What a line of a table is."""

    ROW = auto()
    CARRY = auto()
    TOTAL = auto()
    PAGE_NOTE = auto()


def kind_of(line: Line, *, figures: Collection[int], texts: Collection[int], text_left: float | None) -> LineKind:
    """What `line` is; `figures` are the key columns it fills, `texts` the text columns, the first from `text_left`."""
    words = line.row.words
    said = words_said(words)
    if said and _PAGE_NOTE.search(line.row.text.casefold()) and len(said) <= MAX_NOTE_WORDS:
        return LineKind.PAGE_NOTE
    if any(tuple(said[:length]) in _CARRY for length in _CARRY_LENGTHS):
        return LineKind.CARRY
    if is_total(said):
        if said[0] in CHARGE_HEADS and _is_row_like(line, figures, texts, text_left):
            return LineKind.ROW
        return LineKind.TOTAL
    if len(figures) <= MAX_ALLOWANCE and not ALLOWANCE_WORDS.isdisjoint(said) and _takes_off(words):
        return LineKind.CARRY
    if opens_total(said) and len(figures) <= 1:
        return LineKind.TOTAL
    if len(figures) <= 1 and is_total(_label_before_figure(line)):
        return LineKind.TOTAL
    return LineKind.ROW


def words_said(words: Collection[Word]) -> list[str]:
    """The words of a line in comparable form, without numbers, units, currencies and single letters."""
    return [
        plain
        for word in words
        if not is_figure(word.text) and not is_mark(word.text)
        for plain in words_of(word.text)
        if len(plain) > 1 and not plain.isdigit()
    ]


def is_total(said: list[str]) -> bool:
    """Whether `said`, the words of a line or of a label, name nothing but a total."""
    return bool(said) and all(word in TOTAL_WORDS for word in said) and any(word in TOTAL_HEADS for word in said)


def _takes_off(words: Sequence[Word]) -> bool:
    """Whether the last figure of a line is less than nothing."""
    last = next((word.text for word in reversed(words) if is_figure(word.text)), "")
    return last.startswith(("-", "(", "\N{MINUS SIGN}")) or last.endswith("-")


def opens_total(said: list[str]) -> bool:
    """Whether the words of a line begin like those of a total."""
    return bool(said) and said[0] in TOTAL_OPENINGS


def _is_row_like(line: Line, figures: Collection[int], texts: Collection[int], text_left: float | None) -> bool:
    """Shipping, a discount or a tax may be billed as a row of its own: set like the other rows."""
    if len(figures) > 1:
        return True
    starts = [line.cells[column][0] for column in texts if column in line.cells]
    return any(text_left is not None and abs(word.left - text_left) < word.bottom - word.top for word in starts)


def _label_before_figure(line: Line) -> list[str]:
    """The words of the cell that stands before the last figure: totals printed beside something else."""
    cells = line.row.cells
    for at in range(len(cells) - 1, -1, -1):
        words = cells[at].words
        first = next((index for index, word in enumerate(words) if is_figure(word.text)), None)
        if first is None:
            continue
        label = words_said(words[:first])
        if label or at == 0:
            return label
        before = cells[at - 1].words
        return words_said(before) if not any(is_figure(word.text) for word in before) else []
    return []
