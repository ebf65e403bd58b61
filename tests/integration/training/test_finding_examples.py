"""From real documents with truth to examples."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doubles.command import write_pdf
from PIL import Image, ImageDraw

from docproc.domain.errors import UnsupportedError
from docproc.domain.image import TileCanvas
from docproc.intake import Limits
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.training.examples import Finder
from docproc.training.page_images import drawing
from docproc.training.truth import TruthDocument
from schemas.json_schema import compile_json_schema

pytestmark = pytest.mark.integration
SCHEMA = compile_json_schema(
    {"type": "object", "properties": {"number": {"type": ["string", "null"]}, "total": {"type": ["string", "null"]}}},
    stem="bill",
)
TRUTH = {"number": "AB-4711", "total": "99.50"}


@pytest.fixture(scope="module")
def source() -> Iterator[DocprocPages]:
    with ChildPool(size=1) as pool:
        yield DocprocPages(pool, ocr=False)


@pytest.fixture
def find(source: DocprocPages) -> Finder:
    return Finder(source=source, schema=SCHEMA, limits=Limits(), ocr=False)


def document(path: Path) -> TruthDocument:
    return TruthDocument(name=path.name, path=path, fields=TRUTH)


def scan(path: Path, *, pages: int) -> Path:
    drawn = [Image.new("RGB", (300, 400), "white") for _ in range(pages)]
    for page in drawn:
        ImageDraw.Draw(page).rectangle((50, 50, 250, 300), fill="black")
    drawn[0].save(path, save_all=True, append_images=drawn[1:])
    return path


def records(found: list[Any]) -> list[tuple[int, Any]]:
    return [(example.page, json.loads(example.target.text)) for example in found]


def test_each_page_of_a_document_answers_for_itself_and_a_blank_one_not_at_all(find: Finder, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "bill.pdf", "Bill AB-4711", "", "To pay 99.50")
    assert records(find(document(path))) == [
        (1, {"number": "AB-4711", "total": None}),
        (3, {"number": None, "total": "99.50"}),
    ]


def test_a_scan_of_one_page_answers_for_the_document(find: Finder, tmp_path: Path) -> None:
    assert records(find(document(scan(tmp_path / "one.png", pages=1)))) == [(1, TRUTH)]


def test_scans_of_several_pages_need_ocr(find: Finder, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="let OCR look"):
        find(document(scan(tmp_path / "two.tif", pages=2)))


def test_a_document_of_blank_pages_gives_no_example(find: Finder, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="blank"):
        find(document(write_pdf(tmp_path / "blank.pdf", "", "")))


def test_the_page_that_an_example_names_is_drawn_at_its_grid(
    find: Finder, source: DocprocPages, tmp_path: Path
) -> None:
    path = write_pdf(tmp_path / "bill.pdf", "Bill AB-4711", "To pay 99.50")
    draw = drawing(source, tmp_path, TileCanvas(tile_px=56))
    first, second = (draw(example) for example in find(document(path)))
    assert first.grid == (2, 3)
    assert first.canvas.shape == (168, 112, 3)
    assert first.thumbnail is not None
    assert first.thumbnail.shape == (56, 56, 3)
    assert (first.canvas != second.canvas).any()
