"""A page's PNG file as a model's processor takes it: a picture, or a canvas with its grid and thumbnail."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docproc.domain.page import Grid
from docproc.tiling import has_thumbnail, shrink


@dataclass(frozen=True, slots=True, kw_only=True)
class TilePage:
    """A page that was drawn at its grid."""

    grid: Grid | None
    canvas: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8] | None


def picture(png: bytes) -> Image.Image:
    """The page as it is."""
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGB")


def tile_page(png: bytes, *, tile_px: int) -> TilePage:
    """The canvas that the file is, and the thumbnail that the page had when it was drawn."""
    canvas = np.asarray(picture(png))
    height, width = canvas.shape[:2]
    if width % tile_px or height % tile_px:
        return TilePage(grid=None, canvas=canvas, thumbnail=None)
    grid = Grid(width // tile_px, height // tile_px)
    thumbnail = None
    if has_thumbnail(grid):
        thumbnail = np.empty((tile_px, tile_px, 3), np.uint8)
        shrink(canvas, thumbnail)
    return TilePage(grid=grid, canvas=canvas, thumbnail=thumbnail)
