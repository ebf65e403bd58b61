"""Make a stopped job workable again: leases of the dead end, the schema must be the same. Knows no worker."""

from typing import Protocol
from uuid import UUID

from docproc.domain.errors import ConflictError
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Job


class Owners(Protocol):
    """Who leases work: tells the living from the dead."""

    def dead(self, owners: frozenset[str]) -> frozenset[str]:
        """Those of `owners` that certainly live no more; of strangers nothing is certain."""
        ...


def resume(stores: Stores, job_id: UUID, *, owners: Owners, tenant: str = LOCAL_TENANT) -> Job:
    """The job, ready to be run on; what the dead held is free at once, without waiting for its lease to expire.

    A job whose submission was interrupted has `submitted_at` None: continue the submission first.
    Raises NotFoundError, or ConflictError when the job was canceled.
    """
    job = stores.jobs.get(job_id, tenant=tenant)
    free_dead_leases(stores, job_id, owners=owners)
    if job.cancel_requested_at is not None:
        stores.jobs.cancel(job_id)
        raise ConflictError("the job was canceled: submit a new one")
    return job


def free_dead_leases(stores: Stores, job_id: UUID, *, owners: Owners) -> int:
    """How many leases were ended."""
    return stores.documents.void(owners.dead(stores.documents.owners(job_id)))
