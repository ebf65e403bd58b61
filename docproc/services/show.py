"""One job in detail: its counts and why documents failed. Knows no output."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.failure import FailureCode
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Document, Job

_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """A job with its failures by code and its pages by reader."""

    job: Job
    failures: Mapping[FailureCode, int]
    #: pages read, by reader
    readers: Mapping[str, int]


def show_job(stores: Stores, job_id: UUID, *, tenant: str = LOCAL_TENANT) -> JobDetail:
    """Raises NotFoundError."""
    job = stores.jobs.get(job_id, tenant=tenant)
    failed = documents_of(stores, job_id, state=DocumentState.FAILED) if job.documents.failed else ()
    failures = Counter(document.failure.code for document in failed if document.failure is not None)
    return JobDetail(job=job, failures=dict(failures.most_common()), readers=stores.pages.readers(job_id))


def documents_of(stores: Stores, job_id: UUID, *, state: DocumentState | None = None) -> Iterator[Document]:
    """The documents of a job in submit order, as they stand; those in one state only, if asked."""
    states = None if state is None else (state,)
    after = -1
    while documents := stores.documents.page_through(job_id, after=after, limit=_BATCH, states=states):
        yield from documents
        after = documents[-1].position
