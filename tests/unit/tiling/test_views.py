"""Tiles are views of the canvas, in reading order, thumbnail last."""

import numpy as np
import pytest

from docproc.domain.page import Grid
from docproc.tiling import tiles


def canvas_of(grid, side=4):
    rows, columns = np.indices((grid.rows * side, grid.columns * side)) // side
    return np.repeat((rows * grid.columns + columns).astype(np.uint8)[:, :, None], 3, axis=2)


def test_tiles_go_row_by_row():
    grid = Grid(2, 3)
    assert [int(tile[0, 0, 0]) for tile in tiles(canvas_of(grid), grid)] == [0, 1, 2, 3, 4, 5]
    assert all((tile == tile[0, 0]).all() for tile in tiles(canvas_of(grid), grid))


def test_no_pixel_is_copied():
    grid = Grid(3, 2)
    canvas = canvas_of(grid)
    assert all(np.shares_memory(tile, canvas) for tile in tiles(canvas, grid))


def test_the_thumbnail_comes_last_and_only_behind_several_tiles():
    thumbnail = np.zeros((4, 4, 3), np.uint8)
    assert tiles(canvas_of(Grid(2, 1)), Grid(2, 1), thumbnail=thumbnail)[-1] is thumbnail
    assert len(tiles(canvas_of(Grid(1, 1)), Grid(1, 1), thumbnail=thumbnail)) == 1


def test_a_canvas_that_does_not_fit_the_grid_is_refused():
    with pytest.raises(ValueError, match="cannot be cut"):
        tiles(np.zeros((10, 10, 3), np.uint8), Grid(3, 1))
