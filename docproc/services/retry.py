"""Receive the failed documents of a job again; knows no worker."""

from collections.abc import Sequence
from uuid import UUID

from docproc.domain.errors import ConflictError, UsageError
from docproc.services.passwords import require_reach
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
    if passwords:
        if not job.options.passwords:  # what was read without one is shared with jobs that have none
            raise UsageError("this job takes no password: submit the documents again, with one or decrypted")
        if job.queue is not None:
            require_reach(stores.passwords)
        stores.passwords.give(job_id, passwords)
    return stores.jobs.retry(job_id)
