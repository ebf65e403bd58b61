"""Tiles are those of the published rule, bit by bit; a page drawn at its grid needs no resizing."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from doubles.nvlm_prompts import noise_page
from PIL import Image
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import get_optimal_tiled_canvas

from docproc.domain.page import Grid
from docproc.nvlm.tiles import page_tiles
from docproc.pages.source import PageImage
from docproc.tiling import tile_grid

MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


def naive_tiles(image: Image.Image, columns: int, rows: int, side: int) -> torch.Tensor:
    canvas = image.resize((columns * side, rows * side), Image.Resampling.BICUBIC)
    boxes = [(c * side, r * side, (c + 1) * side, (r + 1) * side) for r in range(rows) for c in range(columns)]
    cut = [canvas.crop(box) for box in boxes] + [image.resize((side, side), Image.Resampling.BICUBIC)]
    values = [(np.asarray(tile, np.float32) / np.float32(255) - MEAN) / STD for tile in cut]
    return torch.from_numpy(np.stack(values)).permute(0, 3, 1, 2)


@pytest.mark.parametrize(("size", "grid"), [((210, 297), (2, 3)), ((640, 480), (3, 2)), ((1280, 720), (2, 1))])
def test_tiles_are_bit_by_bit_those_of_the_published_rule(size: tuple[int, int], grid: tuple[int, int]) -> None:
    image = noise_page(*size)

    assert page_tiles(image, tile_px=112).equal(naive_tiles(image, *grid, 112))


def test_a_small_square_is_one_tile_without_a_thumbnail() -> None:
    assert page_tiles(noise_page(300, 300)).shape == (1, 3, 448, 448)


def drawn_page(columns: int, rows: int, side: int) -> PageImage:
    canvas = np.asarray(noise_page(columns * side, rows * side, seed=1))
    thumbnail = np.asarray(noise_page(side, side, seed=2)) if columns * rows > 1 else None
    height, width = canvas.shape[:2]
    return PageImage(
        number=1, width_px=width, height_px=height, grid=Grid(columns, rows), canvas=canvas, thumbnail=thumbnail
    )


def test_a_page_drawn_at_its_grid_is_cut_as_it_is() -> None:
    page = drawn_page(2, 3, 56)
    assert page.thumbnail is not None

    tiles = page_tiles(page, tile_px=56)

    expected = naive_tiles(Image.fromarray(page.canvas), 2, 3, 56)[:6]
    assert tiles[:6].equal(expected)
    assert tiles[6:].equal(naive_tiles(Image.fromarray(page.thumbnail), 1, 1, 56)[:1])


def test_a_page_drawn_for_other_tiles_is_refused() -> None:
    with pytest.raises(ValueError, match="the canvas is 112x168 pixels"):
        page_tiles(drawn_page(2, 3, 56), tile_px=448)


def test_a_page_image_without_a_grid_is_an_image_like_any_other() -> None:
    pixels = np.asarray(noise_page(210, 297))
    page = PageImage(number=1, width_px=210, height_px=297, grid=None, canvas=pixels, thumbnail=None)

    assert page_tiles(page, tile_px=56).equal(page_tiles(Image.fromarray(pixels), tile_px=56))
    assert page_tiles(pixels, tile_px=56).equal(page_tiles(page, tile_px=56))


def test_the_grid_is_the_rules_for_thirty_thousand_sizes() -> None:
    sizes = np.random.default_rng(3)
    for _ in range(30_000):
        width, height = map(int, sizes.integers(1, 5000, 2))

        assert tile_grid(width, height) == get_optimal_tiled_canvas((height, width), (448, 448), 1, 6)


def test_the_grid_is_the_rules_where_two_grids_are_exactly_as_near() -> None:
    shapes = sorted({Fraction(c, r) for c in range(1, 7) for r in range(1, 7) if c * r <= 6})
    for narrower, wider in pairwise(shapes):
        middle = (narrower + wider) / 2
        for factor in range(1, 60):
            width, height = middle.numerator * factor, middle.denominator * factor

            assert tile_grid(width, height) == get_optimal_tiled_canvas((height, width), (448, 448), 1, 6)


@pytest.mark.parametrize("size", [(595, 842), (1240, 1754), (2480, 3508), (612, 792), (850, 1100)])
def test_every_upright_a4_or_letter_page_is_two_by_three(size: tuple[int, int]) -> None:
    assert tile_grid(*size) == Grid(2, 3)


def one_colour(tiles: torch.Tensor) -> list[int]:
    """The colour of tiles of one colour, 0 to 255."""
    first = tiles[0, :, 0, 0]
    assert tiles.eq(first.view(1, 3, 1, 1)).all()
    return [round(float(value)) for value in (first * torch.from_numpy(STD) + torch.from_numpy(MEAN)) * 255]


def test_transparency_is_paper() -> None:
    assert one_colour(page_tiles(Image.new("RGBA", (60, 60), (9, 9, 9, 0)), tile_px=56)) == [255, 255, 255]


def test_sixteen_bits_a_pixel_are_scaled() -> None:
    grey = Image.fromarray(np.full((60, 60), 40_000, np.uint16))

    assert one_colour(page_tiles(grey, tile_px=56)) == [156, 156, 156]


def test_a_palette_is_resolved_before_its_numbers_are_averaged() -> None:
    image = Image.new("P", (120, 60))
    image.putpalette([0, 0, 0, 200, 200, 200] + [0, 255, 0] * 254)
    image.paste(1, (60, 0, 120, 60))

    tiles = page_tiles(image, tile_px=56)

    # red and green stay alike wherever black and grey meet
    colours = tiles * torch.from_numpy(STD).view(3, 1, 1) + torch.from_numpy(MEAN).view(3, 1, 1)
    assert torch.allclose(colours[:, 0], colours[:, 1], atol=1e-6)


def test_a_camera_lying_on_its_side_is_turned() -> None:
    image = noise_page(297, 210)
    turned = image.copy()
    turned.getexif()[0x0112] = 6

    assert page_tiles(turned, tile_px=56).equal(page_tiles(image.rotate(-90, expand=True), tile_px=56))


def test_an_array_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="height x width x 3"):
        page_tiles(np.zeros((3, 60, 60), np.uint8))
