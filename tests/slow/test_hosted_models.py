"""Workers that host a model: what they announce, how jobs reach it, share its passes, are metered and canceled."""

import json
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from doubles.command import Command
from doubles.ports import free_port
from doubles.worker import WorkerProcess, running_worker
from doubles.works import Works, running_works
from sqlalchemy import text

from docproc.bootstrap import choose_reader
from docproc.domain.document import JobState
from docproc.domain.errors import UsageError
from docproc.services.records import Job
from docproc.services.waiting import waiting_of
from docproc.settings import Settings
from docproc.storage.database import Database
from schemas.json_schema import compile_json_schema

pytestmark = pytest.mark.slow

SHORT = compile_json_schema(
    {
        "title": "bill",
        "type": "object",
        "properties": {"number": {"type": ["string", "null"], "maxLength": 24}, "paid": {"type": ["boolean", "null"]}},
        "required": ["number", "paid"],
    },
    reference="bill.json",
)
#: of thoughts before each record: so many passes that pages meet, and that one can be caught
_THINKING_TOKENS = 200
#: to import torch takes a machine under load its time
_LOADING_S = 240.0


@dataclass
class Hosting:
    """A service with one worker for the processor and, once it is started, one with a tiny model."""

    works: Works
    worker: WorkerProcess
    port: int

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=15) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def value(self, sample: str) -> float:
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.worker.log.read_text().splitlines() if line.startswith("{")]

    def submit(self, *names: str, pages: int = 1, tenant: str = "local") -> Job:
        files = {f"{name}.pdf": [f"Bill {name} page {page}" for page in range(pages)] for name in names}
        return self.works.submit(files, reader="tiny", schema=SHORT, tenant=tenant)


@pytest.fixture(scope="module")
def hosting(
    postgres_url: str, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory, checkpoint: Path
) -> Iterator[Hosting]:
    folder = tmp_path_factory.mktemp("hosting")
    with running_works(postgres_url, migrated_postgres, folder) as works:
        port = free_port()
        worker = WorkerProcess(
            environment={
                **works.environment,
                "DOCPROC_VLM_MODEL": str(checkpoint),
                "DOCPROC_VLM_THINKING_TOKENS": str(_THINKING_TOKENS),
                "DOCPROC_LEASE_SECONDS": "60",
                "OMP_NUM_THREADS": "1",
            },
            queues=("read.tiny",),
            log=folder / "worker-model.log",
            slots=4,
            pool="threads",
            options=("--model", "tiny", "--metrics-port", str(port)),
        )
        hosting = Hosting(works, worker, port)
        with ExitStack() as ended:
            ended.enter_context(running_worker(worker))
            works.start_worker("prepare", "assemble", "read.cpu")
            works.until(lambda: hosting.get("/ready")[0] == 200 or not worker.running, seconds=_LOADING_S)
            assert worker.running, worker.log.read_text()[-2000:]
            yield hosting


def test_a_worker_is_ready_and_serves_its_model_only_once_that_is_loaded(hosting: Hosting) -> None:
    told = [line for line in hosting.lines() if line.get("model") == "tiny"]

    actions = [line["action"] for line in told]
    assert actions[:2] == ["worker_started", "model_loading"]
    assert "model_loaded" in actions
    announced = hosting.works.work.models.find("tiny")
    assert announced is not None
    assert announced.window_pages == 1
    assert announced.image is not None
    assert hosting.works.work.tasks.capacity(alive_s=60)["read.tiny"] == 4


def test_pages_of_several_jobs_and_tenants_share_passes_and_each_tenant_is_metered(hosting: Hosting) -> None:
    works = hosting.works
    works.work.tenants.create("ada")
    before = {name: hosting.value(f'docproc_model_{name}_total{{model="tiny"}}') for name in ("passes", "row_passes")}

    jobs = [hosting.submit("a", "b", pages=3), hosting.submit("c", "d", pages=2, tenant="ada")]
    ended = [works.until_ended(job) for job in jobs]

    assert [job.state for job in ended] == [JobState.SUCCEEDED] * 2
    assert [(job.pages.total, job.pages.read) for job in ended] == [(6, 6), (4, 4)]
    passes, rows = (
        hosting.value(f'docproc_model_{name}_total{{model="tiny"}}') - before[name] for name in ("passes", "row_passes")
    )
    assert rows > 1.5 * passes > 0
    metered = usage_of(works)
    assert {tenant: pages for tenant, (pages, _, _) in metered.items()} == {"local": 6, "ada": 4}
    assert all(tokens > 0 and tiles > 0 for _, tokens, tiles in metered.values())
    tokens = hosting.value('docproc_reader_tokens_total{kind="prompt",reader="tiny"}')
    assert tokens == sum(tokens for _, tokens, _ in metered.values())
    assert hosting.value('docproc_reader_tiles_total{reader="tiny"}') == sum(tiles for _, _, tiles in metered.values())


def usage_of(works: Works) -> dict[str, tuple[int, int, int]]:
    """Pages, tokens read and tiles, by tenant, that the model's reader was metered for."""
    database = Database.open(str(works.environment["DOCPROC_DATABASE_URL"]))
    statement = "SELECT tenant, sum(pages), sum(prompt_tokens), sum(tiles) FROM usage WHERE reader = 'tiny' GROUP BY 1"
    with database.read() as connection:
        rows = connection.execute(text(statement)).all()
    database.close()
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def test_canceling_frees_the_place_in_the_batch_within_a_second(hosting: Hosting) -> None:
    works = hosting.works
    job = hosting.submit("busy")
    works.until(lambda: hosting.value('docproc_model_running{model="tiny"}') == 1)

    works.stores.jobs.cancel(job.id)
    seconds = works.until(lambda: hosting.value('docproc_model_running{model="tiny"}') == 0)

    assert seconds < 1.5
    assert works.until_ended(job).state is JobState.CANCELED


def test_auto_leaves_pages_to_the_model_called_vlm_and_to_no_other(hosting: Hosting) -> None:
    settings, work = Settings(), hosting.works.work
    assert choose_reader("auto", SHORT, settings=settings, work=work).model is None
    with pytest.raises(UsageError, match="no worker has hosted a model called vlm"):
        choose_reader("vlm", SHORT, settings=settings, work=work)
    with pytest.raises(UsageError, match=r"there is no reader called 'other': there are .*, tiny, and no worker"):
        choose_reader("other", SHORT, settings=settings, work=work)
    assert choose_reader("tiny", SHORT, settings=settings, work=work).queue == "read.tiny"


def test_a_worker_that_is_told_to_stop_hands_back_what_it_reads_and_the_job_waits(hosting: Hosting) -> None:
    works = hosting.works
    # more than are read within what a worker that drains may take to end a page
    pages = 24
    job = hosting.submit("busy again", pages=pages)
    works.until(lambda: hosting.value('docproc_model_running{model="tiny"}') == 4)

    hosting.worker.signal(signal.SIGTERM)
    began = time.monotonic()
    assert hosting.worker.wait() == 0

    assert time.monotonic() - began < 10
    assert [line.get("action") for line in hosting.lines()][-1] == "worker_ended"
    found = works.stores.jobs.get(job.id)
    assert waiting_of(found, works.work) == "a worker serving tiny"
    assert found.pages.open + found.pages.read == pages
    assert found.pages.open > 0
    assert "left" in [line.get("outcome") for line in hosting.lines()], "what was read is handed back"
    assert works.work.models.find("tiny") is not None
    works.stores.jobs.cancel(job.id)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nowhere", "no model: there is no config.json in it"),
        ("Bad Name=nowhere", "is no name"),
        ("layout=nowhere", "is another reader already"),
    ],
)
def test_a_worker_says_why_it_cannot_host_a_model(hosting: Hosting, tmp_path: Path, model: str, message: str) -> None:
    command = Command(place=tmp_path, environment=hosting.works.environment)

    done = command("worker", "--model", model, "--slots", 1, code=2)

    assert message in done.stderr
    assert "Traceback" not in done.stderr
