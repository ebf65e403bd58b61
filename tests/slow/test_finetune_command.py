"""`docproc finetune` as a user meets it: an adapter from a folder, Ctrl-C, kill -9, and what is refused."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from doubles.waiting import until
from PIL import Image, ImageDraw
from safetensors.torch import load_file
from typer.testing import CliRunner

from docproc.cli.finetune import need
from docproc.cli.main import app
from docproc.domain.errors import ConflictError, DocprocError, NotFoundError, UsageError
from docproc.nvlm.adapter import load_with_adapter

pytestmark = [pytest.mark.slow, pytest.mark.integration]
PATIENCE_S = 240
SOME_STEPS = ("--train", "alignment", "--steps", 25)
SCHEMA = {"title": "note", "type": "object", "properties": {"total": {"type": ["string", "null"]}}}


def write_notes(folder: Path) -> Path:
    """Three pages with truth."""
    for part in ("docs", "truth"):
        (folder / part).mkdir(parents=True)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    for number in range(3):
        page = Image.new("RGB", (120, 60), "white")
        ImageDraw.Draw(page).rectangle((10 + 20 * number, 10, 60, 50), fill="black")
        page.save(folder / "docs" / f"{number}.png")
        (folder / "truth" / f"{number}.png.json").write_text(json.dumps({"fields": {"total": f"{number}.00"}}))
    return folder


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_notes(tmp_path / "notes")


class Finetune:
    """Runs the command in a process of its own."""

    def __init__(self, place: Path, truth: Path, base: Path) -> None:
        self._place = place
        self._arguments = [truth, "--base", base, "--no-ocr", "--pages-per-step", 1, "--save-every", 2]

    def start(self, *options: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "docproc", "finetune", *map(str, self._arguments), *map(str, options)],
            cwd=self._place,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self._place),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "OMP_NUM_THREADS": "1",
                "DOCPROC_DATA_DIR": str(self._place / "data"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *options: object, code: int = 0) -> str:
        with self.start(*options) as process:
            output, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == code, output + errors
        return errors


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all runs: each of them takes a while to start."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def finetune(place: Path, checkpoint: Path) -> Finetune:
    return Finetune(place, write_notes(place / "notes"), checkpoint)


@pytest.fixture(scope="module")
def whole(finetune: Finetune, place: Path) -> Path:
    """The folder of a run that was never stopped."""
    said = finetune("--out", "whole", *SOME_STEPS)
    assert "25 steps over 3 pages" in said
    return place / "whole"


def logged(out: Path) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines() if (out / "log.jsonl").exists() else []
    return [json.loads(line) for line in lines]


def test_a_run_ends_with_an_adapter_a_log_and_a_plot(whole: Path, checkpoint: Path) -> None:
    assert [line["step"] for line in logged(whole)] == [*range(1, 26)]
    assert (whole / "loss.svg").read_text().startswith("<?xml")
    assert json.loads((whole / "adapter.json").read_text())["form"] == "weights"
    pages = [json.loads(line) for line in (whole / "pages.jsonl").read_text().splitlines()]
    assert [page["pages"][0]["text"] for page in pages] == [f'{{"total":"{number}.00"}}' for number in range(3)]
    assert load_with_adapter(checkpoint, whole).config.model_type == "NVLM_D"


def test_a_killed_run_goes_on_and_ends_bit_for_bit_as_one_that_was_not(
    finetune: Finetune, whole: Path, place: Path
) -> None:
    killed = place / "killed"
    with finetune.start("--out", killed, *SOME_STEPS) as process:
        until(lambda: len(logged(killed)) > 4, seconds=PATIENCE_S)
        process.kill()
    assert not (killed / "adapter.json").exists()
    finetune("--out", killed, *SOME_STEPS, "--resume")
    keys = ("step", "loss", "gradient_norm", "learning_rate")
    losses = [[[line[key] for key in keys] for line in logged(out)] for out in (whole, killed)]
    assert losses[0] == losses[1]
    weights = [load_file(out / "trained.safetensors") for out in (whole, killed)]
    assert weights[0].keys() == weights[1].keys()
    assert all(weight.equal(weights[1][name]) for name, weight in weights[0].items())


def test_ctrl_c_saves_and_says_how_to_go_on(finetune: Finetune, place: Path, checkpoint: Path) -> None:
    out = place / "stopped"
    with finetune.start("--out", out, "--steps", 400, "--save-every", 1000) as process:
        until(lambda: len(logged(out)) > 1, seconds=PATIENCE_S)
        same = ("--no-ocr", "--pages-per-step", 1, "--steps", 400, "--resume")
        second = refusal(place / "notes", "--base", checkpoint, "--out", out, *same)
        assert "another process is at this run" in second.message
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "--resume" in said
    done = len(logged(out))
    assert [path.name for path in (out / "checkpoints").iterdir()] == [f"step-{done:08}.pt"]
    otherwise = refusal(place / "notes", "--base", checkpoint, "--out", out, "--no-ocr", "--steps", 3, "--resume")
    assert "the run was begun otherwise: recipe differ" in otherwise.message


def refusal(*arguments: object) -> DocprocError:
    result = CliRunner().invoke(app, ["finetune", *map(str, arguments)])
    assert isinstance(result.exception, DocprocError), result.output
    return result.exception


def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    truth: Path, checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    nowhere = refusal(tmp_path / "nowhere", "--base", checkpoint, "--out", out)
    assert isinstance(nowhere, NotFoundError)
    assert "no such folder" in nowhere.message
    assert "no schema.json" in refusal(tmp_path, "--base", checkpoint, "--out", out).message
    assert "no checkpoint" in refusal(truth, "--base", truth, "--out", out).message
    assert "NVIDIA GPU" in refusal(truth, "--base", checkpoint, "--out", out, "--four-bit").message
    assert "no run in it" in refusal(truth, "--base", checkpoint, "--out", out, "--resume").message
    assert not out.exists()
    (truth / "truth" / "0.png.json").write_text("[]")
    assert "0.png.json" in refusal(truth, "--base", checkpoint, "--out", out).message
    assert not out.exists()


def test_an_output_that_exists_is_left_alone(truth: Path, checkpoint: Path) -> None:
    assert isinstance(refusal(truth, "--base", checkpoint, "--out", truth), ConflictError)


def test_documents_that_give_no_page_are_an_error_that_says_why(truth: Path, checkpoint: Path, tmp_path: Path) -> None:
    for page in (truth / "docs").iterdir():
        page.write_bytes(b"no image at all")
    assert "unsupported" in refusal(truth, "--base", checkpoint, "--out", tmp_path / "out").message


def test_what_is_not_installed_is_named_with_the_way_to_install_it() -> None:
    with pytest.raises(UsageError, match=r"no_such_module missing: pip install 'docproc\[finetune\]'"):
        need(("json", "no_such_module"))
