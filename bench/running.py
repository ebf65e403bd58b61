"""A whole service on this machine for a measurement: its servers, its workers, and documents to submit."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from doubles.postgres import empty_database, running_postgres
from doubles.s3 import ENVIRONMENT, blob_url, s3_process
from doubles.valkey import running_valkey

from docproc.bootstrap import Service, open_service
from docproc.domain.ids import new_id
from docproc.services.job_context import schema_version
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile, submit
from schemas import load_schema

#: PyMuPDF carries no types
_library: Any = pymupdf
ROOT = Path(__file__).parent.parent
READER = "instant"
QUEUE = f"read.{READER}"


@dataclass
class Stack:
    """A service whose workers run."""

    service: Service
    folder: Path

    def submit(self, files: Sequence[Path], *, tenant: str = "local", reuse: bool = False) -> Job:
        """Submit `files` as one job and return at once."""
        job = NewJob(
            id=new_id(),
            schema=schema_version(load_schema("key_value")),
            options=JobOptions(reader=READER, keep_originals=True, reuse=reuse),
            queue=QUEUE,
            tenant=tenant,
        )
        given = (SubmittedFile(path=path, name=path.name) for path in files)
        return submit(self.service.stores, job, given, accept=self.service.accept)

    def wait(self, job: Job, *, every_s: float = 0.02, limit_s: float = 300.0) -> Job:
        """Until every document of the job is final."""
        deadline = time.monotonic() + limit_s
        while True:
            now = self.service.stores.jobs.get(job.id, tenant=job.tenant)
            if not now.documents.open:
                return now
            if time.monotonic() > deadline:
                raise TimeoutError(f"{now.documents.open} documents are open after {limit_s:.0f} s")
            time.sleep(every_s)


@contextmanager
def running_stack(*, workers: int = 1, slots: int = 2) -> Iterator[Stack]:
    """Postgres, Valkey, an S3 server and `workers` worker processes with `slots` each; all end with the context."""
    with ExitStack() as ended:
        server = ended.enter_context(running_postgres())
        if server is None:
            raise SystemExit("no Postgres binaries: make setup installs them")
        database = ended.enter_context(empty_database(server))
        valkey = ended.enter_context(running_valkey())
        s3 = ended.enter_context(s3_process())
        environment = {
            **ENVIRONMENT,
            "DOCPROC_DATABASE_URL": database,
            "DOCPROC_BROKER_URL": valkey.url,
            "DOCPROC_BLOB_URL": blob_url(s3.port),
            "DOCPROC_READERS": '{"instant": "instant_reader:InstantReader"}',
            "PYTHONPATH": os.pathsep.join([str(ROOT / "bench"), os.environ.get("PYTHONPATH", "")]),
        }
        os.environ.update(environment)
        service = open_service(migrate=True)
        folder = Path(ended.enter_context(tempfile.TemporaryDirectory(prefix="docproc-bench-")))
        for number in range(workers):
            ended.enter_context(_worker(folder / f"worker-{number}.log", slots=slots))
        _wait_for_workers(service, workers)
        yield Stack(service=service, folder=folder)


@contextmanager
def _worker(log: Path, *, slots: int) -> Iterator[None]:
    command = [sys.executable, "-m", "workers", "--queues", f"prepare,{QUEUE},assemble", "--slots", str(slots)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT)  # noqa: S603 our own
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_workers(service: Service, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(service.work.workers.living(alive_s=15)) < count:
        if time.monotonic() > deadline:
            raise SystemExit("the workers did not start")
        time.sleep(0.1)


def write_documents(folder: Path, *, count: int, pages: int, name: str = "document") -> list[Path]:
    """Small PDFs with a text layer, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        document = _library.open()
        for page in range(1, pages + 1):
            text = f"{name} {number} page {page} of {pages}\ntotal {number * 7 + page}.00"
            document.new_page(width=595, height=842).insert_text((60, 60), text, fontsize=11)
        paths.append(folder / f"{name}-{number:05}.pdf")
        document.save(paths[-1])
        document.close()
    return paths
