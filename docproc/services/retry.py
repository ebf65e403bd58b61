"""Receive the failed documents of a job again; knows no worker."""

from collections.abc import Sequence
from uuid import UUID

from docproc.domain.errors import ConflictError
from docproc.services.passwords import add_passwords
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT


def retry(stores: Stores, job_id: UUID, *, tenant: str = LOCAL_TENANT, passwords: Sequence[str] = ()) -> int:
    """How many documents are to be read again; run the job afterwards. What was read well is not read again.

    Args:
        stores: where the job is.
        job_id: which one.
        tenant: whose.
        passwords: tried besides those that the job was given before.

    Raises:
        NotFoundError: there is no such job.
        ConflictError: the job was canceled.
        UsageError: the job takes no password.
        SealedError: nothing can be sealed here.
    """
    job = stores.jobs.get(job_id, tenant=tenant)
    if job.cancel_requested_at is not None:
        raise ConflictError("the job was canceled: submit a new one")
    add_passwords(stores.passwords, job, passwords)
    return stores.jobs.retry(job_id)
