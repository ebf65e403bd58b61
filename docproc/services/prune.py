"""Delete jobs that are older than some days; knows no database."""

from datetime import timedelta

from docproc.domain.errors import ConflictError, NotFoundError
from docproc.services.delete import delete
from docproc.services.job_context import SystemClock
from docproc.services.orphans import remove_orphans
from docproc.services.ports import Clock, Stores
from docproc.services.records import LOCAL_TENANT, Removed
from docproc.services.resume import Owners

#: younger blobs may wait for their row to be written
_IN_FLIGHT = timedelta(hours=24)


def prune(
    stores: Stores,
    *,
    older_than_days: float,
    owners: Owners,
    unfinished: bool = False,
    clock: Clock | None = None,
    tenant: str = LOCAL_TENANT,
) -> Removed:
    """The receipt of all deletions, blobs that nobody keeps among them.

    A job that is being worked on stays, and, unless `unfinished`, one that could be resumed.
    """
    now = (clock or SystemClock()).now()
    moment = now - timedelta(days=older_than_days)
    removed = Removed()
    for job_id in stores.jobs.created_before(moment, tenant=tenant):
        try:
            if not unfinished and stores.jobs.get(job_id, tenant=tenant).resumable:
                continue
            removed += delete(stores, job_id, owners=owners, tenant=tenant)
        except (ConflictError, NotFoundError):  # it began to be worked on, or somebody else deleted it
            continue
    stores.blobs.sweep()
    return removed + remove_orphans(stores, tenant=tenant, before=now - _IN_FLIGHT)
