"""Jobs handed in while everything falls apart: what cannot be stored now is handed in again. Knows no worker."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from chaos.papers import Paper

from docproc.bootstrap import Service, queue_of
from docproc.domain.errors import ConflictError, NotFoundError, StorageError
from docproc.domain.ids import new_id
from docproc.exports.opening import open_writer
from docproc.services.collect import collect
from docproc.services.job_context import schema_version
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile, continue_submission
from schemas import load_schema

SCHEMA = "key_value"


def submit_papers(service: Service, papers: Sequence[Paper], *, record: Path) -> NewJob:
    """One job of papers that have tenant and reader in common; what was submitted goes to `record` first."""
    first = papers[0]
    job = NewJob(
        id=new_id(),
        schema=schema_version(load_schema(SCHEMA)),
        options=JobOptions(reader=first.reader, keep_originals=True),
        queue=queue_of(first.reader),
        tenant=first.tenant,
    )
    with record.open("a") as file:
        for paper in papers:
            file.write(json.dumps(replace(paper, job=str(job.id)).to_json()) + "\n")
    while not _submitted(service, job, papers):
        time.sleep(1)
    return job


def _submitted(service: Service, job: NewJob, papers: Iterable[Paper]) -> bool:
    files = (SubmittedFile(path=Path(paper.path), name=Path(paper.path).name) for paper in papers)
    try:
        try:
            service.stores.jobs.get(job.id, tenant=job.tenant)
        except NotFoundError:
            service.stores.jobs.create(job)
        continue_submission(service.stores, job.id, files, accept=service.accept, tenant=job.tenant)
    except ConflictError:  # it was complete, and only the answer was lost
        return True
    except StorageError:
        return False
    return True


def state_of(service: Service, jobs: Iterable[NewJob]) -> list[Job] | None:
    """None while the database cannot be asked."""
    try:
        return [service.stores.jobs.get(job.id, tenant=job.tenant) for job in jobs]
    except StorageError:
        return None


def export_jobs(service: Service, jobs: Iterable[NewJob], folder: Path) -> None:
    """The records of each job as JSON lines."""
    folder.mkdir()
    for job in jobs:
        with open_writer(folder / f"{job.id}.jsonl", load_schema(SCHEMA)) as writer:
            for item in collect(service.stores, job.id, tenant=job.tenant):
                writer.write(item)
