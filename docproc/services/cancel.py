"""Cancel a job: what waits ends at once, what is worked on at its next window. Knows no worker."""

from uuid import UUID

from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Job
from docproc.services.resume import Owners, free_dead_leases


def cancel(stores: Stores, job_id: UUID, *, owners: Owners, tenant: str = LOCAL_TENANT) -> Job:
    """The job as it stands afterwards. Canceling a finished job changes nothing. Raises NotFoundError."""
    stores.jobs.get(job_id, tenant=tenant)
    free_dead_leases(stores, job_id, owners=owners)
    stores.jobs.cancel(job_id)
    return stores.jobs.get(job_id, tenant=tenant)
