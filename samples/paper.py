"""A small drawing kit over PyMuPDF: text, rules, tables on a page. Knows nothing of what is drawn."""

# PyMuPDF has types for half of what it offers
# mypy: disable-error-code="no-untyped-call"

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, TypedDict

import pymupdf
from typing_extensions import Unpack

Colour: TypeAlias = tuple[float, float, float]
Align: TypeAlias = Literal["left", "right", "centre"]

INK: Colour = (0.13, 0.14, 0.17)
GREY: Colour = (0.45, 0.47, 0.51)
LIGHT: Colour = (0.86, 0.87, 0.89)
WHITE: Colour = (1.0, 1.0, 1.0)

#: the faces that PyMuPDF itself carries
SANS, SANS_BOLD, SANS_ITALIC = "helv", "hebo", "heit"
SERIF, SERIF_BOLD, SERIF_ITALIC = "tiro", "tibo", "tiit"
MONO, MONO_BOLD = "cour", "cobo"

A4 = (595.0, 842.0)
TEXT_SIZE = 9.5


class Style(TypedDict, total=False):
    """How a text is set; what is left out is plain."""

    size: float
    face: str
    colour: Colour
    align: Align


@cache
def _face(name: str) -> pymupdf.Font:
    return pymupdf.Font(name)


def hex_colour(code: str) -> Colour:
    """`#1f4e79` as PyMuPDF wants it."""
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def text_width(text: str, *, size: float, face: str = SANS) -> float:
    """Width of `text` in page points."""
    return float(_face(face).text_length(text, size))


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: its heading, its edges, and how its cells are set."""

    heading: str
    left: float
    right: float
    align: Align = "left"


class Sheet:
    """One page to draw on; every y is a baseline, counted from the top."""

    def __init__(self, document: pymupdf.Document, *, size: tuple[float, float] = A4) -> None:
        self.page = document.new_page(width=size[0], height=size[1])
        self.width, self.height = size

    def text(
        self,
        x: float,
        y: float,
        text: str,
        **style: Unpack[Style],
    ) -> None:
        """One line of text; `x` is its left end, right end or middle."""
        size, face = style.get("size", TEXT_SIZE), style.get("face", SANS)
        shift = {"left": 0.0, "right": 1.0, "centre": 0.5}[style.get("align", "left")]
        alias = f"F{face}"
        self.page.insert_font(fontname=alias, fontbuffer=_face(face).buffer)
        start = (x - shift * text_width(text, size=size, face=face), y)
        self.page.insert_text(start, text, fontname=alias, fontsize=size, color=style.get("colour", INK))

    def lines(
        self, x: float, y: float, texts: tuple[str, ...], *, leading: float = 13.0, **style: Unpack[Style]
    ) -> float:
        """Several lines one below the other; returns the baseline of the next one."""
        for text in texts:
            self.text(x, y, text, **style)
            y += leading
        return y

    def paragraph(
        self, x: float, y: float, text: str, *, width: float, leading: float = 13.5, **style: Unpack[Style]
    ) -> float:
        """Text broken into lines of at most `width`; returns the baseline of the next line."""
        size, face = style.get("size", TEXT_SIZE), style.get("face", SANS)
        return self.lines(x, y, tuple(wrapped(text, width=width, size=size, face=face)), leading=leading, **style)

    def rule(self, x0: float, y: float, x1: float, *, colour: Colour = LIGHT, width: float = 0.7) -> None:
        """A horizontal line."""
        self.page.draw_line((x0, y), (x1, y), color=colour, width=width)

    def box(
        self,
        box: tuple[float, float, float, float],
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
        width: float = 0.7,
        radius: float | None = None,
    ) -> None:
        """A rectangle, with round corners if `radius` (a share of the shorter side) is given."""
        self.page.draw_rect(pymupdf.Rect(box), color=stroke, fill=fill, width=width, radius=radius)

    def disc(self, x: float, y: float, *, radius: float, fill: Colour) -> None:
        self.page.draw_circle((x, y), radius, color=None, fill=fill, width=0)

    def shape(self, *points: tuple[float, float], fill: Colour) -> None:
        """A filled polygon."""
        self.page.draw_polyline([*points, points[0]], color=None, fill=fill, closePath=True, width=0)

    def row(self, y: float, columns: tuple[Column, ...], cells: tuple[str, ...], **style: Unpack[Style]) -> None:
        """The cells of one table row; an empty cell draws nothing."""
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                self.cell(y, column, cell, **style)

    def cell(self, y: float, column: Column, cell: str, **style: Unpack[Style]) -> None:
        at = {"left": column.left, "right": column.right, "centre": (column.left + column.right) / 2}[column.align]
        aligned: Style = {**style, "align": column.align}
        self.text(at, y, cell, **aligned)


def wrapped(text: str, *, width: float, size: float, face: str = SANS) -> list[str]:
    """`text` broken at spaces into lines of at most `width` page points."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in part.split(" "):
            longer = f"{line} {word}".strip()
            if line and text_width(longer, size=size, face=face) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def new_document(title: str, author: str) -> pymupdf.Document:
    """An empty PDF whose metadata says nothing of when and where it was made."""
    document = pymupdf.open()
    stamp = "D:20250601090000Z"
    document.set_metadata(
        {"title": title, "author": author, "creator": author, "producer": "", "creationDate": stamp, "modDate": stamp}
    )
    return document


def pdf_bytes(document: pymupdf.Document) -> bytes:
    """The finished PDF, small and the same on every run."""
    document.subset_fonts()
    return bytes(document.tobytes(garbage=4, deflate=True, no_new_id=True))
