"""`docproc finetune` as a user meets it: an adapter from a folder, Ctrl-C, kill -9, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from safetensors.torch import load_file
from typer.testing import CliRunner

from docproc.cli.finetune import need
from docproc.cli.main import app
from docproc.domain.errors import ConflictError, DocprocError, NotFoundError, UsageError
from docproc.nvlm.adapter import load_with_adapter

pytestmark = pytest.mark.integration
PATIENCE_S = 120
SCHEMA = {"title": "note", "type": "object", "properties": {"total": {"type": ["string", "null"]}}}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    for part in ("docs", "truth"):
        (folder / part).mkdir(parents=True)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    for number in range(3):
        page = Image.new("RGB", (120, 60), "white")
        ImageDraw.Draw(page).rectangle((10 + 20 * number, 10, 60, 50), fill="black")
        page.save(folder / "docs" / f"{number}.png")
        (folder / "truth" / f"{number}.png.json").write_text(json.dumps({"fields": {"total": f"{number}.00"}}))
    return folder


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


@pytest.fixture
def finetune(tmp_path: Path, truth: Path, checkpoint: Path) -> Finetune:
    return Finetune(tmp_path, truth, checkpoint)


def logged(out: Path) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines() if (out / "log.jsonl").exists() else []
    return [json.loads(line) for line in lines]


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_run_ends_with_an_adapter_a_log_and_a_plot(finetune: Finetune, tmp_path: Path, checkpoint: Path) -> None:
    said = finetune("--out", "adapter", "--epochs", 1)
    out = tmp_path / "adapter"
    assert "3 steps over 3 pages" in said
    assert [line["step"] for line in logged(out)] == [1, 2, 3]
    assert (out / "loss.svg").read_text().startswith("<?xml")
    assert json.loads((out / "adapter.json").read_text())["form"] == "lora"
    pages = [json.loads(line) for line in (out / "pages.jsonl").read_text().splitlines()]
    assert [page["pages"][0]["text"] for page in pages] == [f'{{"total":"{number}.00"}}' for number in range(3)]
    assert load_with_adapter(checkpoint, out).config.model_type == "NVLM_D"


def test_a_killed_run_goes_on_and_ends_bit_for_bit_as_one_that_was_not(finetune: Finetune, tmp_path: Path) -> None:
    options = ("--train", "alignment", "--steps", 25)
    finetune("--out", "whole", *options)
    killed = tmp_path / "killed"
    with finetune.start("--out", killed, *options) as process:
        wait_for(lambda: len(logged(killed)) > 4)
        process.kill()
    assert not (killed / "adapter.json").exists()
    finetune("--out", killed, *options, "--resume")
    keys = ("step", "loss", "gradient_norm", "learning_rate")
    losses = [[[line[key] for key in keys] for line in logged(out)] for out in (tmp_path / "whole", killed)]
    assert losses[0] == losses[1]
    weights = [load_file(out / "trained.safetensors") for out in (tmp_path / "whole", killed)]
    assert weights[0].keys() == weights[1].keys()
    assert all(weight.equal(weights[1][name]) for name, weight in weights[0].items())


def test_ctrl_c_saves_and_says_how_to_go_on(finetune: Finetune, tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    with finetune.start("--out", out, "--steps", 400, "--save-every", 1000) as process:
        wait_for(lambda: len(logged(out)) > 1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "--resume" in said
    done = len(logged(out))
    assert [path.name for path in (out / "checkpoints").iterdir()] == [f"step-{done:08}.pt"]
    refused = finetune("--out", out, "--steps", 3, "--save-every", 1000, "--resume", code=2)
    assert "the run was begun otherwise: recipe differ" in refused


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
