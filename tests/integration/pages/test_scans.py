"""Pages without a usable text layer are read by OCR, upright, with places and confidence."""

import io

import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from docproc.domain.document import MediaType
from docproc.domain.image import TileCanvas
from docproc.domain.page import TextSource
from docproc.pages.inspect import OcrChoice, inspect_document
from docproc.pipeline.ports import SourceDocument

pytestmark = pytest.mark.integration

LINES = (
    "Fresh Bread Bakery",
    "Receipt number 90817",
    "Date 2024-03-15",
    "Total amount 48.20 EUR",
    "Thank you very much",
)


def scan(lines=LINES, size=(900, 1200)):
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(36)
    for at, line in enumerate(lines):
        draw.text((100, 120 + 90 * at), line, fill="black", font=font)
    return image


def png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_scan_is_read_however_it_lies(source, make_image, turn):
    stored = scan().rotate(turn, expand=True)  # counterclockwise: so much must it be turned clockwise
    document = make_image("a.png", stored, MediaType.PNG, dpi=(150, 150))
    with source.open_pages(document) as pages:
        (prepared,) = pages.prepared(TileCanvas())
    page = prepared.content
    assert page.rotation == turn
    assert (round(page.width), round(page.height)) == (432, 576)
    assert page.source is TextSource.OCR
    assert [word.text for word in page.words] == " ".join(LINES).split()
    assert all(0.5 < word.confidence <= 1 for word in page.words)
    first = page.words[0]  # drawn at 100, 120 of 900 x 1200 pixels: 48, 58 points
    assert 40 < first.left < 56
    assert 52 < first.top < 66
    assert first.bottom < 90
    canvas = prepared.image.canvas  # shows the page as it was turned
    assert canvas[: canvas.shape[0] // 2].mean() < canvas[canvas.shape[0] // 2 :].mean()


def test_lines_are_numbered_in_reading_order(source, make_image):
    with source.open_pages(make_image("a.png", scan(), MediaType.PNG)) as pages:
        (page,) = pages
    by_line: dict[int, list[str]] = {}
    for word in page.words:
        by_line.setdefault(word.line, []).append(word.text)
    assert [" ".join(words) for _, words in sorted(by_line.items())] == list(LINES)


def over_scan(pdf, image, *, render_mode, text):
    page = pdf[0]
    page.insert_image(page.rect, stream=png(image), keep_proportion=False)
    for at, line in enumerate(text):
        page.insert_text((66, 108 + 63 * at), line, fontsize=24, render_mode=render_mode)


def test_a_hidden_layer_that_fits_its_scan_is_kept(source, make_pdf):
    document = make_pdf("", change=lambda pdf: over_scan(pdf, scan(), render_mode=3, text=LINES))
    with source.open_pages(document) as pages:
        (page,) = pages
    assert page.source is TextSource.TEXT_LAYER
    assert [word.text for word in page.words] == " ".join(LINES).split()


def test_a_hidden_layer_that_is_not_what_the_scan_shows_is_dropped(source, make_pdf):
    wrong = ["Document Metadata", "REGISTRANT=NOBODY"]

    def change(pdf):
        pdf[0].insert_image(pdf[0].rect, stream=png(scan()))
        for at, line in enumerate(wrong):
            pdf[0].insert_text((300, 500 + 10 * at), line, fontsize=4, render_mode=3)

    with source.open_pages(make_pdf("", change=change)) as pages:
        (page,) = pages
    assert page.source is TextSource.OCR
    assert "Bakery" in [word.text for word in page.words]
    assert "Metadata" not in [word.text for word in page.words]


def test_a_stamp_over_a_scan_joins_what_ocr_reads(source, make_pdf):
    def change(pdf):
        pdf[0].insert_image(pdf[0].rect, stream=png(scan()))
        pdf[0].insert_text((400, 800), "EX-0017", fontsize=9)

    with source.open_pages(make_pdf("", change=change)) as pages:
        (page,) = pages
    texts = [word.text for word in page.words]
    assert page.source is TextSource.OCR
    assert texts.count("EX-0017") == 1
    assert "Bakery" in texts


def test_without_ocr_a_scan_has_no_words_and_is_not_blank(source, make_image):
    with source.open_pages(make_image("a.png", scan(), MediaType.PNG)) as pages:
        (page,) = pages.contents(numbers=[1], ocr=False)
    assert page.words == ()
    assert page.source is TextSource.NONE
    assert not page.blank


def test_inspection_reads_a_few_scans_only_and_says_so(source, tmp_path):
    document = pymupdf.open()
    for _ in range(3):
        document.new_page().insert_image(pymupdf.Rect(0, 0, 595, 842), stream=png(scan(("Hello there",))))
    document.new_page().insert_text((72, 72), "typed")
    document.save(tmp_path / "a.pdf")
    asked = SourceDocument(path=tmp_path / "a.pdf", media_type=MediaType.PDF)
    found = inspect_document(source, asked, few=1)
    assert [page.source for page in found.pages] == ["ocr", "none", "none", "text_layer"]
    assert found.unread == (2, 3)
    assert found.text.split() == ["Hello", "there", "typed"]
    assert found.pages[0].grid == (2, 3)
    assert inspect_document(source, asked, ocr=OcrChoice.NONE).unread == (1, 2, 3)
