"""What a page must offer once its file is open, be it from a PDF or an image; knows no format and no reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from docproc.domain.geometry import Box
from docproc.domain.page import FormField, Word
from docproc.domain.reading import Attachment


class PlacedImage(NamedTuple):
    """An image drawn on a page: where, and how many pixels it has."""

    box: Box
    pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer:
    """What a file says is printed on a page."""

    words: Sequence[Word] = ()
    form_fields: Sequence[FormField] = ()
    images: Sequence[PlacedImage] = ()
    #: True when the words are painted neither filled nor stroked: an OCR's layer under a scan, or metadata
    hidden: bool = False


class LoadedPage(Protocol):
    """One page; sizes are page points as the file wants it displayed."""

    @property
    def width(self) -> float: ...

    @property
    def height(self) -> float: ...

    @property
    def rotation(self) -> int:
        """Degrees clockwise that the file itself asks for."""
        ...

    @property
    def dpi(self) -> float | None:
        """Pixels an inch of a page that is one image; None: any resolution can be drawn."""
        ...

    def text_layer(self) -> TextLayer: ...

    def draw(self, target: NDArray[np.uint8], *, turn: int = 0) -> None:
        """Fill `target` (height x width x 3, contiguous) with the whole page, turned clockwise by `turn` degrees."""
        ...


class LoadedDocument(Protocol):
    """An open file."""

    @property
    def page_count(self) -> int: ...

    def attachments(self, max_bytes: int) -> Sequence[Attachment]: ...

    def load(self, number: int) -> LoadedPage:
        """Raises CorruptError or TooLargeError."""
        ...
