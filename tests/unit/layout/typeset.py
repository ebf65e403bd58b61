"""Pages and schemas for tests of the layout reader: text placed by hand."""

from collections.abc import Sequence
from typing import TypeAlias

from docproc.domain.page import FormField, PageContent, TextSource, Word
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings, Shape
from docproc.readers.layout.reader import LayoutReader

LETTER, HEIGHT, LEADING = 5.0, 10.0, 12.0

#: cells of one line: a text at the left margin, or (left, text) pairs
Line: TypeAlias = "str | Sequence[tuple[float, str]]"


def words_of(lines: Sequence[Line], *, top: float = 40.0, height: float = HEIGHT) -> list[Word]:
    words: list[Word] = []
    for number, line in enumerate(lines):
        for left, text in [(50.0, line)] if isinstance(line, str) else line:
            at = left
            for part in text.split(" "):
                right = at + LETTER * len(part)
                if part:
                    words.append(Word(part, at, top, right, top + height, number))
                at = right + LETTER * 0.6
        top += LEADING if line else LEADING * 2
    return words


def page_of(
    lines: Sequence[Line],
    *,
    number: int = 1,
    source: TextSource = TextSource.TEXT_LAYER,
    form_fields: tuple[FormField, ...] = (),
) -> PageContent:
    return PageContent(
        number=number,
        width=595,
        height=842,
        rotation=0,
        source=source,
        words=tuple(words_of(lines)),
        form_fields=form_fields,
    )


def window_of(*pages: Sequence[Line], day_first: bool | None = None) -> Window:
    contents = [page_of(lines, number=number) for number, lines in enumerate(pages, 1)]
    return Window(pages=contents, page_count=len(contents), day_first=day_first)


def leaf(name: str, kind: FieldKind = FieldKind.TEXT, *, description: str = "", **rest) -> FieldSpec:
    return FieldSpec(name=name, kind=kind, description=description, **rest)


def group(name: str, *children: FieldSpec) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.GROUP, children=children)


def strings(name: str, kind: FieldKind = FieldKind.TEXT) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.LIST, item=FieldSpec(name="item", kind=kind))


def rows(name: str, *children: FieldSpec) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.LIST, item=FieldSpec(name="row", shape=Shape.GROUP, children=children))


def schema_of(*fields: FieldSpec, day_first: bool | None = None) -> ExtractionSchema:
    return ExtractionSchema(
        name="test",
        version=1,
        fields=fields,
        json_schema={},
        check_shape=lambda _: (),
        check_rules=lambda _: RuleFindings(),
        day_first=day_first,
    )


def read(lines: Sequence[Line], *fields: FieldSpec, day_first: bool | None = None) -> Reading:
    return LayoutReader().read(window_of(lines), schema_of(*fields, day_first=day_first))


def value(lines: Sequence[Line], field: FieldSpec, *, day_first: bool | None = None) -> object:
    return read(lines, field, day_first=day_first).record[field.name]
