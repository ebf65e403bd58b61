"""Submit under a key that makes sending again harmless: the same request is the same job. Knows no reader."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from docproc.domain.errors import ConflictError
from docproc.services.canonical import canonical
from docproc.services.job_context import Accept
from docproc.services.ports import Stores
from docproc.services.records import IdempotencyKey, Job, NewJob
from docproc.services.submit import SubmittedFile, continue_submission
from docproc.services.unpack import Unpacker

#: what stands for the bytes of a file that cannot be read: it is submitted, and fails with its code
_UNREADABLE = "unreadable"


def submit_once(
    stores: Stores,
    job: NewJob,
    files: Sequence[SubmittedFile],
    *,
    accept: Accept,
    key: str | None = None,
    unpacker: Unpacker | None = None,
) -> Job:
    """The job: `job`, or the one that the same key made before; one whose submission was interrupted goes on.

    Raises ConflictError when the key was used for another request, NotFoundError when there is no such tenant.
    """
    idempotency = None if key is None else IdempotencyKey(key=key, request_sha256=request_sha256(job, files))
    job_id = stores.jobs.create(job, idempotency=idempotency)
    found = stores.jobs.get(job_id, tenant=job.tenant)
    if found.submitted_at is not None:
        return found
    if found.inputs != job.inputs:
        # its documents are known by their paths: from elsewhere each would be submitted a second time
        raise ConflictError("a submission with this key is under way from other paths: send it from those again")
    if job.passwords:  # before there is a document that a worker could open
        stores.passwords.give(job_id, job.passwords)
    with suppress(ConflictError):  # who sent the same at the same time was faster
        return continue_submission(stores, job_id, files, accept=accept, unpacker=unpacker, tenant=job.tenant)
    return stores.jobs.get(job_id, tenant=job.tenant)


def request_sha256(job: NewJob, files: Iterable[SubmittedFile]) -> str:
    """Of everything that is asked for, but for the paths: the same files may lie elsewhere the next time."""
    # which model there is at the time is nothing that was asked for; passwords leave no trace, nor their hashes
    options = replace(job.options, model=None).to_json()
    facts = [job.schema.sha256, options, job.priority, job.external_id, job.metadata]
    if job.callback is not None:
        facts += [job.callback.url, job.callback.secret]
    digest = hashlib.sha256(canonical(facts))
    for file in files:
        digest.update(canonical([file.name, file.external_id, file.metadata, _sha256_of(file.path)]))
    return digest.hexdigest()


def _sha256_of(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return _UNREADABLE
