"""Pages drawn for training, the latest of them kept in memory; knows no answers."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docproc.domain.image import TileCanvas
from docproc.domain.page import Grid
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument
from docproc.training.examples import Example

#: small pages of small sets are drawn once, large ones whenever they are due
KEPT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """A page at its grid, in memory of its own."""

    grid: Grid | None
    canvas: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8] | None

    @property
    def byte_count(self) -> int:
        """How much memory it takes."""
        return self.canvas.nbytes + (0 if self.thumbnail is None else self.thumbnail.nbytes)


Draw = Callable[[Example], DrawnPage]


def drawing(source: DocprocPages, folder: Path, spec: TileCanvas) -> Draw:
    """Draws pages of the documents in `folder`."""

    def draw(example: Example) -> DrawnPage:
        document = SourceDocument(path=folder / example.document, media_type=example.media_type)
        with source.open_pages(document) as opened:
            images = opened.images(spec, numbers=(example.page,), rotations={example.page: example.rotation})
            image = next(images)
            return DrawnPage(
                grid=image.grid,
                canvas=image.canvas.copy(),
                thumbnail=None if image.thumbnail is None else image.thumbnail.copy(),
            )

    return draw


class KeptPages:
    """Draws each page when it is asked for, and keeps as many as fit."""

    def __init__(self, draw: Draw, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._draw = draw
        self._free = kept_bytes
        self._kept: OrderedDict[tuple[str, int], DrawnPage] = OrderedDict()

    def __call__(self, example: Example) -> DrawnPage:
        """The page of `example`."""
        key = (example.document, example.page)
        page = self._kept.pop(key, None)
        if page is None:
            page = self._draw(example)
            self._free -= page.byte_count
        self._kept[key] = page
        while self._free < 0 and self._kept:
            self._free += self._kept.popitem(last=False)[1].byte_count
        return page
