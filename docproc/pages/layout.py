"""Lines of words into reading order: rows from the top, in a row from the left, columns of prose kept; pure."""

from collections.abc import Sequence

from docproc.domain.geometry import Box, enclosing
from docproc.domain.page import Word

#: lines that share this much of their height stand in one row
_SAME_ROW = 0.5


def in_reading_order(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with their lines renumbered: rows from top to bottom, the lines of a row from left to right."""
    lines: dict[int, list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    boxes = {number: enclosing(word.box for word in members) for number, members in lines.items()}
    ordered: list[Word] = []
    for number, line in enumerate(_ordered(boxes)):
        ordered.extend(word._replace(line=number) for word in sorted(lines[line], key=lambda word: word.left))
    return tuple(ordered)


def _ordered(boxes: dict[int, Box]) -> list[int]:
    rows: list[list[int]] = []
    for number in sorted(boxes, key=lambda number: boxes[number].middle_y):
        row = rows[-1] if rows else None
        if row is not None and boxes[number].vertical_overlap(boxes[row[-1]]) > _SAME_ROW:
            row.append(number)
        else:
            rows.append([number])
    return [number for row in rows for number in sorted(row, key=lambda number: boxes[number].left)]
