"""The experiment on tile tags runs, and its task is what it says it is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]
ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench" / "tile_tags.py"
#: a batch of each grid and kind of tags, as text and as the textures that its tiles look like
TASK = """
import sys, json, torch
sys.path.insert(0, sys.argv[1])
from tile_tags import GRIDS, Tags, Task

told = []
for tags in Tags:
    task = Task(tags, 5)
    for grid in GRIDS:
        batch = task.batch(3, grid)
        tiles = batch.inputs["pixel_values"].unflatten(0, (3, -1))  # (pages, tiles, 3, px, px)
        likeness = tiles.flatten(2) @ task.textures.flatten(1).T
        told.append({
            "tags": tags, "grid": grid, "namings": batch.namings,
            "texts": [task.tokenizer.decode(row) for row in batch.inputs["input_ids"]],
            "looks": likeness.argmax(-1).tolist(), "strength": likeness.max(-1).values.tolist(),
            "after": [[task.tokenizer.decode([row[place + 1]]) for place in batch.places]
                      for row in batch.inputs["input_ids"]],
            "answers": [[task.tokenizer.decode([token]) for token in row] for row in batch.answers],
        })
print(json.dumps(told))
"""


def run(*command: str | Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def batches() -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(run("-c", TASK, BENCH.parent)[-1])
    return told


def asked_tiles(text: str, grid: tuple[int, int]) -> list[int]:
    """The tiles that a prompt asks for, from its words alone."""
    words = text[text.index("</Image>") :].split()
    tiles = []
    for at, word in enumerate(words):
        if word == "tile":
            tiles.append(int(words[at + 1][0]) - 1)
        elif word == "column":
            # "column 2 row 1c": the answer follows without a space
            tiles.append((int(words[at + 3][0]) - 1) * grid[0] + int(words[at + 1]) - 1)
    return tiles


def test_the_right_answer_is_the_texture_of_the_tile_that_the_question_names(batches: list[dict[str, Any]]) -> None:
    for batch in batches:
        for text, looks, answers in zip(batch["texts"], batch["looks"], batch["answers"], strict=True):
            tiles = asked_tiles(text, batch["grid"])
            assert ["abcdefgh"[looks[tile]] for tile in tiles] == answers
            assert len(set(tiles)) == 4
        assert batch["after"] == batch["answers"]
        assert sorted(batch["namings"]) == ["column and row"] * 2 + ["number"] * 2


def test_the_thumbnail_shows_no_texture(batches: list[dict[str, Any]]) -> None:
    for page in (strength for batch in batches for strength in batch["strength"]):
        assert page[-1] < 0.1 * min(page[:-1])


def test_tags_name_tiles_by_number_or_by_place_or_not_at_all(batches: list[dict[str, Any]]) -> None:
    texts = {(batch["tags"], tuple(batch["grid"])): batch["texts"][0] for batch in batches}

    assert "<tile_" not in texts["none", (3, 2)]
    assert [texts["1-D", (3, 2)].count(f"<tile_{number}>") for number in range(1, 8)] == [1] * 6 + [0]
    assert texts["2-D grid", (3, 2)].index("<tile_x3_y1>") < texts["2-D grid", (3, 2)].index("<tile_x1_y2>")
    assert all(("thumbnail" in text) == (tags != "none") for (tags, _), text in texts.items())


def test_a_short_run_trains_each_kind_and_draws_its_plot(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"

    told = json.loads(run(BENCH, "--quick", "--seeds", "0", "--workers", "1", "--plot", plot)[-1])

    assert [row["tags"] for row in told["tags"]] == ["none", "1-D", "2-D grid"]
    assert all(0 <= row["accuracy"] <= 1 and len(row["seeds"]) == 1 for row in told["tags"])
    assert "<svg" in plot.read_text()
