"""Submit one file as a job of its own under an id that is known before, so that sending again makes no second job.

Knows no folder. Any crash between its steps is mended by doing it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from docproc.domain.errors import ChangedError, DocumentError, NotFoundError, RefusedError, UnreadableError
from docproc.domain.failure import Phase
from docproc.domain.ids import new_id
from docproc.services.job_context import Accept
from docproc.services.names import readable
from docproc.services.originals import keep, keep_again, look_at
from docproc.services.ports import Stores
from docproc.services.records import Job, NewDocument, NewJob, Original


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A file, and what its bytes must be."""

    path: Path
    #: as it is to be called
    name: str
    sha256: str
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def hand_in(stores: Stores, job: NewJob, file: HandedIn, *, accept: Accept) -> UUID:
    """The id of the job, which is `job`'s. A file that intake refuses is a failed document.

    Raises ChangedError when the bytes are others by now, UnreadableError when they cannot be had: then there is no job.
    """
    document = _document(stores, job, file, accept=accept)
    if _find(stores, job) is None:
        try:
            stores.jobs.create(job)
        except RefusedError:  # somebody who holds the same file no longer, and has not noticed yet, was faster
            if _find(stores, job) is None:
                raise
    stores.jobs.add_documents(job.id, [document])
    keep_again(document.original, tenant=job.tenant, blobs=stores.blobs)
    found = stores.jobs.get(job.id, tenant=job.tenant)
    if found.submitted_at is None:
        stores.jobs.mark_submitted(job.id)
    return job.id


def find_handed_in(stores: Stores, job_id: UUID, *, tenant: str) -> bool:
    """Whether there is such a job, with its file."""
    try:
        return stores.jobs.get(job_id, tenant=tenant).submitted_at is not None
    except NotFoundError:
        return False


def _find(stores: Stores, job: NewJob) -> Job | None:
    try:
        return stores.jobs.get(job.id, tenant=job.tenant)
    except NotFoundError:
        return None


def _document(stores: Stores, job: NewJob, file: HandedIn, *, accept: Accept) -> NewDocument:
    original, failure = Original(path=str(file.path.absolute())), None
    try:
        # the bytes are kept before anything is recorded: from here on the file may change or go
        original = _as_expected(look_at(file.path.absolute(), accept), file.sha256)
        original = keep(original, tenant=job.tenant, blobs=stores.blobs)
    except (ChangedError, UnreadableError):
        raise
    except DocumentError as error:
        failure = error.failure(Phase.INTAKE)
    return NewDocument(
        id=new_id(),
        file=readable(file.name),
        original=original,
        failure=failure,
        external_id=file.external_id,
        metadata=file.metadata,
    )


def _as_expected(original: Original, sha256: str) -> Original:
    if original.sha256 != sha256:
        raise ChangedError("the file changed while it was submitted")
    return original
