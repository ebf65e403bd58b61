"""A service in small for tests with real workers: database, broker, folder of blobs, workers in own processes."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from docproc.bootstrap import queue_of
from docproc.domain.ids import new_id
from docproc.domain.schema import ExtractionSchema
from docproc.intake import Limits, accept
from docproc.services.job_context import schema_version
from docproc.services.ports import Stores
from docproc.services.records import Document, Job, JobOptions, NewJob, PreparedPage
from docproc.services.submit import SubmittedFile, submit
from docproc.services.work_ports import WorkStores
from docproc.storage.database import Database
from docproc.storage.stores import stores_over, work_stores_over
from docproc.storage.tables import PAGES
from doubles.command import write_pdf
from doubles.postgres import empty_database
from doubles.trap_reader import READS
from doubles.valkey import ValkeyServer, running_valkey
from doubles.worker import WorkerProcess
from schemas import load_schema

LEASE_S = 2
#: what machines under load may need
PATIENCE_S = 90.0
EVERY_QUEUE = ("prepare", "read.cpu", "read.trap", "read.trap4", "assemble")
_READERS = '{"trap": "doubles.trap_reader:TrapReader", "trap4": "doubles.trap_reader:WindowTrapReader"}'
_TESTS = Path(__file__).parent.parent


@dataclass
class Works:
    """Everything but the workers; those are started as a test needs them."""

    stores: Stores
    work: WorkStores
    valkey: ValkeyServer
    folder: Path
    environment: Mapping[str, str]
    _database: Database
    _ended: ExitStack = field(default_factory=ExitStack)
    _count: int = 0

    def start_worker(
        self, *queues: str, slots: int = 2, pool: str = "prefork", broker: str | None = None
    ) -> WorkerProcess:
        """A worker that has announced itself and takes messages; it ends with the test."""
        self._count += 1
        environment = {**self.environment, **({"DOCPROC_BROKER_URL": broker} if broker else {})}
        worker = WorkerProcess(
            environment=environment,
            queues=queues or EVERY_QUEUE,
            log=self.folder / f"worker-{self._count}.log",
            slots=slots,
            pool=pool,
            modules=(_TESTS,),
        )
        worker.start()
        self._ended.callback(worker.kill)  # to end in peace takes seconds, and is for tests of that
        self.until(lambda: self._announced(worker) or not worker.running)
        assert worker.running, worker.log.read_text()[-2000:]
        return worker

    def _announced(self, worker: WorkerProcess) -> bool:
        return any(each.pid == worker.pid for each in self.work.workers.living(alive_s=60))

    def submit(
        self,
        files: Mapping[str, Sequence[str]],
        *,
        reader: str = "trap",
        tenant: str = "local",
        schema: ExtractionSchema | None = None,
    ) -> Job:
        """A job of PDFs, each with the pages given."""
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        paths = [write_pdf(inbox / name, *pages) for name, pages in files.items()]
        return self.submit_files(paths, reader=reader, tenant=tenant, schema=schema)

    def submit_files(
        self,
        paths: Sequence[Path],
        *,
        reader: str = "trap",
        tenant: str = "local",
        schema: ExtractionSchema | None = None,
    ) -> Job:
        """A job of files that are there already; without a schema under `key_value`."""
        job = NewJob(
            id=new_id(),
            schema=schema_version(schema or load_schema("key_value")),
            options=JobOptions(reader=reader, keep_originals=True),
            queue=queue_of(reader),
            tenant=tenant,
        )
        files = [SubmittedFile(path=path, name=path.name) for path in paths]
        return submit(self.stores, job, files, accept=partial(accept, limits=Limits()))

    def document(self, job: Job, place: int = 0) -> Document:
        return self.stores.documents.page_through(job.id)[place]

    def pages(self, document_id: UUID) -> Sequence[PreparedPage]:
        return self.stores.pages.pages(document_id)

    def stalled(self, document_id: UUID) -> list[int]:
        """How often in a row each page was begun in vain."""
        with self._database.read() as connection:
            counts = select(PAGES.c.stalled).where(PAGES.c.document_id == document_id).order_by(PAGES.c.number)
            return list(connection.scalars(counts))

    def until_ended(self, job: Job) -> Job:
        """The job once it is finished."""
        self.until(lambda: self.stores.jobs.get(job.id, tenant=job.tenant).finished_at is not None)
        return self.stores.jobs.get(job.id, tenant=job.tenant)

    def until(self, true: Callable[[], object], *, seconds: float = PATIENCE_S) -> float:
        """Wait for it; the seconds that it took. Fails with what the workers said last."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > seconds:
                said = "\n".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("worker-*.log")))
                raise AssertionError(f"not true within {seconds} s; the workers said:\n{said}")
            time.sleep(0.05)
        return time.monotonic() - began

    def reads(self) -> list[str]:
        """The text of each page that the reader began, as often as it did."""
        path = self.folder / READS
        return path.read_text().splitlines() if path.exists() else []


@contextmanager
def running_works(server_url: str, template: str, folder: Path) -> Iterator[Works]:
    """Ends its workers first."""
    with ExitStack() as ended:
        url = ended.enter_context(empty_database(server_url, template=template))
        valkey = ended.enter_context(running_valkey())
        database = Database.open(url)
        ended.callback(database.close)
        environment = {
            "DOCPROC_DATABASE_URL": url,
            "DOCPROC_BROKER_URL": valkey.url,
            "DOCPROC_BLOB_URL": str(folder / "blobs"),
            "DOCPROC_LEASE_SECONDS": str(LEASE_S),
            "DOCPROC_READERS": _READERS,
        }
        yield Works(
            stores=stores_over(database, folder / "blobs"),
            work=work_stores_over(database),
            valkey=valkey,
            folder=folder,
            environment=environment,
            _database=database,
            _ended=ended,
        )
