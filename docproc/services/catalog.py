"""What those who ask a service look up: jobs by page and filter, their events, how far they are. Knows no request."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from docproc.domain.document import DocumentState, JobState
from docproc.services.records import Document, DocumentCounts, Job, PageCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are meant; None: any."""

    state: JobState | None = None
    #: `name`, or `name@version`
    schema: str | None = None
    external_id: str | None = None
    #: every one of these words stands in the job's metadata
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: created then or later
    since: datetime | None = None
    #: created earlier than that
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlace:
    """Where a job, or a document among those of all jobs, stands in the list."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Which documents are meant; None: any."""

    state: DocumentState | None = None
    #: `name`, or `name@version`
    schema: str | None = None
    external_id: str | None = None
    #: every one of these words stands in the document's metadata
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: created then or later
    since: datetime | None = None
    #: created earlier than that
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a job; numbers have no gap."""

    number: int
    kind: str
    document_id: UUID | None
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How far a job is, in one cheap look."""

    #: number of its newest event
    events: int
    documents: DocumentCounts
    pages: PageCounts
    submitted: bool
    canceled: bool
    finished_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Nothing more happens to it by itself."""
        return self.finished_at is not None or (self.canceled and not self.documents.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a job waits for and how fast it moves, told from rows alone, so that all who ask are told the same."""

    #: unfinished jobs of the same queue that are served before it, and their open pages
    jobs_ahead: int
    pages_ahead: int
    #: when work on its first document began
    started_at: datetime | None
    now: datetime

    def pages_per_s(self, pages: PageCounts) -> float | None:
        """None before there is a page to tell it by."""
        if self.started_at is None or not pages.done:
            return None
        seconds = (self.now - self.started_at).total_seconds()
        return pages.done / seconds if seconds > 0 else None

    def seconds_left(self, pulse: Pulse) -> float | None:
        """As if the documents that are not taken apart yet had as many pages as the others."""
        rate = self.pages_per_s(pulse.pages)
        prepared = pulse.documents.total - pulse.documents.received - pulse.documents.preparing
        if pulse.is_final or not rate or not prepared:
            return None
        unseen = (pulse.documents.total - prepared) * pulse.pages.total / prepared
        return (pulse.pages.open + unseen) / rate


class Catalog(Protocol):
    """What is looked up for a tenant; what is another's is as if it were not there."""

    def jobs(self, tenant: str, *, wanted: JobFilter, after: JobPlace | None, limit: int) -> Sequence[Job]:
        """Newest first; their schemas without `json_schema`."""
        ...

    def documents(self, job: Job, *, wanted: DocumentFilter, after: int, limit: int) -> Sequence[Document]:
        """Those behind position `after`, in submit order."""
        ...

    def document(self, document_id: UUID, *, tenant: str) -> Document:
        """Raises NotFoundError."""
        ...

    def events(self, job_id: UUID, *, after: int, limit: int) -> Sequence[JobEvent]:
        """Those with higher numbers than `after`, in order."""
        ...

    def pulses(self, job_ids: Collection[UUID]) -> Mapping[UUID, Pulse]:
        """Of those that are there."""
        ...

    def pace(self, job: Job) -> Pace: ...
