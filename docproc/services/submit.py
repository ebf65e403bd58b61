"""Record a job and one document for each file given, in batches; knows neither folders nor readers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from docproc.domain.errors import ConflictError, DocumentError
from docproc.domain.failure import Phase
from docproc.domain.ids import new_id
from docproc.observability.tracing import job_begins
from docproc.services.job_context import Accept
from docproc.services.names import readable
from docproc.services.originals import keep, keep_again, look_at
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Job, NewDocument, NewJob, Original

#: documents recorded in one transaction; workers begin with them while the next ones are looked at
BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedFile:
    """A file as it is handed in."""

    path: Path
    #: path relative to the argument given
    name: str
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: by which its document is known within the job; None: by its path. Of what was sent, and lies somewhere else each
    #: time that it is sent again
    known_as: str | None = None

    @property
    def identity(self) -> str:
        return self.known_as or str(self.path.absolute())


def submit(stores: Stores, job: NewJob, files: Iterable[SubmittedFile], *, accept: Accept) -> Job:
    """Create the job and its documents. A file that intake refuses is a failed document, never a lost one."""
    stores.jobs.create(job)
    return continue_submission(stores, job.id, files, accept=accept, tenant=job.tenant)


def continue_submission(
    stores: Stores, job_id: UUID, files: Iterable[SubmittedFile], *, accept: Accept, tenant: str = LOCAL_TENANT
) -> Job:
    """Record those of `files` that are not there yet: how a submission goes on that was interrupted.

    Ends early when somebody cancels the job. Raises ConflictError when the submission was complete, NotFoundError when
    there is no such job.
    """
    job = stores.jobs.get(job_id, tenant=tenant)
    if job.submitted_at is not None:
        raise ConflictError("every file of the job was submitted already")
    with job_begins(job_id):
        _record(stores, job, files, accept=accept)
    return stores.jobs.get(job_id, tenant=tenant)


def _record(stores: Stores, job: Job, files: Iterable[SubmittedFile], *, accept: Accept) -> None:
    for batch in _batches(files):
        if stores.documents.is_canceled(job.id):
            break
        known = stores.jobs.known_files(job.id, [file.identity for file in batch])
        fresh = [file for file in batch if file.identity not in known]
        documents = [_document(file, job, stores=stores, accept=accept) for file in fresh]
        stores.jobs.add_documents(job.id, documents)
        lies_at = {file.identity: str(file.path.absolute()) for file in batch}
        # also what is known: whoever began may have ended before this line
        for original in (*known.values(), *(document.original for document in documents)):
            here = replace(original, path=lies_at[original.path])
            keep_again(here, tenant=job.tenant, blobs=stores.blobs)
    else:
        stores.jobs.mark_submitted(job.id)


def _batches(files: Iterable[SubmittedFile]) -> Iterator[Sequence[SubmittedFile]]:
    rest = iter(files)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _document(file: SubmittedFile, job: Job, *, stores: Stores, accept: Accept) -> NewDocument:
    path = file.path.absolute()
    original, failure = Original(path=str(path)), None
    try:
        original = look_at(path, accept)
        if job.options.keep_originals:
            original = keep(original, tenant=job.tenant, blobs=stores.blobs)
    except DocumentError as error:
        failure = error.failure(Phase.INTAKE)
    return NewDocument(
        id=new_id(),
        file=readable(file.name),
        original=replace(original, path=file.identity),
        failure=failure,
        external_id=file.external_id,
        metadata=file.metadata,
    )
