"""Jobs of a run as the database tells of them, and their exports at its end. Knows no client and no worker."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from chaos.clients import SCHEMA, HandedIn
from docproc.bootstrap import Service
from docproc.domain.errors import StorageError
from docproc.exports.opening import open_writer
from docproc.services.collect import collect
from docproc.services.records import Job
from schemas import load_schema


def state_of(service: Service, jobs: Iterable[HandedIn]) -> list[Job] | None:
    """None while the database cannot be asked."""
    try:
        return [service.stores.jobs.get(job.id, tenant=job.tenant) for job in jobs]
    except StorageError:
        return None


def all_told(service: Service, tenants: Sequence[str]) -> bool:
    """Whether no event is on its way to a webhook any more."""
    try:
        return not any(service.errands.deliveries.open_count(tenant=tenant) for tenant in tenants)
    except StorageError:
        return False


def export_jobs(service: Service, jobs: Iterable[HandedIn], folder: Path) -> None:
    """The records of each job as JSON lines."""
    folder.mkdir()
    for job in jobs:
        with open_writer(folder / f"{job.id}.jsonl", load_schema(SCHEMA)) as writer:
            for item in collect(service.stores, job.id, tenant=job.tenant):
                writer.write(item)
