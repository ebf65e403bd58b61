"""`docproc inspect` as a user meets it: what a file is, what is wrong with it, its tiles."""

import json
from pathlib import Path
from typing import Any

import pytest
from doubles.command import Command, write_pdf
from PIL import Image

pytestmark = pytest.mark.integration
OPENER = "open sesame"
TILE_PX = 448


@pytest.fixture
def docproc(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


def facts_of(output: str) -> dict[str, dict[str, Any]]:
    return {facts["file"]: facts for facts in map(json.loads, output.splitlines())}


def test_every_file_is_one_json_object_and_what_cannot_be_read_says_why(docproc: Command, tmp_path: Path) -> None:
    box = tmp_path / "box"
    (box / "sub").mkdir(parents=True)
    write_pdf(box / "good.pdf", "Hello there", "", "General Kenobi")
    write_pdf(box / "sub" / "locked.pdf", "secret", password=OPENER)
    Image.new("RGB", (300, 200), "white").save(box / "white.png")
    (box / "broken.pdf").write_bytes(b"%PDF-1.4 nothing else")
    (box / "empty.pdf").write_bytes(b"")
    (box / "notes.txt").write_text("just text")

    found = facts_of(docproc("inspect", box, "--recursive", "--json", code=3).stdout)

    outcomes = {name: (facts["outcome"], facts.get("code") or facts["pages"]) for name, facts in found.items()}
    assert outcomes == {
        "good.pdf": ("ok", 3),
        "white.png": ("ok", 1),
        "broken.pdf": ("error", "corrupt"),
        "empty.pdf": ("error", "empty"),
        "notes.txt": ("error", "unsupported"),
        "sub/locked.pdf": ("error", "password_required"),
    }
    assert all(facts["seconds"] >= 0 for facts in found.values())
    assert all(facts["message"] for facts in found.values() if facts["outcome"] == "error")
    assert found["good.pdf"]["text"].split() == ["Hello", "there", "General", "Kenobi"]
    assert [fact["blank"] for fact in found["good.pdf"]["page_facts"]] == [False, True, False]


def test_a_good_file_is_told_to_people_page_by_page(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "one two three", "")

    head, first, second = docproc("inspect", "a.pdf").stdout.splitlines()

    assert head == "a.pdf: application/pdf, 2 pages"
    assert "595 x 842 pt, 3 words (text layer), tiles 2 x 3" in first
    assert "blank" in second


def test_a_password_file_opens_what_is_locked(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "locked.pdf", "the secret", password=OPENER)
    (tmp_path / "passwords").write_text(f"wrong\n{OPENER}\n")

    found = facts_of(docproc("inspect", "locked.pdf", "--json", "--password-file", "passwords").stdout)

    assert found["locked.pdf"]["text"] == "the secret"


@pytest.mark.parametrize(("limit", "value"), [("max_pages", 2), ("max_bytes", 100)])
def test_a_file_over_a_limit_is_too_large(docproc: Command, tmp_path: Path, limit: str, value: int) -> None:
    write_pdf(tmp_path / "a.pdf", "one", "two", "three")

    found = facts_of(docproc("inspect", "a.pdf", "--json", code=3, **{limit: value}).stdout)

    assert (found["a.pdf"]["outcome"], found["a.pdf"]["code"]) == ("error", "too_large")


def test_an_image_of_too_many_pixels_is_too_large(docproc: Command, tmp_path: Path) -> None:
    Image.new("L", (2000, 2000), 255).save(tmp_path / "wide.png")

    found = facts_of(docproc("inspect", "wide.png", "--json", code=3, max_pixels=1_000_000).stdout)

    assert found["wide.png"]["code"] == "too_large"


def test_only_the_pages_asked_for_are_looked_at_and_the_rest_still_counts(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "one", "two", "three", "four")

    found = facts_of(docproc("inspect", "a.pdf", "--json", "--pages", "2,4-9").stdout)["a.pdf"]

    assert found["pages"] == 4
    assert [(page["number"], page["text"]) for page in found["page_facts"]] == [(2, "two"), (4, "four")]


def test_scans_that_nobody_asked_to_read_are_named(docproc: Command, tmp_path: Path) -> None:
    image = Image.new("L", (600, 800), 255)
    image.paste(0, (100, 100, 400, 130))
    image.save(tmp_path / "scan.png")

    text = docproc("inspect", "scan.png", "--ocr", "none").stdout

    assert "not read by OCR: pages 1" in text


def test_tiles_are_written_as_one_picture_a_page(docproc: Command, tmp_path: Path) -> None:
    (tmp_path / "box" / "sub").mkdir(parents=True)
    write_pdf(tmp_path / "box" / "sub" / "a.pdf", "one", "two")

    found = facts_of(docproc("inspect", "box", "--recursive", "--json", "--tiles", "deep/tiles").stdout)["sub/a.pdf"]

    pictures = sorted((tmp_path / "deep" / "tiles").iterdir())
    assert [path.name for path in pictures] == ["sub_a.pdf-page-0001.png", "sub_a.pdf-page-0002.png"]
    for path, page in zip(pictures, found["page_facts"], strict=True):
        columns, rows = page["grid"]
        with Image.open(path) as picture:
            assert picture.size == (columns * TILE_PX, rows * TILE_PX)
            assert picture.convert("RGB").getpixel((TILE_PX, 10)) == (255, 0, 0)


def test_pictures_that_exist_are_replaced_only_on_request(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "one")
    (tmp_path / "a.pdf-page-0001.png").write_bytes(b"mine")

    done = docproc("inspect", "a.pdf", "--tiles", ".", code=2)

    assert "--overwrite" in done.stderr
    assert (tmp_path / "a.pdf-page-0001.png").read_bytes() == b"mine"
    docproc("inspect", "a.pdf", "--tiles", ".", "--overwrite")
    assert (tmp_path / "a.pdf-page-0001.png").read_bytes() != b"mine"


def test_looking_records_nothing(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "one")

    docproc("inspect", "a.pdf")

    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nowhere.pdf"], "no such file"), (["a.pdf", "--pages", "x"], "pages 'x'"), (["a.pdf", "--ocr", "some"], "some")],
)
def test_a_wrong_request_exits_with_two(docproc: Command, tmp_path: Path, arguments: list[str], said: str) -> None:
    write_pdf(tmp_path / "a.pdf", "one")

    done = docproc("inspect", *arguments, code=2)

    assert said in done.stderr
    assert "Traceback" not in done.stderr
