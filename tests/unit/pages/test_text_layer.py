"""When a text layer is believed, and when the page must be looked at."""

import numpy as np
import pytest

from docproc.domain.geometry import Box
from docproc.domain.page import Word
from docproc.pages import text_layer
from docproc.pages.loaded import PlacedImage, TextLayer

PAGE = {"width": 600.0, "height": 800.0}
SCAN = (PlacedImage(Box(0, 0, 600, 800), 1_000_000),)
LOGO = (PlacedImage(Box(50, 50, 200, 100), 10_000),)


def words(text, top=100.0):
    return [Word(piece, 50.0 + 60 * at, top, 100.0 + 60 * at, top + 10, 0) for at, piece in enumerate(text.split())]


@pytest.mark.parametrize(
    "text",
    [
        "Invoice 2024-001",
        "Rechnung über 1.234,50 €",
        "1 .................... 17",
        "____________",
        "وزارة الداخلية",
        "あいうえお",
        "हिन्दी",
        "",
    ],
)
def test_real_text_of_any_script_is_no_garbage(text):
    assert not text_layer.is_garbage(words(text))


@pytest.mark.parametrize("text", ["\ufffd\ufffd\ufffd", "\ue001\ue002 ab", '"7+%- $#!', "\x01\x02\x03 \x04"])
def test_text_without_a_unicode_map_is_garbage(text):
    assert text_layer.is_garbage(words(text))


def test_a_page_with_a_logo_is_believed_unseen():
    assert not text_layer.needs_look(TextLayer(words=words("a b"), images=LOGO), **PAGE)


def test_a_full_page_image_with_a_stamp_is_looked_at():
    assert text_layer.needs_look(TextLayer(words=words("Page 1 of 6"), images=SCAN), **PAGE)


def test_letter_paper_under_much_print_is_believed_unseen():
    assert not text_layer.needs_look(TextLayer(words=words("word " * 50), images=SCAN), **PAGE)


def test_hidden_words_over_a_scan_are_always_looked_at():
    assert text_layer.needs_look(TextLayer(words=words("word " * 50), images=SCAN, hidden=True), **PAGE)


def ink_under(places):
    ink = np.zeros((800, 600), bool)
    for word in places:
        ink[int(word.top) : int(word.bottom), int(word.left) : int(word.right)] = True
    return ink


def test_a_layer_that_lies_on_the_ink_fits():
    assert text_layer.fits(words("a b c"), ink_under(words("a b c")), **PAGE)


def test_a_layer_beside_the_ink_does_not_fit():
    assert not text_layer.fits(words("a b c"), ink_under(words("a b c", top=500.0)), **PAGE)


def test_a_layer_that_explains_little_of_the_ink_does_not_fit():
    much = [word for top in range(100, 700, 20) for word in words("a b c d e f", top=float(top))]
    assert not text_layer.fits(words("a b"), ink_under(much), **PAGE)


def test_no_words_fit_nothing():
    assert not text_layer.fits([], np.zeros((8, 6), bool), **PAGE)


def test_exact_words_replace_recognised_ones_in_the_same_place():
    seen = [Word("lnvoice", 50, 100, 100, 110, 0, 0.9), Word("total", 50, 300, 100, 310, 1, 0.9)]
    merged = text_layer.merged(words("Invoice"), seen)
    assert [word.text for word in merged] == ["total", "Invoice"]
    assert len({word.line for word in merged}) == 2
