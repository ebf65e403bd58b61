"""Jobs, newest first; knows no output."""

from collections.abc import Sequence

from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Job


def list_jobs(stores: Stores, *, limit: int | None = None, tenant: str = LOCAL_TENANT) -> Sequence[Job]:
    """Jobs with their states and counts."""
    return stores.jobs.newest(tenant=tenant, limit=limit)
