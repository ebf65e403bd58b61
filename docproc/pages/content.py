"""From a loaded page to its content: the text layer when it can be believed, else OCR; knows no file format."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from docproc.domain.page import PageContent, TextSource, Word
from docproc.pages import ink, text_layer
from docproc.pages.loaded import LoadedPage, TextLayer

_OCR_DPI = 200
_POINTS_PER_INCH = 72.0
#: A4 at 200 dpi has 3.9 million; a long receipt may be long
_MAX_PIXELS = 4_000_000
_MAX_SIDE = 8000
#: pixels of the small picture that ink is measured on when none is at hand
_INK_SIDE = 192


class SeenPage(Protocol):
    """What a recogniser makes of a picture."""

    @property
    def words(self) -> tuple[Word, ...]: ...

    @property
    def turn(self) -> int: ...


#: reads a picture (height x width x 3)
Recogniser = Callable[[NDArray[np.uint8]], SeenPage]


def read_content(
    page: LoadedPage,
    number: int,
    *,
    recognise: Recogniser | None,
    shades: NDArray[np.uint8] | None = None,
) -> PageContent:
    """Words, form fields and ink of `page`; `recognise` None: no OCR, a scan has no words then.

    `shades`, a grey picture of the page at any size, spares drawing one to measure ink on.
    """
    layer = page.text_layer()
    believed = bool(layer.words) and not text_layer.is_garbage(layer.words)
    if believed and not text_layer.needs_look(layer, width=page.width, height=page.height):
        return _from_layer(page, number, layer, shades=shades)
    picture = draw_for_ocr(page)
    shades = ink.grey(picture)
    if (
        believed
        and layer.hidden
        and text_layer.fits(layer.words, ink.ink_mask(shades), width=page.width, height=page.height)
    ):
        return _from_layer(page, number, layer, shades=shades)
    printed = layer.words if believed and not layer.hidden else ()
    return _from_picture(page, number, picture, layer=layer, printed=printed, recognise=recognise)


def draw_for_ocr(page: LoadedPage) -> NDArray[np.uint8]:
    """The page at 200 dpi, or at its own resolution when it is an image of fewer or more pixels."""
    scale = (page.dpi or _OCR_DPI) / _POINTS_PER_INCH
    scale = min(scale, math.sqrt(_MAX_PIXELS / (page.width * page.height)), _MAX_SIDE / max(page.width, page.height))
    return drawn(page, max(1, round(page.width * scale)), max(1, round(page.height * scale)))


def drawn(page: LoadedPage, width: int, height: int, *, turn: int = 0) -> NDArray[np.uint8]:
    """The page in memory of its own."""
    pixels = np.empty((height, width, 3), np.uint8)
    page.draw(pixels, turn=turn)
    return pixels


def _from_layer(page: LoadedPage, number: int, layer: TextLayer, *, shades: NDArray[np.uint8] | None) -> PageContent:
    if shades is None:
        scale = _INK_SIDE / max(page.width, page.height)
        shades = ink.grey(drawn(page, max(1, round(page.width * scale)), max(1, round(page.height * scale))))
    return PageContent(
        number=number,
        width=page.width,
        height=page.height,
        rotation=page.rotation,
        source=TextSource.TEXT_LAYER,
        words=tuple(layer.words),
        form_fields=tuple(layer.form_fields),
        ink=ink.ink_share(shades),
    )


def _from_picture(
    page: LoadedPage,
    number: int,
    picture: NDArray[np.uint8],
    *,
    layer: TextLayer,
    printed: Sequence[Word],
    recognise: Recogniser | None,
) -> PageContent:
    shades = ink.grey(picture)
    entered = any(field.value for field in layer.form_fields)
    blank = not printed and not entered and ink.is_blank(shades)
    turn = 0
    seen: tuple[Word, ...] = ()
    if recognise is not None and not blank:
        result = recognise(picture)
        turn, seen = result.turn, _in_points(result.words, page, picture.shape[1])
    words = text_layer.merged(printed, seen) if printed and turn == 0 else seen
    width, height = (page.height, page.width) if turn % 180 else (page.width, page.height)
    return PageContent(
        number=number,
        width=width,
        height=height,
        rotation=(page.rotation + turn) % 360,
        source=_source(seen=bool(seen), printed=bool(printed), entered=entered),
        words=words,
        form_fields=tuple(layer.form_fields),
        ink=ink.ink_share(shades),
        blank=blank,
    )


def _source(*, seen: bool, printed: bool, entered: bool) -> TextSource:
    if seen:
        return TextSource.OCR
    if printed:
        return TextSource.TEXT_LAYER
    return TextSource.FORM if entered else TextSource.NONE


def _in_points(words: tuple[Word, ...], page: LoadedPage, picture_width: int) -> tuple[Word, ...]:
    """Pixels of the (turned) picture to page points; both axes share one scale but for rounding."""
    scale = page.width / picture_width
    return tuple(
        word._replace(
            left=round(word.left * scale, 2),
            top=round(word.top * scale, 2),
            right=round(word.right * scale, 2),
            bottom=round(word.bottom * scale, 2),
        )
        for word in words
    )
