"""From an image or a page's canvas to the tiles that NVLM's tower is fed; knows no text.

The rule is the published one: the whole image is resized bicubically to the grid, its aspect distorted, and cut row by
row; the thumbnail is the whole image in one tile, last, and only when there are several tiles.
"""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from docproc.domain.page import Grid
from docproc.tiling import MAX_TILES, TILE_PX, canvas_size, has_thumbnail, tile_grid, tiles

#: ImageNet's mean and standard deviation of red, green and blue
_MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
_STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


@runtime_checkable
class TiledPage(Protocol):
    """A page that was drawn at its grid already, as docproc's pages are."""

    @property
    def grid(self) -> Grid | None:
        """Which grid the canvas was drawn for; None: none, it is an image like any other."""

    @property
    def canvas(self) -> NDArray[np.uint8]:
        """Height x width x 3."""

    @property
    def thumbnail(self) -> NDArray[np.uint8] | None:
        """One tile, for a grid of several."""


PageLike = Image.Image | NDArray[np.uint8] | TiledPage


def page_tiles(page: PageLike, *, tile_px: int = TILE_PX, max_tiles: int = MAX_TILES) -> torch.Tensor:
    """The tiles of `page` as the tower wants them: (tiles, 3, tile_px, tile_px), thumbnail last."""
    if isinstance(page, TiledPage) and page.grid is not None:
        views = _canvas_tiles(page, page.grid, tile_px)
    else:
        pixels = page.canvas if isinstance(page, TiledPage) else page
        views = _image_tiles(_upright_rgb(pixels), tile_px, max_tiles)
    # one tile after the other, so that no more than one is held twice
    return torch.stack([_normalised(view) for view in views])


def _canvas_tiles(page: TiledPage, grid: Grid, tile_px: int) -> list[NDArray[np.uint8]]:
    height, width = page.canvas.shape[:2]
    if (width, height) != canvas_size(grid, tile_px):
        raise ValueError(f"the canvas is {width}x{height} pixels; {grid} takes {canvas_size(grid, tile_px)}")
    if has_thumbnail(grid) and (page.thumbnail is None or page.thumbnail.shape[:2] != (tile_px, tile_px)):
        raise ValueError(f"several tiles need a thumbnail of {tile_px}x{tile_px} pixels")
    return tiles(page.canvas, grid, thumbnail=page.thumbnail)


def _image_tiles(image: Image.Image, tile_px: int, max_tiles: int) -> list[NDArray[np.uint8]]:
    grid = tile_grid(image.width, image.height, max_tiles=max_tiles, tile_px=tile_px)
    canvas = np.asarray(image.resize(canvas_size(grid, tile_px), Image.Resampling.BICUBIC))
    thumbnail = np.asarray(image.resize((tile_px, tile_px), Image.Resampling.BICUBIC)) if has_thumbnail(grid) else None
    return tiles(canvas, grid, thumbnail=thumbnail)


def _upright_rgb(pixels: Image.Image | NDArray[np.uint8]) -> Image.Image:
    """Turned as its EXIF data ask, in RGB before anything is resized: a palette's numbers must not be averaged."""
    if not isinstance(pixels, Image.Image):
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:  # noqa: PLR2004 height, width, colours
            raise ValueError("an array of pixels is height x width x 3 of uint8")
        return Image.fromarray(pixels)
    image = ImageOps.exif_transpose(pixels)
    if image.mode.startswith("I"):
        # 16 bits a pixel: converting as it is would turn all but black white
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        # what shows through is paper; the published code shows whatever colour the transparent pixels hide
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return image.convert("RGB")


def _normalised(tile: NDArray[np.uint8]) -> torch.Tensor:
    values = torch.from_numpy(tile.copy()).permute(2, 0, 1)  # (3, px, px)
    return values.float().div(255).sub(_MEAN).div(_STD)
