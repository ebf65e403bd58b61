"""Receive the failed documents of a job again; knows no worker."""

from uuid import UUID

from docproc.domain.errors import ConflictError
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT


def retry(stores: Stores, job_id: UUID, *, tenant: str = LOCAL_TENANT) -> int:
    """How many documents are to be read again; run the job afterwards. What was read well is not read again.

    Raises NotFoundError, or ConflictError when the job was canceled.
    """
    if stores.jobs.get(job_id, tenant=tenant).cancel_requested_at is not None:
        raise ConflictError("the job was canceled: submit a new one")
    return stores.jobs.retry(job_id)
