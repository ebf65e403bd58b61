"""A long job is worked on by several processes; any of them may die."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pymupdf
import pytest
from doubles.waiting import PATIENCE_S, until

pytestmark = pytest.mark.integration
DOCPROC = Path(sys.executable).parent / "docproc"
DOCUMENTS = 120


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    folder.mkdir()
    for number in range(DOCUMENTS):
        document = pymupdf.open()
        document.new_page().insert_text((50, 80), f"Invoice number: C-{number:04d}")
        document.save(folder / f"{number:03d}.pdf")
    (tmp_path / "s.json").write_text('{"properties": {"invoice_number": {"type": ["string", "null"]}}}')
    return folder


def start(box: Path) -> "subprocess.Popen[str]":
    place = box.parent
    environment = {"DOCPROC_DATA_DIR": str(place / "data"), "PATH": "/usr/bin:/bin", "HOME": str(place)}
    command = [str(DOCPROC), "extract", str(box), "--schema", str(place / "s.json"), "--workers", "2"]
    return subprocess.Popen(
        command, cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def members_of(parent: int) -> list[int]:
    """Child processes that run `docproc jobs work`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"jobs\0work" in (entry / "cmdline").read_bytes():
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                found += [int(entry.name)] if int(status[1]) == parent else []
        except OSError:  # it ended meanwhile
            continue
    return found


def member_of(process: "subprocess.Popen[str]") -> int:
    found: list[int] = []

    def is_there() -> bool:
        found[:] = members_of(process.pid)
        return bool(found)

    until(is_there)
    return found[0]


def stop(process: "subprocess.Popen[str]", box: Path) -> None:
    """Let it stand still, at a moment when it keeps nobody from writing."""

    def stands_still() -> bool:
        process.send_signal(signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(box.parent / "data" / "docproc.db", timeout=0)) as kept:
                kept.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            return False
        return True

    until(stands_still)


def has_work(member: int, box: Path) -> bool:
    """It holds a document at this moment: an owner's name has the number of its process."""
    with closing(sqlite3.connect(box.parent / "data" / "docproc.db")) as kept:
        held = kept.execute("SELECT 1 FROM documents WHERE lease_owner LIKE ?", (f"%-{member}-%",))
        return held.fetchone() is not None


def numbers(output: str) -> list[str]:
    return sorted(json.loads(line)["record"]["invoice_number"] for line in output.splitlines())


EVERY_NUMBER = [f"C-{number:04d}" for number in range(DOCUMENTS)]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_member_costs_no_document(box: Path) -> None:
    with start(box) as process:
        member = member_of(process)
        stop(process, box)  # else it might have done everything before the member is ready
        until(lambda: has_work(member, box))
        os.kill(member, signal.SIGKILL)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=2 * PATIENCE_S)

    assert process.returncode == 0
    assert numbers(output) == EVERY_NUMBER


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_members_end_when_the_process_that_started_them_is_killed(box: Path) -> None:
    with start(box) as process:
        member = member_of(process)
        process.kill()
        process.communicate(timeout=PATIENCE_S)
        until(lambda: not Path(f"/proc/{member}").exists())
