"""The grid rule, held against an independent statement of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docproc.domain.page import Grid
from docproc.tiling import canvas_size, has_thumbnail, tile_grid

sides = st.integers(1, 20_000)


def published_rule(width, height, max_tiles, tile_px):
    """The rule in the words of its authors: walk the ratios by area, keep the nearest, let a large page win a tie."""
    aspect = width / height
    ratios = {(i, j) for n in range(1, max_tiles + 1) for i in range(1, n + 1) for j in range(1, n + 1) if i * j <= n}
    best, best_difference = (1, 1), float("inf")
    for ratio in sorted(ratios, key=lambda r: r[0] * r[1]):
        difference = abs(aspect - ratio[0] / ratio[1])
        if difference < best_difference:
            best, best_difference = ratio, difference
        elif difference == best_difference and width * height > 0.5 * tile_px * tile_px * ratio[0] * ratio[1]:
            best = ratio
    return best


@given(sides, sides, st.sampled_from([1, 2, 4, 6, 9, 12]))
def test_the_nearest_aspect_wins_as_published(width, height, max_tiles):
    ours = tile_grid(width, height, max_tiles=max_tiles)
    theirs = published_rule(width, height, max_tiles, 448)
    # Where two shapes are as near but for rounding, doubles decide by chance: both answers are right.
    difference = abs(width / height - ours.columns / ours.rows) - abs(width / height - theirs[0] / theirs[1])
    assert ours == theirs or abs(difference) < 1e-12


@given(sides, sides, st.integers(1, 12))
def test_no_other_grid_is_nearer(width, height, max_tiles):
    grid = tile_grid(width, height, max_tiles=max_tiles)
    assert 1 <= grid.columns * grid.rows <= max_tiles

    # cross-multiplied: |w/h - c/r| as integers over h*r
    def distance(columns, rows):
        return abs(width * rows - columns * height) / (height * rows)

    nearest = min(distance(c, r) for c in range(1, max_tiles + 1) for r in range(1, max_tiles // c + 1))
    assert distance(*grid) <= nearest + 1e-12


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((595, 842), (2, 3)),
        ((612, 792), (2, 3)),
        ((640, 480), (3, 2)),
        ((1280, 720), (2, 1)),
        ((633, 633), (1, 1)),
        ((634, 634), (2, 2)),
        ((100, 5000), (1, 6)),
        ((14_000, 234), (6, 1)),
    ],
)
def test_known_pages_get_known_grids(size, grid):
    assert tile_grid(*size) == Grid(*grid)


@given(st.integers(1, 3000))
def test_a_tie_goes_to_the_larger_grid_only_on_a_large_page(side):
    assert tile_grid(side, side) == (Grid(2, 2) if 2 * side * side > 448 * 448 * 4 else Grid(1, 1))


def test_a_page_without_size_has_no_grid():
    with pytest.raises(ValueError, match="positive"):
        tile_grid(0, 100)


def test_the_canvas_holds_whole_tiles():
    assert canvas_size(Grid(2, 3)) == (896, 1344)
    assert canvas_size(Grid(2, 3), 56) == (112, 168)


def test_a_single_tile_needs_no_thumbnail():
    assert not has_thumbnail(Grid(1, 1))
    assert has_thumbnail(Grid(1, 2))
