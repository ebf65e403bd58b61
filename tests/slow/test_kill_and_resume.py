"""A job of many documents whose process is killed three times: what was done stays done, the rest is done once."""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]
DOCPROC = Path(sys.executable).parent / "docproc"
DOCUMENTS = 300
#: how many documents are done, at least, when a kill is prepared; it comes up to a second later
KILLED_AT = (0, 90, 180)
SCHEMA = {
    "properties": {
        "invoice_number": {"type": ["string", "null"]},
        "total_gross": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
    }
}
FILES = [f"{number:03d}.pdf" for number in range(DOCUMENTS)]
#: these differ from one job to the next
OF_THE_JOB = ("job_id", "document_id", "seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Documents, a schema and data folders of their own."""

    place: Path
    data: str

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(DOCPROC), *arguments],
            cwd=self.place,
            env={"DOCPROC_DATA_DIR": self.data, "PATH": "/usr/bin:/bin", "HOME": str(self.place)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def docproc(self, *arguments: str) -> str:
        with self.start(*arguments) as process:
            output, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
        return output

    def done(self) -> int:
        """How many documents of the last job have ended; -1 before there is a job."""
        jobs = json.loads(self.docproc("jobs", "list", "--json"))
        return jobs[0]["done"] if jobs else -1

    def kill_when(self, process: "subprocess.Popen[str]", *, done: int, after_s: float) -> None:
        deadline = time.monotonic() + 300
        while self.done() < done:
            assert time.monotonic() < deadline, "the job does not go on"
        time.sleep(after_s)
        assert process.poll() is None, "the job ended before it was killed: there are too few documents"
        process.kill()
        process.communicate()


EXTRACT = ("extract", "box", "--schema", "bill.json", "--workers", "2")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shop")
    (place / "bill.json").write_text(json.dumps(SCHEMA))
    (place / "box").mkdir()
    for number, name in enumerate(FILES):
        document = pymupdf.open()
        page = document.new_page()
        page.insert_text((50, 80), f"Invoice number: K-{number:04d}")
        page.insert_text((50, 110), f"Total amount due: EUR {number}.25")
        document.save(place / "box" / name)
        document.close()
    return place


def lines_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def of_the_document(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in OF_THE_JOB}


@pytest.fixture(scope="module")
def undisturbed(place: Path) -> list[dict[str, Any]]:
    return lines_of(Shop(place=place, data=str(place / "calm")).docproc(*EXTRACT))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_document_of_a_job_that_is_killed_three_times_is_done_once(
    place: Path, undisturbed: list[dict[str, Any]], seed: int
) -> None:
    moments, shop = random.Random(seed), Shop(place=place, data=str(place / f"killed-{seed}"))  # noqa: S311 no secret
    for kill, done in enumerate(KILLED_AT):
        with shop.start(*(EXTRACT if kill == 0 else ("jobs", "resume", "last"))) as process:
            shop.kill_when(process, done=done, after_s=moments.random())
    shop.docproc("jobs", "resume", "last")

    lines = lines_of(shop.docproc("jobs", "export", "last"))

    assert [line["file"] for line in lines] == FILES
    assert len({line["document_id"] for line in lines}) == DOCUMENTS
    assert [line["record"]["invoice_number"] for line in lines] == [f"K-{number:04d}" for number in range(DOCUMENTS)]
    assert list(map(of_the_document, lines)) == list(map(of_the_document, undisturbed))


def test_what_is_finished_is_not_done_again(place: Path) -> None:
    shop = Shop(place=place, data=str(place / "twice"))
    first = shop.docproc(*EXTRACT)

    assert shop.docproc("jobs", "resume", "last") == first
