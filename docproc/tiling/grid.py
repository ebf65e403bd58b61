"""NVLM's dynamic tiling: the grid whose shape is nearest to the page's; knows sizes only, never pixels."""

from functools import lru_cache

from docproc.domain.page import Grid

TILE_PX = 448
MAX_TILES = 6


@lru_cache(maxsize=32)
def candidate_grids(max_tiles: int) -> tuple[Grid, ...]:
    """Every grid of at most `max_tiles` tiles, smaller areas first, narrower first within an area."""
    grids = [Grid(columns, rows) for columns in range(1, max_tiles + 1) for rows in range(1, max_tiles // columns + 1)]
    return tuple(sorted(grids, key=lambda grid: (grid.columns * grid.rows, grid.columns)))


@lru_cache(maxsize=4096)
def tile_grid(width: float, height: float, *, max_tiles: int = MAX_TILES, tile_px: int = TILE_PX) -> Grid:
    """The grid for a page of `width` by `height` as displayed.

    The nearest aspect ratio wins. Of grids that are exactly as near (2x1 and 4x2 are) the larger is taken only when
    the page's own area is more than half of that grid's canvas.
    """
    if width <= 0 or height <= 0 or max_tiles < 1 or tile_px < 1:
        raise ValueError("a page, a tile and their number are positive")
    # Doubles throughout, as in the published rule: which grids are exactly as near is decided by how they round.
    # (342 x 1520 lies between 1x4 and 1x5: a tie in doubles, which exact fractions of the rounded quotient would miss.)
    aspect = width / height
    best = Grid(1, 1)
    least = abs(aspect - 1)
    for grid in candidate_grids(max_tiles):
        distance = abs(aspect - grid.columns / grid.rows)
        if distance < least:
            best, least = grid, distance
        elif distance == least and 2 * width * height > tile_px * tile_px * grid.columns * grid.rows:
            best = grid
    return best


def canvas_size(grid: Grid, tile_px: int = TILE_PX) -> tuple[int, int]:
    """Width and height in pixels of the canvas that `grid` cuts into tiles."""
    return grid.columns * tile_px, grid.rows * tile_px


def has_thumbnail(grid: Grid) -> bool:
    """A single tile is the whole page already: only several tiles are followed by a thumbnail."""
    return grid.columns * grid.rows > 1
