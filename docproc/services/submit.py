"""Record a job and one document for each file given, in batches; knows neither folders nor readers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from docproc.domain.errors import ConflictError, DocumentError
from docproc.observability.tracing import job_begins
from docproc.services.job_context import Accept
from docproc.services.originals import container_type, keep_again, look_at
from docproc.services.pieces import in_batches
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Job, NewJob, Original
from docproc.services.take_in import FileLabel, TakenIn, Taking, refuse, take_in, take_in_again
from docproc.services.unpack import Unpacker

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


def submit(
    stores: Stores, job: NewJob, files: Iterable[SubmittedFile], *, accept: Accept, unpacker: Unpacker | None = None
) -> Job:
    """Create the job and its documents. A file that intake refuses is a failed document, never a lost one."""
    stores.jobs.create(job)
    return continue_submission(stores, job.id, files, accept=accept, unpacker=unpacker, tenant=job.tenant)


def continue_submission(
    stores: Stores,
    job_id: UUID,
    files: Iterable[SubmittedFile],
    *,
    accept: Accept,
    unpacker: Unpacker | None = None,
    tenant: str = LOCAL_TENANT,
) -> Job:
    """Record those of `files` that are not there yet: how a submission goes on that was interrupted.

    Containers are unpacked into documents; without an unpacker each is a failed document. Ends early when somebody
    cancels the job. Raises ConflictError when the submission was complete, NotFoundError when there is no such job.
    """
    job = stores.jobs.get(job_id, tenant=tenant)
    if job.submitted_at is not None:
        raise ConflictError("every file of the job was submitted already")
    with job_begins(job_id):
        _record(
            stores,
            job,
            files,
            accept=accept,
            taking=Taking(
                tenant=job.tenant, blobs=stores.blobs, keeps_originals=job.options.keep_originals, unpacker=unpacker
            ),
        )
    return stores.jobs.get(job_id, tenant=tenant)


def _record(stores: Stores, job: Job, files: Iterable[SubmittedFile], *, accept: Accept, taking: Taking) -> None:
    for batch in in_batches(files, BATCH):
        if stores.documents.is_canceled(job.id):
            break
        known = stores.jobs.known_files(job.id, [file.identity for file in batch])
        fresh = [file for file in batch if file.identity not in known]
        for taken in _together(_taken_in(file, taking, accept=accept) for file in fresh):
            stores.jobs.add_documents(job.id, [document for each in taken for document in each.rows])
            for each in taken:
                take_in_again(each, taking)
        lies_at = {file.identity: str(file.path.absolute()) for file in batch}
        # also what is known: whoever began may have ended before this line
        for identity, original in known.items():
            keep_again(replace(original, path=lies_at[identity]), tenant=job.tenant, blobs=stores.blobs)
    else:
        stores.jobs.mark_submitted(job.id)


def _together(taken: Iterable[TakenIn]) -> Iterator[Sequence[TakenIn]]:
    """Files with enough documents for a transaction; those of one container are never parted."""
    batch: list[TakenIn] = []
    for each in taken:
        batch.append(each)
        if sum(len(file.documents) for file in batch) >= BATCH:
            yield batch
            batch = []
    yield batch


def _taken_in(file: SubmittedFile, taking: Taking, *, accept: Accept) -> TakenIn:
    path = file.path.absolute()
    label = FileLabel(name=file.name, external_id=file.external_id, metadata=file.metadata, known_as=file.known_as)
    original = Original(path=str(path))
    try:
        looked = look_at(path, accept)
        if container_type(looked) is None:
            original = looked
        return take_in(looked, label, taking)
    except DocumentError as error:
        return refuse(original, label, error)
