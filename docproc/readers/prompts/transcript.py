"""A page as text for a model: its words where they stand, row by row, and what is entered in its form fields."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from docproc.domain.page import FormField, PageContent, Word

#: words whose middles are closer than this share of their height stand in one row
_SAME_ROW = 0.5
#: most spaces between two words: enough to see a column, few enough to be cheap
_WIDEST_GAP = 8


def page_text(page: PageContent) -> str:
    """Lines of text, columns kept apart by runs of spaces; form fields behind them."""
    rows = [_row_text(row, _letter_width(page.words)) for row in _rows(page.words)]
    return "\n".join([*rows, *map(_entered, page.form_fields)])


def _rows(words: Iterable[Word]) -> list[list[Word]]:
    """From top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        if rows and _is_beside(rows[-1][-1], word):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.left) for row in rows]


def _is_beside(one: Word, other: Word) -> bool:
    height = min(one.bottom - one.top, other.bottom - other.top)
    return abs((one.top + one.bottom) - (other.top + other.bottom)) / 2 < _SAME_ROW * height


def _letter_width(words: Sequence[Word]) -> float:
    widths = [(word.right - word.left) / len(word.text) for word in words if word.text]
    return max(median(widths), 0.1) if widths else 1.0


def _row_text(row: Sequence[Word], letter: float) -> str:
    text = row[0].text
    for before, word in pairwise(row):
        spaces = round((word.left - before.right) / letter)
        text += " " * (1 if spaces < 3 else min(spaces, _WIDEST_GAP)) + word.text  # noqa: PLR2004 less is within a text
    return text


def _entered(field: FormField) -> str:
    return f"[{field.label or field.name}]: {field.value}".replace("\n", " ")
