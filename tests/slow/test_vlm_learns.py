"""What `docproc finetune` taught a model, `docproc extract --adapter` reads; `docproc eval` says so."""

import json
from pathlib import Path

import pytest
from doubles.command import Command
from PIL import Image, ImageDraw

pytestmark = [pytest.mark.slow, pytest.mark.integration]
SCHEMA = {"title": "note", "type": "object", "properties": {"total": {"type": ["string", "null"], "maxLength": 8}}}
NOTES = 3


@pytest.fixture
def run(tmp_path: Path) -> Command:
    """Three pages with truth."""
    for part in ("docs", "truth"):
        (tmp_path / "notes" / part).mkdir(parents=True)
    (tmp_path / "notes" / "schema.json").write_text(json.dumps(SCHEMA))
    for number in range(NOTES):
        page = Image.new("RGB", (120, 60), "white")
        ImageDraw.Draw(page).rectangle((10 + 20 * number, 10, 60, 50), fill="black")
        page.save(tmp_path / "notes" / "docs" / f"{number}.png")
        told = {"file": f"{number}.png", "fields": {"total": f"{number}.00"}}
        (tmp_path / "notes" / "truth" / f"{number}.png.json").write_text(json.dumps(told))
    return Command(place=tmp_path, environment={"OMP_NUM_THREADS": "1"})


def test_what_was_learnt_is_read(run: Command, checkpoint: Path) -> None:
    recipe = ("--train", "all", "--steps", 60, "--pages-per-step", NOTES, "--learning-rate", "3e-3", "--no-ocr")
    run("finetune", "notes", "--base", checkpoint, "--out", "adapter", *recipe)
    model = ("--reader", "vlm", "--model", checkpoint, "--adapter", "adapter")

    done = run("extract", "notes/docs", "--schema", "notes/schema.json", *model)
    told = json.loads(run("eval", "notes", *model, "--json").stdout)

    records = {line["file"]: line["record"] for line in map(json.loads, done.stdout.splitlines())}
    assert records == {f"{number}.png": {"total": f"{number}.00"} for number in range(NOTES)}
    assert told["readers"][0]["documents_right"] == 1.0
