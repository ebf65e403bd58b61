"""Submit one file as a job of its own under an id that is known before, so that sending again makes no second job.

Knows no folder. Any crash between its steps is mended by doing it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from docproc.domain.errors import ChangedError, DocumentError, NotFoundError, RefusedError, UnreadableError
from docproc.observability.tracing import job_begins
from docproc.services.job_context import Accept
from docproc.services.originals import look_at
from docproc.services.ports import Stores
from docproc.services.records import Job, NewJob, Original
from docproc.services.take_in import FileLabel, TakenIn, Taking, refuse, take_in, take_in_again
from docproc.services.unpack import Unpacker


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A file, and what its bytes must be."""

    path: Path
    #: as it is to be called
    name: str
    sha256: str
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def hand_in(stores: Stores, job: NewJob, file: HandedIn, *, accept: Accept, unpacker: Unpacker | None = None) -> UUID:
    """The id of the job, which is `job`'s. A file that intake refuses is a failed document; a container is unpacked.

    Raises ChangedError when the bytes are others by now, UnreadableError when they cannot be had: then there is no job.
    """
    with job_begins(job.id):
        return _handed_in(stores, job, file, accept=accept, unpacker=unpacker)


def _handed_in(stores: Stores, job: NewJob, file: HandedIn, *, accept: Accept, unpacker: Unpacker | None) -> UUID:
    taking = Taking(tenant=job.tenant, blobs=stores.blobs, keeps_originals=True, unpacker=unpacker)
    # the next try may be another machine's, or of another copy: a path says nothing, and nobody else is to go on by it
    known_as = f"watched/{job.id}"
    taken = _taken_in(file, taking, known_as=known_as, accept=accept)
    if _find(stores, job) is None:
        try:
            stores.jobs.create(replace(job, inputs=(known_as,)))
        except RefusedError:  # somebody who holds the same file no longer, and has not noticed yet, was faster
            if _find(stores, job) is None:
                raise
    if job.passwords:
        stores.passwords.give(job.id, job.passwords)
    stores.jobs.add_documents(job.id, taken.rows)
    take_in_again(taken, taking)
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


def _taken_in(file: HandedIn, taking: Taking, *, known_as: str, accept: Accept) -> TakenIn:
    label = FileLabel(name=file.name, external_id=file.external_id, metadata=file.metadata, known_as=known_as)
    path = file.path.absolute()
    try:
        # the bytes are kept before anything is recorded: from here on the file may change or go
        return take_in(_as_expected(look_at(path, accept), file.sha256), label, taking)
    except (ChangedError, UnreadableError):
        raise
    except DocumentError as error:
        return refuse(Original(path=str(path)), label, error)


def _as_expected(original: Original, sha256: str) -> Original:
    if original.sha256 != sha256:
        raise ChangedError("the file changed while it was submitted")
    return original
