"""Which tile grid a page gets, the canvas of that grid, and the tiles as views of it; knows nothing of rendering."""

from docproc.tiling.grid import MAX_TILES, TILE_PX, canvas_size, has_thumbnail, tile_grid
from docproc.tiling.thumbnail import shrink
from docproc.tiling.views import tiles

__all__ = ["MAX_TILES", "TILE_PX", "canvas_size", "has_thumbnail", "shrink", "tile_grid", "tiles"]
