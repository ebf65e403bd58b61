"""A loaded page to the page image that a reader asked for, in memory that it is given; knows no file format."""

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from docproc.domain.errors import TooLargeError
from docproc.domain.image import LongestSide, PageImageSpec, TileCanvas
from docproc.domain.page import Grid
from docproc.pages.content import drawn
from docproc.pages.loaded import LoadedPage
from docproc.tiling import canvas_size, has_thumbnail, shrink, tile_grid

_POINTS_PER_INCH = 72.0
_REFERENCE_DPI = 150
_CHANNELS = 3


class Plan(NamedTuple):
    """How large the canvas and the thumbnail are."""

    width: int
    height: int
    grid: Grid | None
    #: side of the thumbnail; 0: none
    thumbnail: int

    @property
    def canvas_bytes(self) -> int:
        return self.width * self.height * _CHANNELS

    @property
    def total_bytes(self) -> int:
        return self.canvas_bytes + self.thumbnail * self.thumbnail * _CHANNELS


class Painted(NamedTuple):
    canvas: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8] | None


def plan(spec: PageImageSpec, *, width: float, height: float, max_pixels: int) -> Plan:
    """Pixels for a page of `width` by `height` points as displayed; raises TooLargeError."""
    if isinstance(spec, TileCanvas):
        grid = tile_grid(width, height, max_tiles=spec.max_tiles, tile_px=spec.tile_px)
        across, down = canvas_size(grid, spec.tile_px)
        return Plan(across, down, grid, spec.tile_px if spec.thumbnail and has_thumbnail(grid) else 0)
    scale = spec.pixels / max(width, height) if isinstance(spec, LongestSide) else spec.dpi / _POINTS_PER_INCH
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    if across * down > max_pixels:
        raise TooLargeError(f"the page image would have {across * down:,} pixels; the limit is {max_pixels:,}")
    return Plan(across, down, None, 0)


def paint(page: LoadedPage, plan: Plan, memory: NDArray[np.uint8], *, spec: PageImageSpec, turn: int) -> Painted:
    """Canvas first, thumbnail right behind it, both in `memory` (bytes)."""
    canvas = memory[: plan.canvas_bytes].reshape(plan.height, plan.width, _CHANNELS)
    thumbnail = None
    if plan.thumbnail:
        thumbnail = memory[plan.canvas_bytes : plan.total_bytes].reshape(plan.thumbnail, plan.thumbnail, _CHANNELS)
    if isinstance(spec, TileCanvas) and spec.reference:
        _paint_as_published(page, [canvas] if thumbnail is None else [canvas, thumbnail], turn=turn)
        return Painted(canvas, thumbnail)
    page.draw(canvas, turn=turn)
    if thumbnail is not None:
        shrink(canvas, thumbnail)
    return Painted(canvas, thumbnail)


def _paint_as_published(page: LoadedPage, targets: list[NDArray[np.uint8]], *, turn: int) -> None:
    """NVLM's own way: a picture at true aspect, then a bicubic resize."""
    from PIL import Image  # noqa: PLC0415 only this mode needs it for a PDF

    scale = (page.dpi or _REFERENCE_DPI) / _POINTS_PER_INCH
    size = max(1, round(page.width * scale)), max(1, round(page.height * scale))
    across, down = (size[1], size[0]) if turn % 180 else size
    picture = Image.fromarray(drawn(page, across, down, turn=turn))
    for target in targets:
        target[:] = np.asarray(picture.resize((target.shape[1], target.shape[0]), Image.Resampling.BICUBIC))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """`pixels` as a PNG file."""
    from PIL import Image  # noqa: PLC0415 only reports ask for it

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=4)
    return stream.getvalue()
