"""Ink is what is not paper; dust is not print."""

import numpy as np
import pytest

from docproc.pages import ink


def paper(shade=255, size=(800, 600)):
    return np.full(size, shade, np.uint8)


def test_an_empty_page_is_blank():
    assert ink.is_blank(paper())
    assert ink.ink_share(paper()) == 0


def test_dust_leaves_a_page_blank():
    page = paper()
    places = np.random.default_rng(1).integers(0, [[800], [600]], (2, 60))
    page[places[0], places[1]] = 0
    assert ink.is_blank(page)


@pytest.mark.parametrize("shade", [255, 235, 128, 0])
def test_one_word_on_any_paper_is_not_blank(shade):
    page = paper(shade)
    page[100:112, 100:160:2] = 255 - shade if shade != 128 else 0
    assert not ink.is_blank(page)


def test_a_scanners_shadow_at_the_edge_leaves_a_page_blank():
    page = paper()
    page[:, :8] = 60
    assert ink.is_blank(page)


def test_ink_is_a_share_of_the_page():
    page = paper()
    page[:400] = 0
    assert ink.ink_share(page) == pytest.approx(0.5)


def test_every_colour_on_every_paper_counts():
    for background, foreground in (((0, 0, 0), (237, 28, 36)), ((255, 255, 255), (255, 255, 0))):
        pixels = np.full((100, 100, 3), background, np.uint8)
        pixels[40:60, 40:60] = foreground
        assert ink.ink_share(ink.grey(pixels)) == pytest.approx(0.04)


def test_the_bounds_hold_all_print_and_leave_dust_out():
    page = paper()
    page[200:260, 300:400] = 0
    page[799, 0] = 0
    left, top, right, bottom = ink.ink_bounds(page, margin=10)
    assert left <= 290
    assert top <= 190
    assert right >= 410
    assert bottom >= 270
    assert bottom < 700
    assert left > 100


def test_without_ink_the_bounds_are_the_page():
    assert ink.ink_bounds(paper(), margin=5) == (0, 0, 600, 800)
