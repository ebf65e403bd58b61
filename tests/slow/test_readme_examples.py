"""README's lines of a service, word for word: against `docproc serve` alone, and against what `make up` starts."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from openpyxl import load_workbook

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
STACK = (sys.executable, str(ROOT / "deploy" / "local" / "stack.py"))
PATIENCE_S = 300


def block(beginning: str) -> list[str]:
    """The lines of the first fenced block that has this line in it."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [text.splitlines() for text in blocks if any(line.startswith(beginning) for line in text.splitlines())]
    return list(found)


def curls() -> list[str]:
    """What follows the address and the key, which every server prints anew."""
    lines = block("ask() {")
    assert lines[0].startswith(".venv/bin/docproc serve")
    assert lines[1].startswith("export URL=http://127.0.0.1:8080 KEY=docproc_")
    return lines[2:]


class Clone:
    """A folder that looks like a clone with its `.venv`, and keeps what is written into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "samples").symlink_to(ROOT / "samples")
        (folder / "build").symlink_to(ROOT / "build")
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "DOCPROC_DATA_DIR": str(folder / "data")}

    def run(self, lines: Sequence[str], **variables: str) -> str:
        """In one shell that ends with the first line that fails; what was said."""
        ended = subprocess.run(
            ["sh", "-e", "-c", "\n".join(lines)],
            cwd=self.folder,
            env=self._environment | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    @contextmanager
    def serving(self, *before: str) -> Iterator[str]:
        """What it prints until it answers, at any port that is free."""
        process = subprocess.Popen(
            ["sh", "-e", "-c", "\n".join([*before, "exec .venv/bin/docproc serve --port 0"])],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout:
            try:
                said = []
                for line in process.stdout:
                    said.append(line)
                    if line.startswith("try"):
                        break
                yield "".join(said)
            finally:
                process.send_signal(signal.SIGINT)
                assert process.wait(timeout=PATIENCE_S) == 0

    def check_what_the_curls_brought(self) -> None:
        job = json.loads((self.folder / "job.json").read_text())
        number = job["extractions"][0]["record"]["invoice_number"]
        assert job["state"] == "succeeded"
        sheet = load_workbook(self.folder / "records.xlsx").worksheets[0]
        assert number in {cell for row in sheet.iter_rows(values_only=True) for cell in row}


def found(pattern: str, text: str) -> str:
    (first,) = re.findall(pattern, text, re.MULTILINE)
    return str(first)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_curls_submit_wait_and_download_a_workbook_from_a_lone_service(clone: Clone) -> None:
    with clone.serving() as said:
        clone.run(curls(), URL=found(r"answers at (\S+)", said), KEY=found(r"^key +(docproc_\S+)", said))

    clone.check_what_the_curls_brought()


@pytest.fixture
def stack() -> Iterator[None]:
    (ROOT / "build").mkdir(exist_ok=True)
    if subprocess.run([*STACK, "status"], check=False, stdout=subprocess.DEVNULL).returncode == 0:
        pytest.skip("a stack of somebody's runs here: make down ends it")
    try:
        subprocess.run([*STACK, "up"], check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)
        yield
    finally:
        subprocess.run([*STACK, "down"], check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)


@pytest.mark.usefixtures("stack")
def test_the_lines_after_make_up_work_one_after_the_other_and_so_do_the_curls(clone: Clone) -> None:
    lines = block(". build/stack/environment")
    assert lines[-1].startswith(".venv/bin/docproc serve")

    said = clone.run(lines[:-1])

    assert "2 alive" in said
    assert (clone.folder / "records.xlsx").exists()
    (clone.folder / "records.xlsx").unlink()
    with clone.serving(lines[0]) as greeting:
        clone.run(curls(), URL=found(r"answers at (\S+)", greeting), KEY=found(r"^key +(docproc_\S+)", said))
    clone.check_what_the_curls_brought()
