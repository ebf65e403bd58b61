"""What workers tell, as processes of their own: their lines, their metrics, their probes."""

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.ports import free_port
from doubles.waiting import PATIENCE_S
from doubles.worker import WorkerProcess, kill_process, running_worker
from doubles.works import Works

from docproc.domain.document import JobState
from docproc.observability import EVENTS

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
MARK = "Xyzzy4711"
READERS = '{"trap": "doubles.telling_reader:TellingReader"}'


class Told:
    """A worker that answers probes."""

    def __init__(self, works: Works, worker: WorkerProcess, port: int) -> None:
        self.works = works
        self.worker = worker
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self._url + path, timeout=PATIENCE_S) as answer:  # noqa: S310 our own worker's
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def value(self, sample: str) -> float:
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def pool(self) -> list[int]:
        """The processes that do tasks; Celery has one more, which keeps the books of semaphores."""
        commands = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in self.worker.children()}
        return [child for child, command in commands.items() if b"semaphore_tracker" not in command]

    def lines(self) -> list[dict[str, object]]:
        """What it said to standard error; to standard output Celery says that it is told to end."""
        said = self.worker.log.read_text().splitlines()
        return [json.loads(line) for line in said if line and line != "worker: Warm shutdown (MainProcess)"]


def start(works: Works, *, name: str = "told", pool: str = "prefork") -> Iterator[Told]:
    port = free_port()
    worker = WorkerProcess(
        environment={**works.environment, "DOCPROC_LOG_LEVEL": "DEBUG", "DOCPROC_READERS": READERS},
        queues=("prepare", "read.cpu", "read.trap", "assemble"),
        log=works.folder / f"worker-{name}.log",
        slots=2,
        pool=pool,
        modules=(ROOT,),
        options=("--metrics-port", str(port)),
    )
    with running_worker(worker):
        told = Told(works, worker, port)
        works.until(lambda: "serving" if answers(told) else "")
        yield told


def answers(told: Told) -> bool:
    try:
        return told.get("/ready")[0] == 200
    except OSError:
        return False


@pytest.fixture
def told(works: Works) -> Iterator[Told]:
    yield from start(works)


def test_a_job_is_counted_over_all_processes_also_those_that_were_killed(told: Told) -> None:
    works = told.works
    works.until_ended(works.submit({"a.pdf": ["one", "two"], "b.pdf": ["three", "!die here"]}))
    for child in told.pool():
        kill_process(child)

    works.until_ended(works.submit({"c.pdf": ["five"]}))

    works.until(lambda: told.value('docproc_documents_total{state="needs_review"}') == 3)
    assert told.value('docproc_pages_total{state="read"}') == 4
    assert told.value('docproc_swept_leases_total{outcome="given_up"}') == 1
    # each death is an attempt that began and did not end
    begun = told.value('docproc_attempts_total{step="read"}')
    assert begun - told.value('docproc_tasks_total{outcome="done",step="read"}') == 3
    assert told.value('docproc_step_seconds_count{step="read"}') == begun - 3
    assert told.value("docproc_document_seconds_count") == 3
    assert told.value('docproc_slots{queue="prepare"}') == 2
    assert told.value("docproc_workers") == 1


def test_a_worker_that_drains_is_alive_and_not_ready(told: Told) -> None:
    told.works.submit({"a.pdf": ["!nap"]})
    told.works.until(told.works.reads)
    assert told.get("/health") == (200, '{"status": "good", "troubles": {}}\n')

    told.worker.signal(signal.SIGTERM)

    told.works.until(lambda: told.get("/ready")[0] == 503)
    assert json.loads(told.get("/ready")[1])["troubles"] == {"worker": "draining"}
    assert told.get("/health")[0] == 200
    assert told.worker.wait() == 0
    said = [line.get("action") for line in told.lines()]
    assert said[0] == "worker_started"
    assert said.index("worker_draining") < said.index("worker_ended")


def test_without_its_broker_a_worker_is_alive_and_not_ready(told: Told) -> None:
    told.works.valkey.stop()

    told.works.until(lambda: told.get("/ready")[0] == 503)
    assert "broker" in json.loads(told.get("/ready")[1])["troubles"]
    assert told.get("/health")[0] == 200

    job = told.works.submit({"a.pdf": ["one"]})
    told.works.until(lambda: told.value("docproc_broker_errors_total") >= 1)

    told.works.valkey.start()
    told.works.until(lambda: told.get("/ready")[0] == 200)
    told.works.until_ended(job)


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_no_line_holds_what_stands_in_a_document(works: Works, pool: str) -> None:
    for told in start(works, pool=pool):
        job = works.submit({"good.pdf": [f"{MARK}1 one", f"!raise {MARK}2"], "bad.pdf": [f"!refuse {MARK}3"]})
        works.until_ended(job)
        layout = works.until_ended(works.submit({"c.pdf": [f"name: {MARK}4"]}, reader="layout"))
        assert layout.state is JobState.SUCCEEDED
        told.worker.end()

        text, lines = told.worker.log.read_text(), told.lines()

        assert MARK not in text
        assert MARK in (works.folder / "reads.log").read_text()  # it was read all the same
        assert {line["action"] for line in lines if "action" in line} <= set(EVENTS)
        ended = [line for line in lines if line.get("action") == "window_read"]
        assert ended
        about = {"time", "level", "job_id", "document_id", "page", "attempt", "step", "worker", "pid"}
        assert all(about <= set(line) for line in ended)
