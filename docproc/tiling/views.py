"""Tiles as views of a canvas, row by row, thumbnail last; copies no pixel and knows no page."""

import numpy as np
from numpy.typing import NDArray

from docproc.domain.page import Grid


def tiles(
    canvas: NDArray[np.uint8], grid: Grid, *, thumbnail: NDArray[np.uint8] | None = None
) -> list[NDArray[np.uint8]]:
    """The tiles of `canvas` (height x width x 3) in reading order; `thumbnail` follows when there are several."""
    height, width = canvas.shape[:2]
    if height % grid.rows or width % grid.columns:
        raise ValueError(f"a canvas of {width}x{height} pixels cannot be cut into {grid.columns}x{grid.rows} tiles")
    tile_height, tile_width = height // grid.rows, width // grid.columns
    views = [
        canvas[row * tile_height : (row + 1) * tile_height, column * tile_width : (column + 1) * tile_width]
        for row in range(grid.rows)
        for column in range(grid.columns)
    ]
    if thumbnail is not None and len(views) > 1:
        views.append(thumbnail)
    return views
