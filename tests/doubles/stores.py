"""Stores in memory: the ports of the use cases over dictionaries, one lock for a transaction."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.failure import Failure
from docproc.domain.page import PageState
from docproc.domain.reading import Spent
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.services.passwords import PasswordsInMemory
from docproc.services.ports import Stores
from docproc.services.records import (
    LOCAL_TENANT,
    Claim,
    Document,
    DocumentCounts,
    Erasure,
    IdempotencyKey,
    Job,
    NewDocument,
    NewJob,
    Original,
    PageCounts,
    Preparation,
    PreparedPage,
    Removed,
    WindowClaim,
)
from doubles.blobs import MemoryBlobStore
from doubles.reading_stores import MemoryExtractionStore, MemoryReadingStore, MemoryStore
from doubles.rows import BEGUN, MAX_STALLED, OPEN_PAGES, Memory, Row, leased, new_document, spent, unread


class MemoryJobStore(MemoryStore):
    def create(self, job: NewJob, *, idempotency: IdempotencyKey | None = None) -> UUID:
        with self._memory.lock:
            if idempotency is not None:
                earlier = self._memory.keys.setdefault((job.tenant, idempotency.key), (job.id, idempotency))
                if earlier[1] != idempotency:
                    raise ConflictError("the idempotency key was used for another request")
                if earlier[0] != job.id:
                    return earlier[0]
            self._memory.rows[job.id] = []
            self._memory.jobs[job.id] = Job(
                id=job.id,
                tenant=job.tenant,
                schema=job.schema,
                options=job.options,
                inputs=job.inputs,
                recursive=job.recursive,
                queue=job.queue,
                priority=job.priority,
                finished_at=None,
                external_id=job.external_id,
                metadata=job.metadata,
                created_at=datetime.now(UTC),
                submitted_at=None,
                cancel_requested_at=None,
                documents=DocumentCounts(),
                pages=PageCounts(),
            )
            return job.id

    def add_documents(self, job_id: UUID, documents: Sequence[NewDocument]) -> int:
        with self._memory.lock:
            job, rows = self._memory.job(job_id), self._memory.rows[job_id]
            before = len(rows)
            for new in documents:
                if new.original.path not in {row.document.original.path for row in rows}:
                    rows.append(Row(new_document(new, job, position=len(rows))))
            if job.cancel_requested_at is not None:
                self.cancel(job_id)
            return len(rows) - before

    def known_files(self, job_id: UUID, paths: Collection[str]) -> Mapping[str, Original]:
        with self._memory.lock:
            originals = [row.document.original for row in self._memory.rows[job_id]]
            return {original.path: original for original in originals if original.path in paths}

    def mark_submitted(self, job_id: UUID) -> None:
        with self._memory.lock:
            self._memory.jobs[job_id] = replace(self._memory.jobs[job_id], submitted_at=datetime.now(UTC))

    def get(self, job_id: UUID, *, tenant: str = LOCAL_TENANT) -> Job:
        with self._memory.lock:
            job = self._memory.job(job_id)
            if job.tenant != tenant:
                raise NotFoundError(f"there is no job {job_id}")
            return job

    def newest(self, *, tenant: str = LOCAL_TENANT, limit: int | None = None) -> Sequence[Job]:
        with self._memory.lock:
            mine = [self._memory.job(job_id) for job_id, job in self._memory.jobs.items() if job.tenant == tenant]
            return [replace(job, schema=replace(job.schema, json_schema={})) for job in mine[::-1][:limit]]

    def unfinished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        jobs = [self._memory.job(job_id) for job_id in job_ids if job_id in self._memory.jobs]
        return frozenset(job.id for job in jobs if job.submitted_at is None or job.documents.open)

    def find(self, beginning: str, *, tenant: str = LOCAL_TENANT, limit: int = 2) -> Sequence[UUID]:
        digits = beginning.replace("-", "").lower()
        found = sorted(job.id for job in self.newest(tenant=tenant) if job.id.hex.startswith(digits))
        return found[:limit] if digits else []

    def created_before(self, moment: datetime, *, tenant: str = LOCAL_TENANT) -> Sequence[UUID]:
        return [job.id for job in self.newest(tenant=tenant)[::-1] if job.created_at < moment]

    def cancel(self, job_id: UUID) -> int:
        with self._memory.lock:
            job = self._memory.job(job_id)
            if job.documents.open or job.submitted_at is None:
                moment = job.cancel_requested_at or datetime.now(UTC)
                self._memory.jobs[job_id] = replace(job, cancel_requested_at=moment)
            for row in self._memory.rows[job_id]:
                if row.document.state not in FINAL_DOCUMENT_STATES and not leased(row):
                    row.end(DocumentState.CANCELED)
            return job.documents.open

    def retry(self, job_id: UUID) -> int:
        with self._memory.lock:
            self._memory.job(job_id)
            failed = [row for row in self._memory.rows[job_id] if _failed(row)]
            for row in failed:
                lost = any(page.state is PageState.FAILED and page.length == 0 for page in row.pages)
                if row.document.words_key is None or lost:
                    row.forget()
                row.move_pages([PageState.FAILED], PageState.WAITING)
                row.move(DocumentState.RECEIVED)
                row.document = replace(row.document, failure=None, finished_at=None)
            return len(failed)

    def finish_cancels(self, *, limit: int = 10) -> int:  # noqa: ARG002 memory has no jobs of workers
        return 0

    def export_ids(self, job_id: UUID) -> Sequence[UUID]:  # noqa: ARG002 nor exports
        return ()

    def close(self, job_id: UUID) -> None:
        with self._memory.lock:
            if any(leased(row) for row in self._memory.rows[job_id]):
                raise ConflictError("the job is being worked on")

    def remove(self, job_id: UUID, *, erasure: Erasure | None = None) -> Removed:  # noqa: ARG002 nor receipts
        with self._memory.lock:
            job = self._memory.job(job_id)
            self.close(job_id)
            rows = self._memory.rows.pop(job_id)
            del self._memory.jobs[job_id]
            below = sum(len(row.pages) + len(row.readings) + len(row.extractions) for row in rows)
            used = any(other.schema == job.schema for other in self._memory.jobs.values())
            return Removed(jobs=1, documents=len(rows), rows=1 + len(rows) + below + (not used))


def _failed(row: Row) -> bool:
    state = row.document.state
    some = state is DocumentState.NEEDS_REVIEW and any(page.state is PageState.FAILED for page in row.pages)
    return state is DocumentState.FAILED or some


class MemoryDocumentStore(MemoryStore):
    def claim(self, job_id: UUID, *, owner: str, lease_s: float) -> Claim | None:
        with self._memory.lock:
            if self._memory.job(job_id).cancel_requested_at is not None:
                return None
            while (row := self._due(job_id)) is not None:
                if row.stalled >= MAX_STALLED:
                    row.end(DocumentState.FAILED, spent(row.document))
                    continue
                row.owner, row.expires_at = owner, datetime.now(UTC) + timedelta(seconds=lease_s)
                row.stalled += 1
                if row.document.state is DocumentState.RECEIVED:
                    row.move(DocumentState.PREPARING)
                started = row.document.started_at or datetime.now(UTC)
                row.document = replace(row.document, attempt=row.document.attempt + 1, started_at=started)
                return Claim(document=row.seen(), owner=owner, attempt=row.document.attempt)
            return None

    def _due(self, job_id: UUID) -> Row | None:
        rows = self._memory.rows[job_id]
        new = (row for row in rows if row.document.state is DocumentState.RECEIVED)
        left = (row for row in rows if row.document.state in BEGUN and not leased(row))
        return next(new, None) or next(left, None)

    def get(self, document_id: UUID) -> Document:
        with self._memory.lock:
            return self._memory.row(document_id).seen()

    def page_through(
        self, job_id: UUID, *, after: int = -1, limit: int = 200, states: Collection[DocumentState] | None = None
    ) -> Sequence[Document]:
        with self._memory.lock:
            documents = [row.seen() for row in self._memory.rows.get(job_id, [])[after + 1 :]]
            return [each for each in documents if states is None or each.state in states][:limit]

    def extend(self, owner: str, *, lease_s: float) -> int:
        with self._memory.lock:
            mine = [row for row in self._memory.every() if row.owner == owner]
            for row in mine:
                row.expires_at = datetime.now(UTC) + timedelta(seconds=lease_s)
            return len(mine)

    def owners(self, job_id: UUID) -> frozenset[str]:
        with self._memory.lock:
            return frozenset(row.owner for row in self._memory.rows[job_id] if row.owner is not None)

    def leased(self, job_ids: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
        with self._memory.lock:
            found = {job_id: frozenset(self._holders(job_id)) for job_id in job_ids}
            return {job_id: owners for job_id, owners in found.items() if owners}

    def _holders(self, job_id: UUID) -> Iterator[str]:
        for row in self._memory.rows.get(job_id, []):
            if row.owner is not None and leased(row):
                yield row.owner

    def void(self, owners: Collection[str]) -> int:
        with self._memory.lock:
            theirs = [row for row in self._memory.every() if row.owner in owners]
            for row in theirs:
                row.free()
            return len(theirs)

    def release(self, claim: Claim | WindowClaim) -> None:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.progress()
            row.free()

    def restart(self, claim: Claim | WindowClaim, *, keep_words: bool = False) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            if not keep_words:
                row.forget()
            row.move(DocumentState.RECEIVED)
            row.move(DocumentState.PREPARING)
            return row.seen()

    def set_original(self, claim: Claim, original: Original) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.document = replace(row.document, original=original)
            return row.seen()

    def keep_preparation(self, claim: Claim) -> Document:
        return self._move(claim, DocumentState.READING)

    def begin_assembling(self, claim: Claim) -> Document:
        return self._move(claim, DocumentState.ASSEMBLING)

    def _move(self, claim: Claim, to: DocumentState) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.move(to)
            return row.seen()

    def fail(self, claim: Claim | WindowClaim, failure: Failure, *, seconds: float = 0.0) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.end(DocumentState.FAILED, failure, seconds=seconds)
            return row.seen()

    def cancel(self, claim: Claim) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.end(DocumentState.CANCELED)
            return row.seen()

    def is_canceled(self, job_id: UUID) -> bool:
        with self._memory.lock:
            return self._memory.job(job_id).cancel_requested_at is not None

    def known(self, document_ids: Collection[UUID]) -> frozenset[UUID]:
        with self._memory.lock:
            return frozenset(row.document.id for row in self._memory.every()) & frozenset(document_ids)

    def to_be_read(self, tenant: str, contents: Collection[str]) -> frozenset[str]:
        unread = (DocumentState.RECEIVED, DocumentState.PREPARING, DocumentState.READING)
        with self._memory.lock:
            documents = [row.document for row in self._memory.every() if row.document.state in unread]
            mine = {document.original.sha256 or "" for document in documents if document.tenant == tenant}
            return frozenset(contents) & mine

    @contextmanager
    def settled_use(self, blob_key: str, *, outside: UUID | None) -> Iterator[bool]:
        with self._memory.lock:
            documents = [row.document for row in self._memory.every() if row.document.job_id != outside]
            yield any(document.original.blob_key == blob_key for document in documents)


class MemoryPageStore(MemoryStore):
    def find_prepared(self, *, tenant: str, sha256: str, fingerprint: str) -> Preparation | None:
        with self._memory.lock:
            for row in self._memory.every():
                document = row.seen()
                same = (document.tenant, document.original.sha256, row.fingerprint) == (tenant, sha256, fingerprint)
                if same and document.words_key is not None and document.pages.failed == 0:
                    pages = [page if page.state is PageState.BLANK else unread(page) for page in row.pages]
                    return Preparation(
                        fingerprint=fingerprint,
                        page_count=document.page_count or 0,
                        words_key=document.words_key,
                        attachments=document.attachments,
                        pages=tuple(pages),
                    )
            return None

    def save_preparation(self, claim: Claim, preparation: Preparation, *, seconds: float) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.move(DocumentState.READING)
            row.pages, row.fingerprint = list(preparation.pages), preparation.fingerprint
            row.document = replace(
                row.document,
                page_count=preparation.page_count,
                words_key=preparation.words_key,
                attachments=preparation.attachments,
            )
            row.progress(seconds=seconds)
            return row.seen()

    def pages(
        self, document_id: UUID, *, states: Collection[PageState] | None = None, attempts_of: int = 0
    ) -> Sequence[PreparedPage]:
        del attempts_of  # they lie with the pages here
        with self._memory.lock:
            pages = self._memory.row(document_id).pages
            return [page for page in pages if states is None or page.state in states]

    def readers(self, job_id: UUID) -> Mapping[str, int]:
        with self._memory.lock:
            rows = [row for row in self._memory.every() if row.document.job_id == job_id]
            pages = [page.facts for row in rows for page in row.pages if page.state is PageState.READ]
            return Counter(facts.reader for facts in pages if facts.reader is not None)

    def first_printed(self, document_id: UUID) -> int | None:
        neither = (PageState.BLANK, PageState.FAILED)
        numbers = [page.facts.number for page in self.pages(document_id) if page.state not in neither]
        return min(numbers, default=None)

    def fail(
        self, claim: Claim | WindowClaim, number: int, failure: Failure, *, spent: Spent | None = None
    ) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            attempts = () if spent is None else spent.earlier
            row.move_pages(OPEN_PAGES, PageState.FAILED, numbers=(number,), failure=failure, attempts=attempts)
            row.progress()
            return row.seen()

    def hand_over(self, claim: Claim | WindowClaim, heads: Mapping[int, int], *, reader: str, queue: str) -> Document:
        del queue  # nobody reads from queues here
        with self._memory.lock:
            row = self._memory.held(claim)
            row.pages = [_handed(page, heads.get(page.facts.number), reader) for page in row.pages]
            row.progress()
            return row.seen()


def _handed(page: PreparedPage, head: int | None, reader: str) -> PreparedPage:
    if head is None:
        return page
    return replace(page, facts=page.facts.model_copy(update={"reader": reader}), first_page=head)


def memory_stores() -> Stores:
    memory = Memory()
    return Stores(
        jobs=MemoryJobStore(memory),
        documents=MemoryDocumentStore(memory),
        pages=MemoryPageStore(memory),
        readings=MemoryReadingStore(memory),
        extractions=MemoryExtractionStore(memory),
        blobs=MemoryBlobStore(),
        passwords=PasswordsInMemory(),
    )
