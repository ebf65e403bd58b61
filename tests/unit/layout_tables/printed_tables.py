"""Pages for tests of tables, from text placed by hand."""

from collections.abc import Sequence
from typing import TypeAlias

from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.reading import Window
from docproc.domain.schema import FieldKind, FieldSpec, Shape

#: width of a letter and height of a word, in page points
LETTER, HEIGHT = 5.0, 10.0

#: top of the line, then (left, text) for each cell; a negative left is the right edge of right-aligned text
PrintedLine: TypeAlias = tuple[float, Sequence[tuple[float, str]]]


def words_of(lines: Sequence[PrintedLine]) -> list[Word]:
    words = []
    for number, (top, cells) in enumerate(lines):
        for place, text in cells:
            left = place if place >= 0 else -place - LETTER * len(text)
            for part in text.split(" "):
                right = left + LETTER * len(part)
                words.append(Word(part, left, top, right, top + HEIGHT, number))
                left = right + LETTER * 0.6
    return words


def page_of(lines: Sequence[PrintedLine], *, number: int = 1) -> PageContent:
    return PageContent(
        number=number, width=595, height=842, rotation=0, source=TextSource.TEXT_LAYER, words=tuple(words_of(lines))
    )


def window_of(*pages: Sequence[PrintedLine]) -> Window:
    contents = [page_of(lines, number=number) for number, lines in enumerate(pages, 1)]
    return Window(pages=contents, page_count=len(contents))


def rows_spec(**kinds: FieldKind) -> FieldSpec:
    children = tuple(FieldSpec(name=name, kind=kind) for name, kind in kinds.items())
    return FieldSpec(name="rows", shape=Shape.LIST, item=FieldSpec(name="row", shape=Shape.GROUP, children=children))


ITEMS = rows_spec(
    description=FieldKind.TEXT, quantity=FieldKind.NUMBER, unit_price=FieldKind.MONEY, line_total=FieldKind.MONEY
)
