"""A job of many documents whose process is killed three times: what was done stays done, the rest is done once."""

import json
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from doubles.command import Command, write_pdf

if TYPE_CHECKING:
    from subprocess import Popen

pytestmark = [pytest.mark.slow, pytest.mark.integration]
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


def done(docproc: Command) -> int:
    """How many documents of the last job have ended; -1 before there is a job."""
    jobs = json.loads(docproc("jobs", "list", "--json").stdout)
    return jobs[0]["done"] if jobs else -1


def kill_when(docproc: Command, process: "Popen[str]", *, at: int, after_s: float) -> None:
    deadline = time.monotonic() + 300
    while done(docproc) < at:
        assert time.monotonic() < deadline, "the job does not go on"
        time.sleep(0.1)
    time.sleep(after_s)
    assert process.poll() is None, "the job ended before it was killed: there are too few documents"
    process.kill()
    process.communicate()


EXTRACT = ("extract", "box", "--schema", "bill.json", "--workers", "2")
RESUME = ("jobs", "resume", "last")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shop")
    (place / "bill.json").write_text(json.dumps(SCHEMA))
    (place / "box").mkdir()
    for number, name in enumerate(FILES):
        write_pdf(place / "box" / name, f"Invoice number: K-{number:04d}\nTotal amount due: EUR {number}.25")
    return place


def lines_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def of_the_document(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in OF_THE_JOB}


@pytest.fixture(scope="module")
def undisturbed(place: Path) -> list[dict[str, Any]]:
    return lines_of(Command(place=place, data="calm")(*EXTRACT).stdout)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_document_of_a_job_that_is_killed_three_times_is_done_once(
    place: Path, undisturbed: list[dict[str, Any]], seed: int
) -> None:
    moments, docproc = random.Random(seed), Command(place=place, data=f"killed-{seed}")  # noqa: S311 no secret
    for kill, at in enumerate(KILLED_AT):
        with docproc.start(*(RESUME if kill else EXTRACT)) as process:
            kill_when(docproc, process, at=at, after_s=moments.random())
    docproc(*RESUME)

    lines = lines_of(docproc("jobs", "export", "last").stdout)

    assert [line["file"] for line in lines] == FILES
    assert len({line["document_id"] for line in lines}) == DOCUMENTS
    assert [line["record"]["invoice_number"] for line in lines] == [f"K-{number:04d}" for number in range(DOCUMENTS)]
    assert list(map(of_the_document, lines)) == list(map(of_the_document, undisturbed))


def test_what_is_finished_is_not_done_again(place: Path) -> None:
    docproc = Command(place=place, data="twice")
    first = docproc(*EXTRACT).stdout

    assert docproc(*RESUME).stdout == first
