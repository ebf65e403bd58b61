"""Page images get the size that was asked for; the thumbnail is the mean of the canvas."""

import numpy as np
import pytest

from docproc.domain.errors import TooLargeError
from docproc.domain.image import LongestSide, Resolution, TileCanvas
from docproc.domain.page import Grid
from docproc.pages.painting import paint, plan
from docproc.tiling import shrink


class Checkered:
    """A page of 300 x 400 points whose pixels count up."""

    width, height, rotation, dpi = 300.0, 400.0, 0, None

    def text_layer(self):
        raise AssertionError("nobody reads it")

    def draw(self, target, *, turn=0):  # noqa: ARG002 it looks the same from every side
        target[:] = (np.arange(target.size).reshape(target.shape) % 251).astype(np.uint8)


def planned(spec, width=300, height=400, max_pixels=10**8):
    return plan(spec, width=width, height=height, max_pixels=max_pixels)


def test_a_tile_canvas_follows_the_grid():
    found = planned(TileCanvas(tile_px=56))
    assert (found.width, found.height, found.grid, found.thumbnail) == (112, 168, Grid(2, 3), 56)


def test_a_single_tile_has_no_thumbnail():
    assert planned(TileCanvas(max_tiles=1)).thumbnail == 0
    assert planned(TileCanvas(thumbnail=False)).thumbnail == 0


def test_other_images_keep_the_pages_aspect():
    assert planned(LongestSide(pixels=200))[:3] == (150, 200, None)
    assert planned(Resolution(dpi=144))[:3] == (600, 800, None)


def test_an_image_over_the_limit_is_refused():
    with pytest.raises(TooLargeError):
        planned(Resolution(dpi=144), max_pixels=1000)


def test_a_skinny_page_has_at_least_one_pixel_across():
    assert planned(LongestSide(pixels=100), width=0.1, height=5000)[:2] == (1, 100)


def test_canvas_and_thumbnail_lie_side_by_side_in_the_memory_given():
    spec = TileCanvas(tile_px=8)
    found = planned(spec)
    memory = np.zeros(found.total_bytes + 5, np.uint8)
    painted = paint(Checkered(), found, memory, spec=spec, turn=0)
    assert painted.thumbnail is not None
    assert np.shares_memory(painted.canvas, memory)
    assert np.shares_memory(painted.thumbnail, memory)
    assert not np.shares_memory(painted.thumbnail, painted.canvas)


@pytest.mark.parametrize(("columns", "rows"), [(2, 3), (3, 2), (2, 2), (1, 6), (6, 1), (1, 2), (5, 1), (4, 1)])
def test_a_thumbnail_is_the_mean_of_the_canvas(columns, rows):
    side = 16
    canvas = np.random.default_rng(1).integers(0, 256, (rows * side, columns * side, 3), dtype=np.uint8)
    thumbnail = np.zeros((side, side, 3), np.uint8)
    shrink(canvas, thumbnail)
    mean = canvas.reshape(side, rows, side, columns, 3).mean(axis=(1, 3))
    assert np.abs(thumbnail - mean).max() <= 1


def test_white_paper_stays_white():
    thumbnail = np.zeros((8, 8, 3), np.uint8)
    shrink(np.full((24, 16, 3), 255, np.uint8), thumbnail)
    assert (thumbnail == 255).all()
