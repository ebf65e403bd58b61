"""PDF pages: words where they are seen, exact form fields, attachments, passwords, images of the right size."""

import dataclasses

import numpy as np
import pymupdf
import pytest

from docproc.domain.errors import CorruptError, NoPagesError, PasswordRequiredError
from docproc.domain.image import LongestSide, Resolution, TileCanvas
from docproc.domain.page import FormFieldKind, Grid, TextSource
from docproc.pages.source import DocprocPages

pytestmark = pytest.mark.integration


def only_page(source, document):
    with source.open_pages(document) as pages:
        (page,) = pages
    return page


def test_words_stand_where_they_are_printed(source, make_pdf):
    page = only_page(source, make_pdf("Invoice number 4711"))
    assert [word.text for word in page.words] == ["Invoice", "number", "4711"]
    assert page.source is TextSource.TEXT_LAYER
    assert (page.width, page.height, page.rotation, page.blank) == (595, 842, 0, False)
    first = page.words[0]
    assert 71 < first.left < 74
    assert first.top < 100 < first.bottom + 5
    assert {word.line for word in page.words} == {0}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_those_of_the_page_as_displayed(source, make_pdf, rotation):
    document = make_pdf("corner", change=lambda pdf: pdf[0].set_rotation(rotation))
    page = only_page(source, document)
    assert (page.width, page.height) == ((842, 595) if rotation % 180 else (595, 842))
    assert page.rotation == rotation
    with source.open_pages(document) as pages:
        (image,) = pages.images(Resolution(dpi=72))
        dark = np.argwhere(image.canvas.min(axis=2) < 128)
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    box = page.words[0].box
    assert box.left - 2 <= left
    assert right <= box.right + 2
    assert box.top - 2 <= top
    assert bottom <= box.bottom + 2


def test_a_crop_box_moves_the_origin(source, make_pdf):
    document = make_pdf("cropped", change=lambda pdf: pdf[0].set_cropbox(pymupdf.Rect(50, 60, 400, 500)))
    page = only_page(source, document)
    assert (page.width, page.height) == (350, 440)
    assert page.words[0].left == pytest.approx(22, abs=1)
    assert page.words[0].bottom == pytest.approx(40, abs=6)


def add_form(pdf):
    page = pdf[0]
    for at, (kind, name, value) in enumerate(
        [
            (pymupdf.mupdf.PDF_WIDGET_TYPE_TEXT, "buyer", "Ada Lovelace"),
            (pymupdf.mupdf.PDF_WIDGET_TYPE_CHECKBOX, "paid", True),
            (pymupdf.mupdf.PDF_WIDGET_TYPE_CHECKBOX, "late", False),
            (pymupdf.mupdf.PDF_WIDGET_TYPE_COMBOBOX, "currency", "EUR"),
        ]
    ):
        widget = pymupdf.Widget()
        widget.field_type, widget.field_name, widget.field_label = kind, name, f"The {name}"
        widget.rect = pymupdf.Rect(100, 200 + 40 * at, 300, 220 + 40 * at)
        if kind == pymupdf.mupdf.PDF_WIDGET_TYPE_COMBOBOX:
            widget.choice_values = ["EUR", "USD"]
        widget.field_value = value
        page.add_widget(widget)


def test_form_fields_are_exact_and_their_glyphs_are_not_words(source, make_pdf):
    page = only_page(source, make_pdf("Order form", change=add_form))
    assert {field.name: field.value for field in page.form_fields} == {
        "buyer": "Ada Lovelace",
        "paid": "true",
        "late": "false",
        "currency": "EUR",
    }
    buyer = page.form_fields[0]
    assert (buyer.kind, buyer.label) == (FormFieldKind.TEXT, "The buyer")
    assert buyer.box == pytest.approx((100, 200, 300, 220), abs=1)
    assert [word.text for word in page.words] == ["Order", "form"]


def test_form_fields_turn_with_their_page(source, make_pdf):
    def change(pdf):
        add_form(pdf)
        pdf[0].set_rotation(90)

    page = only_page(source, make_pdf("Order form", change=change))
    assert page.form_fields[0].box == pytest.approx((842 - 220, 100, 842 - 200, 300), abs=1)


def test_entries_are_painted_on_the_image(source, make_pdf):
    document = make_pdf("Order form", change=add_form)
    with source.open_pages(document) as pages:
        (image,) = pages.images(Resolution(dpi=72))
        assert image.canvas[200:220, 100:300].min() < 100


def test_a_page_whose_only_text_is_entered_is_a_form(pool, make_pdf):
    page = only_page(DocprocPages(pool, ocr=False), make_pdf("", change=add_form))
    assert page.source is TextSource.FORM
    assert not page.blank


def test_embedded_xml_is_an_attachment_and_other_files_are_not(source, make_pdf):
    def change(pdf):
        pdf.embfile_add("factur-x.xml", b"<a/>", filename="factur-x.xml")
        pdf.embfile_add("photo.jpg", b"\xff\xd8", filename="photo.jpg")

    with source.open_pages(make_pdf("x", change=change)) as pages:
        assert [(file.name, file.content) for file in pages.outline.attachments] == [("factur-x.xml", b"<a/>")]


def test_an_encrypted_document_opens_with_one_of_the_passwords(source, make_pdf):
    document = make_pdf("secret", encryption=pymupdf.mupdf.PDF_ENCRYPT_AES_256, user_pw="open", owner_pw="own")
    with pytest.raises(PasswordRequiredError):
        source.open(document)
    with source.open_pages(dataclasses.replace(document, passwords=("wrong", "open"))) as pages:
        assert [word.text for page in pages for word in page.words] == ["secret"]


def test_an_owner_password_alone_does_not_stand_in_the_way(source, make_pdf):
    document = make_pdf("free", encryption=pymupdf.mupdf.PDF_ENCRYPT_AES_256, user_pw="", owner_pw="own")
    assert only_page(source, document).words[0].text == "free"


def test_only_the_pages_asked_for_are_read(source, make_pdf):
    document = dataclasses.replace(make_pdf("one", "two", "three", "four"), pages=((2, 2), (4, 9)))
    with source.open_pages(document) as pages:
        assert [(page.number, page.words[0].text) for page in pages] == [(2, "two"), (4, "four")]
        assert pages.outline.page_count == 4


def test_a_document_without_pages_or_sense_is_refused(source, make_pdf):
    document = make_pdf("x")
    document.path.write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    with pytest.raises((CorruptError, NoPagesError)):
        source.open(document)


def test_content_canvas_and_thumbnail_come_in_one_pass(source, make_pdf):
    with source.open_pages(make_pdf("one", "two")) as pages:
        prepared = list(pages.prepared(TileCanvas()))
    assert [page.content.words[0].text for page in prepared] == ["one", "two"]
    image = prepared[0].image
    assert image.grid == Grid(2, 3)
    assert image.canvas.shape == (1344, 896, 3)
    assert image.thumbnail is not None
    assert image.thumbnail.shape == (448, 448, 3)
    assert image.canvas.min() < 100
    assert image.canvas.max() == 255
    assert (prepared[1].image.canvas != image.canvas).any()  # each page in memory of its own


def test_the_reference_mode_shows_the_same_page(source, make_pdf):
    with source.open_pages(make_pdf("Invoice " * 8)) as pages:
        (fast,) = pages.images(TileCanvas())
        (published,) = pages.images(TileCanvas(reference=True))
        assert fast.canvas.shape == published.canvas.shape
        assert np.abs(fast.canvas.astype(int) - published.canvas).mean() < 2


def test_an_image_can_be_asked_for_by_its_longest_side(source, make_pdf):
    with source.open_pages(make_pdf("x")) as pages:
        (image,) = pages.images(LongestSide(pixels=421))
        assert (image.width_px, image.height_px, image.grid, image.thumbnail) == (298, 421, None, None)


def test_a_large_resolution_gets_the_memory_it_needs(source, make_pdf):
    with source.open_pages(make_pdf("x", "y")) as pages:
        assert [image.canvas.shape for image in pages.images(Resolution(dpi=300))] == [(3508, 2479, 3)] * 2


def test_a_rotation_that_ocr_found_turns_the_image(source, make_pdf):
    with source.open_pages(make_pdf("upright")) as pages:
        (plain,) = pages.images(Resolution(dpi=36))
        for rotation in (90, 180, 270):
            (turned,) = pages.images(Resolution(dpi=36), rotations={1: rotation})
            expected = np.rot90(plain.canvas, k=-(rotation // 90))
            assert turned.canvas.shape == expected.shape
            assert np.abs(turned.canvas.astype(int) - expected).mean() < 1


def test_a_png_is_a_png(source, make_pdf):
    with source.open_pages(make_pdf("x", "y")) as pages:
        images = list(pages.pngs(Resolution(dpi=50), numbers=[2]))
    assert [number for number, _ in images] == [2]
    assert images[0][1].startswith(b"\x89PNG")


def test_memory_of_an_image_is_used_again_once_it_is_let_go(source, make_pdf):
    with source.open_pages(make_pdf(*"abcdefghijkl")) as pages:
        lengths = [pages._child.shared._length for _ in pages.images(TileCanvas())]
    assert lengths[-1] == lengths[5] > 0
