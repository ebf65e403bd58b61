"""A service's database worked on by hand: submit, prepare, read, assemble without a broker, then recount the rows."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from docproc.domain.document import DocumentState, MediaType
from docproc.domain.extraction import PageFacts
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.ids import new_id
from docproc.domain.page import PageState, TextSource
from docproc.domain.reading import Usage
from docproc.services.job_context import schema_version
from docproc.services.ports import Stores
from docproc.services.prepare import in_windows
from docproc.services.records import (
    LOCAL_TENANT,
    Body,
    Claim,
    Document,
    IdempotencyKey,
    Job,
    JobOptions,
    NewDocument,
    NewJob,
    Original,
    Preparation,
    PreparedPage,
    StoredExtraction,
    StoredReading,
    WindowClaim,
)
from docproc.services.upkeep_records import DeadPlace
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import Lane, Task
from docproc.storage.database import Database
from docproc.storage.dead import SqlDeadStore
from docproc.storage.stores import stores_over, work_stores_over
from doubles.documents import text_schema

QUEUE = "read.cpu"
BAD_PAGE = Failure(
    code=FailureCode.CORRUPT,
    category=FailureCategory.DOCUMENT,
    message="damaged",
    retryable=False,
    phase=Phase.READ,
)
T = TypeVar("T")


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each returns, all run at the same time."""
    with ThreadPoolExecutor(len(works)) as threads:
        return [future.result(60) for future in [threads.submit(work) for work in works]]


def page(number: int, state: PageState = PageState.WAITING) -> PreparedPage:
    facts = PageFacts(
        number=number,
        state=state,
        width=595.0,
        height=842.0,
        rotation=0,
        words=3,
        source=TextSource.TEXT_LAYER,
        reader=None,
        grid=None,
    )
    return PreparedPage(facts=facts, length=10, failure=BAD_PAGE if state is PageState.FAILED else None)


@dataclass
class Depot:
    """The stores of a service over one database."""

    database: Database
    folder: Path
    stores: Stores = field(init=False)
    work: WorkStores = field(init=False)

    def __post_init__(self) -> None:
        self.stores = stores_over(self.database, self.folder / "blobs")
        self.work = work_stores_over(self.database)

    def new_job(self, *, tenant: str = LOCAL_TENANT, priority: int = 0, queue: str | None = QUEUE) -> NewJob:
        return NewJob(
            id=new_id(),
            schema=schema_version(text_schema()),
            options=JobOptions(),
            tenant=tenant,
            priority=priority,
            queue=queue,
        )

    def submit(
        self, documents: int = 1, *, job: NewJob | None = None, idempotency: IdempotencyKey | None = None
    ) -> Job:
        job = job or self.new_job()
        jobs = self.stores.jobs
        job_id = jobs.create(job, idempotency=idempotency)
        jobs.add_documents(job_id, [_new_document(number) for number in range(documents)])
        jobs.mark_submitted(job_id)
        return jobs.get(job_id, tenant=job.tenant)

    def documents(self, job: Job) -> list[Document]:
        return list(self.stores.documents.page_through(job.id))

    def job(self, job: Job) -> Job:
        return self.stores.jobs.get(job.id, tenant=job.tenant)

    # -- a worker's steps ----------------------------------------------------------------------------------------------

    def claim(self, document_id: UUID, *, owner: str = "worker", lease_s: float = 60.0) -> Claim:
        claim = self.work.leases.claim_document(document_id, owner=owner, lease_s=lease_s)
        assert claim is not None
        return claim

    def window(self, document_id: UUID, head: int = 1, *, owner: str = "worker", lease_s: float = 60.0) -> WindowClaim:
        claim = self.work.leases.claim_window(document_id, head, owner=owner, lease_s=lease_s)
        assert claim is not None
        return claim

    def save_preparation(self, claim: Claim, pages: Sequence[PreparedPage], *, window_pages: int = 1) -> Document:
        preparation = Preparation(
            fingerprint="text/1",
            page_count=len(pages),
            words_key=f"local/words/{claim.document.id}-{claim.attempt}",
            attachments=(),
            pages=in_windows(pages, window_pages=window_pages),
        )
        return self.stores.pages.save_preparation(claim, preparation, seconds=0.1)

    def prepared(self, pages: int = 3, *, window_pages: int = 1, job: NewJob | None = None) -> Document:
        """A document whose pages wait."""
        document = self.documents(self.submit(job=job))[0]
        claim = self.claim(document.id)
        return self.save_preparation(claim, [page(number) for number in range(1, pages + 1)], window_pages=window_pages)

    def read(
        self, claim: Claim | WindowClaim, numbers: Sequence[int] | None = None, *, complete: bool = False
    ) -> Document:
        if numbers is None:
            assert isinstance(claim, WindowClaim)
            numbers = [page.facts.number for page in claim.pages]
        reading = StoredReading(
            reading_key=f"{claim.document.id}/{numbers}",
            reader="first_word",
            reader_version="1",
            pages=tuple(numbers),
            complete=complete,
            body=Body(text="{}"),
            usage=Usage(tiles=2, prompt_tokens=30, output_tokens=4, seconds=0.5),
        )
        return self.stores.readings.save(claim, reading, seconds=0.1)

    def replay(self, document_id: UUID, number: int) -> None:
        SqlDeadStore(self.database).replay(LOCAL_TENANT, DeadPlace(document_id, number), by="somebody")

    def assemble(self, claim: Claim, *, state: DocumentState = DocumentState.SUCCEEDED) -> Document:
        return self.stores.extractions.save(claim, StoredExtraction(state=state, body=Body(text="{}")), seconds=0.1)

    def finish(self, document_id: UUID) -> Document:
        """Do whatever a document still waits for, well."""
        while True:
            document = self.stores.documents.get(document_id)
            if document.state is DocumentState.RECEIVED:
                self.save_preparation(self.claim(document_id), [page(1)])
            elif document.state is DocumentState.READING and document.pages.open:
                waiting = self.stores.pages.pages(document_id, states=(PageState.WAITING, PageState.QUEUED))
                self.read(self.window(document_id, waiting[0].first_page or 0))
            elif document.state is DocumentState.READING:
                self.stores.documents.begin_assembling(self.claim(document_id))
            elif document.state is DocumentState.ASSEMBLING:
                failed = document.pages.failed
                state = DocumentState.NEEDS_REVIEW if failed else DocumentState.SUCCEEDED
                self.assemble(self.claim(document_id), state=state)
            else:
                return document

    # -- time and dispatch ---------------------------------------------------------------------------------------------

    def run(self, statement: str, **terms: object) -> None:
        with self.database.write() as connection:
            connection.execute(text(statement), terms)

    def rows(self, statement: str, **terms: object) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(statement), terms)]

    def expire(self, *, after_s: float = 7200.0) -> None:
        """As if every worker had been silent for so long."""
        for table in ("documents", "pages"):
            aged = f"UPDATE {table} SET lease_expires_at = lease_expires_at - make_interval(secs => :after_s)"  # noqa: S608
            self.run(aged, after_s=after_s)

    def lose(self) -> None:
        """Every worker dies and its leases are swept."""
        self.expire()
        self.work.tasks.sweep()

    def enqueue(self, queue: str, *, tenant: str = LOCAL_TENANT, priority: int = 0, limit: int = 100) -> list[Task]:
        return list(self.work.tasks.enqueue(queue, Lane(priority=priority, tenant=tenant), limit=limit))


def _new_document(number: int) -> NewDocument:
    original = Original(
        path=f"/inbox/{number}", sha256=f"{number:064d}", media_type=MediaType.PDF, byte_count=1, modified_ns=1
    )
    return NewDocument(id=new_id(), file=f"{number}", original=original)


#: rows whose counters differ from what they count
MISCOUNTED = (
    """
    SELECT d.id FROM documents d LEFT JOIN pages p ON p.document_id = d.id GROUP BY d.id HAVING
        (d.pages_total, d.pages_read, d.pages_blank, d.pages_failed, d.pages_canceled, d.pages_open) <> (
            count(p.number), count(*) FILTER (WHERE p.state = 'read'), count(*) FILTER (WHERE p.state = 'blank'),
            count(*) FILTER (WHERE p.state = 'failed'), count(*) FILTER (WHERE p.state = 'canceled'),
            count(*) FILTER (WHERE p.state IN ('waiting', 'queued', 'leased')))
    """,
    """
    SELECT j.id FROM jobs j LEFT JOIN documents d ON d.job_id = j.id GROUP BY j.id HAVING
        (j.documents_total, j.documents_received, j.documents_preparing, j.documents_reading, j.documents_assembling,
         j.documents_succeeded, j.documents_needs_review, j.documents_failed, j.documents_canceled) <> (
            count(d.id), count(*) FILTER (WHERE d.state = 'received'), count(*) FILTER (WHERE d.state = 'preparing'),
            count(*) FILTER (WHERE d.state = 'reading'), count(*) FILTER (WHERE d.state = 'assembling'),
            count(*) FILTER (WHERE d.state = 'succeeded'), count(*) FILTER (WHERE d.state = 'needs_review'),
            count(*) FILTER (WHERE d.state = 'failed'), count(*) FILTER (WHERE d.state = 'canceled'))
        OR (j.pages_total, j.pages_read, j.pages_blank, j.pages_failed, j.pages_canceled, j.pages_open) <> (
            coalesce(sum(d.pages_total), 0), coalesce(sum(d.pages_read), 0), coalesce(sum(d.pages_blank), 0),
            coalesce(sum(d.pages_failed), 0), coalesce(sum(d.pages_canceled), 0), coalesce(sum(d.pages_open), 0))
        OR (j.finished_at IS NOT NULL) <> (j.submitted_at IS NOT NULL AND j.documents_received
            + j.documents_preparing + j.documents_reading + j.documents_assembling = 0)
    """,
    """
    SELECT j.id FROM jobs j LEFT JOIN events e ON e.job_id = j.id GROUP BY j.id
    HAVING j.events <> count(e.number) OR j.events <> coalesce(max(e.number), 0)
    """,
)
#: open work of workers that is neither due nor with the broker nor leased: nobody would ever do it
STUCK = (
    """
    SELECT id FROM documents WHERE queue IS NOT NULL AND lease_owner IS NULL AND (
        state = 'preparing' OR (queued_at IS NOT NULL AND state NOT IN ('received', 'reading', 'assembling'))
        OR (queued_at IS NOT NULL AND state = 'reading' AND pages_open > 0))
    """,
    """
    SELECT p.document_id FROM pages p JOIN documents d ON d.id = p.document_id
    WHERE p.state IN ('waiting', 'queued') AND p.queue IS NOT NULL AND (d.state <> 'reading' OR NOT EXISTS (
        SELECT 1 FROM pages h WHERE h.document_id = p.document_id AND h.number = p.first_page
        AND h.first_page = h.number AND h.state IN ('waiting', 'queued')))
    """,
    "SELECT p.document_id FROM pages p JOIN documents d ON d.id = p.document_id "
    "WHERE p.state = 'leased' AND d.state <> 'reading'",
)


def wrong_rows(depot: Depot) -> list[tuple[object, ...]]:
    """What does not add up, and what is stuck; nothing, always."""
    return [row for statement in (*MISCOUNTED, *STUCK) for row in depot.rows(statement)]
