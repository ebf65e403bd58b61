"""Documents in memory, with all that belongs to them; what the stores in memory share."""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.errors import LeaseLostError, NotFoundError
from docproc.domain.failure import Failure, FailureCategory, FailureCode
from docproc.domain.page import PageState
from docproc.domain.states import DOCUMENT_TRANSITIONS, require_transition
from docproc.services.records import (
    PHASES,
    Claim,
    Document,
    DocumentCounts,
    IdempotencyKey,
    Job,
    NewDocument,
    PageCounts,
    PreparedPage,
    StoredExtraction,
    StoredReading,
    WindowClaim,
)

MAX_STALLED = 3
BEGUN = (DocumentState.PREPARING, DocumentState.READING, DocumentState.ASSEMBLING)
OPEN_PAGES = (PageState.WAITING, PageState.QUEUED, PageState.LEASED)


@dataclass
class Row:
    """A document with all that belongs to it; its page counts are counted, not kept."""

    document: Document
    stalled: int = 0
    owner: str | None = None
    expires_at: datetime | None = None
    fingerprint: str | None = None
    pages: list[PreparedPage] = field(default_factory=list)
    readings: list[StoredReading] = field(default_factory=list)
    extractions: list[StoredExtraction] = field(default_factory=list)

    def seen(self) -> Document:
        counts: dict[str, int] = defaultdict(int, total=len(self.pages))
        for page in self.pages:
            counts["open" if page.state in OPEN_PAGES else page.state.value] += 1
        return replace(self.document, pages=PageCounts(**counts))

    def move(self, to: DocumentState) -> None:
        if to is not self.document.state:
            require_transition(DOCUMENT_TRANSITIONS, self.document.state, to)
            self.document = replace(self.document, state=to)

    def move_pages(
        self,
        before: Collection[PageState],
        after: PageState,
        *,
        numbers: Collection[int] | None = None,
        **facts: object,
    ) -> None:
        """`failure` is the page's; any other fact goes to its facts."""
        failure = facts.pop("failure", None)
        for index, page in enumerate(self.pages):
            if page.state in before and (numbers is None or page.facts.number in numbers):
                changed = page.facts.model_copy(update={"state": after, **facts})
                assert failure is None or isinstance(failure, Failure)
                self.pages[index] = replace(page, facts=changed, failure=failure)

    def end(self, to: DocumentState, failure: Failure | None = None, *, seconds: float = 0.0) -> None:
        self.move(to)
        page_state = PageState.FAILED if to is DocumentState.FAILED else PageState.CANCELED
        self.move_pages(OPEN_PAGES, page_state, failure=failure)
        self.document = replace(
            self.document,
            failure=failure,
            finished_at=datetime.now(UTC),
            attempt=self.document.attempt + (self.owner is None),
            seconds=self.document.seconds + seconds,
        )
        self.progress()
        self.free()

    def free(self) -> None:
        self.owner = self.expires_at = None

    def progress(self, *, seconds: float = 0.0) -> None:
        self.stalled = 0
        self.document = replace(self.document, seconds=self.document.seconds + seconds)

    def forget(self) -> None:
        self.pages, self.readings, self.fingerprint = [], [], None
        self.document = replace(self.document, words_key=None, attachments=(), page_count=None)


class Memory:
    """What all stores share."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.jobs: dict[UUID, Job] = {}
        self.keys: dict[tuple[str, str], tuple[UUID, IdempotencyKey]] = {}
        self.rows: dict[UUID, list[Row]] = {}

    def job(self, job_id: UUID) -> Job:
        if job_id not in self.jobs:
            raise NotFoundError(f"there is no job {job_id}")
        rows = [row.seen() for row in self.rows[job_id]]
        documents: dict[str, int] = defaultdict(int)
        pages: dict[str, int] = defaultdict(int)
        for row in rows:
            documents[row.state.value] += 1
            for name in ("total", "read", "blank", "failed", "canceled", "open"):
                pages[name] += getattr(row.pages, name)
        return replace(self.jobs[job_id], documents=DocumentCounts(**documents), pages=PageCounts(**pages))

    def row(self, document_id: UUID) -> Row:
        for row in self.every():
            if row.document.id == document_id:
                return row
        raise NotFoundError(f"there is no document {document_id}")

    def every(self) -> Iterator[Row]:
        for rows in list(self.rows.values()):
            yield from rows

    def held(self, claim: Claim | WindowClaim) -> Row:
        assert isinstance(claim, Claim), "memory has no workers that read windows"
        row = self.row(claim.document.id)
        if (row.owner, row.document.attempt) != (claim.owner, claim.attempt):
            raise LeaseLostError
        return row


def leased(row: Row) -> bool:
    return row.expires_at is not None and row.expires_at > datetime.now(UTC)


def unread(page: PreparedPage) -> PreparedPage:
    facts = page.facts.model_copy(update={"state": PageState.WAITING, "reader": None})
    return replace(page, facts=facts, failure=None)


def spent(document: Document) -> Failure:
    return Failure(
        code=FailureCode.CRASHED,
        category=FailureCategory.DOCUMENT,
        message="attempts are spent",
        retryable=True,
        phase=PHASES[document.state],
    )


def new_document(new: NewDocument, job: Job, *, position: int) -> Document:
    refused, now = new.failure is not None, datetime.now(UTC)
    return Document(
        id=new.id,
        job_id=job.id,
        tenant=job.tenant,
        position=position,
        file=new.file,
        original=new.original,
        external_id=new.external_id,
        metadata=new.metadata,
        state=DocumentState.FAILED if refused else DocumentState.RECEIVED,
        failure=new.failure,
        attempt=0,
        page_count=None,
        pages=PageCounts(),
        words_key=None,
        attachments=(),
        seconds=0.0,
        created_at=now,
        started_at=None,
        finished_at=now if refused else None,
    )
