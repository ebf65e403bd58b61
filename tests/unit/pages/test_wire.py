"""Messages survive the way through bytes, and broken ones are noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docproc.domain.errors import CorruptError, PasswordRequiredError
from docproc.domain.geometry import Box
from docproc.domain.image import LongestSide, Resolution, TileCanvas
from docproc.domain.page import FormField, FormFieldKind, PageContent, TextSource, Word
from docproc.pages import wire

points = st.floats(-1e5, 1e5).map(lambda value: round(value, 3))
texts = st.text(min_size=1).filter(lambda text: not any(char.isspace() for char in text) and text.isprintable())
printed = st.builds(Word, texts, points, points, points, points, st.integers(0, 10_000), st.just(0.875))


def content(words=(), form_fields=()):
    return PageContent(
        number=3,
        width=595.2,
        height=841.9,
        rotation=90,
        source=TextSource.OCR,
        words=tuple(words),
        form_fields=tuple(form_fields),
        ink=0.01,
        blank=False,
    )


@given(st.lists(printed, max_size=20))
def test_a_page_comes_back_as_it_was_sent(words):
    page = content(words)
    header, body = wire.unpack(wire.pack(*wire.pack_content(page)))
    assert wire.unpack_content(header, body) == page


def test_form_fields_come_back_with_any_text():
    field = FormField(name="a\nb", label="“x”", kind=FormFieldKind.CHOICE, value="\x00 é", box=Box(1, 2, 3, 4))
    header, body = wire.unpack(wire.pack(*wire.pack_content(content(form_fields=[field]))))
    assert wire.unpack_content(header, body).form_fields == (field,)


@pytest.mark.parametrize("spec", [TileCanvas(tile_px=56, reference=True), LongestSide(pixels=9), Resolution(dpi=3)])
def test_an_image_spec_comes_back(spec):
    assert wire.unpack_spec(wire.pack_spec(spec)) == spec


def test_an_error_keeps_its_kind_message_and_page():
    told = wire.unpack_error(wire.pack_error(CorruptError("bent", page=7)))
    assert isinstance(told, CorruptError)
    assert (told.message, told.page) == ("bent", 7)
    assert isinstance(wire.unpack_error(wire.pack_error(PasswordRequiredError())), PasswordRequiredError)


def test_a_reply_without_an_error_has_none():
    assert wire.unpack_error({"page_count": 1}) is None


@pytest.mark.parametrize("message", [b"", b"\x01", b"\xff\0\0\0{", wire.pack({})[:3], b"\x02\0\0\0[]"])
def test_a_broken_message_is_noticed(message):
    with pytest.raises((ValueError, TypeError)):
        wire.unpack(message)


def test_a_page_that_promises_more_words_than_it_brings_is_noticed():
    header, body = wire.pack_content(content([Word("a", 0, 0, 1, 1, 0)]))
    with pytest.raises(ValueError, match=r"."):
        wire.unpack_content({**header, "words": 2}, body)
