"""What readers and merging made, in memory: readings and extractions, under the same lock as all else."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError
from docproc.domain.page import PageState
from docproc.domain.reading import Spent
from docproc.services.records import Claim, Document, StoredExtraction, StoredReading, WindowClaim
from doubles.rows import OPEN_PAGES, Memory


class MemoryStore:
    """One of several over the same rows."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory


class MemoryReadingStore(MemoryStore):
    def find(self, reading_key: str, *, tenant: str) -> StoredReading | None:
        with self._memory.lock:
            rows = [row for row in self._memory.every() if row.document.tenant == tenant]
            return next((each for row in rows for each in row.readings if each.reading_key == reading_key), None)

    def save(
        self, claim: Claim | WindowClaim, reading: StoredReading, *, seconds: float, again: bool = False
    ) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            if again:
                row.readings = [other for other in row.readings if other.pages[:1] != reading.pages[:1]]
            numbers = None if reading.complete else reading.pages
            if row.document.state is not DocumentState.READING:
                raise ConflictError("only a document that is being read takes readings")
            row.readings.append(reading)
            row.move_pages(OPEN_PAGES, PageState.READ, numbers=numbers, reader=reading.reader)
            if row.seen().pages.open == 0:
                row.move(DocumentState.ASSEMBLING)
            row.progress(seconds=seconds)
            return row.seen()

    def meter(self, claim: Claim | WindowClaim, spent: Spent) -> None:
        del spent  # nobody pays here
        with self._memory.lock:
            self._memory.held(claim)

    def keep(self, claim: Claim | WindowClaim, numbers: Collection[int]) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.move_pages(OPEN_PAGES, PageState.READ, numbers=numbers)
            if row.seen().pages.open == 0:
                row.move(DocumentState.ASSEMBLING)
            row.progress()
            return row.seen()

    def reopen(self, claim: Claim, windows: Sequence[Sequence[int]]) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            for numbers in windows:
                row.move_pages((PageState.READ,), PageState.WAITING, numbers=numbers)
                heads = dict.fromkeys(numbers, min(numbers))
                row.pages = [
                    replace(page, first_page=heads.get(page.facts.number, page.first_page)) for page in row.pages
                ]
            row.move(DocumentState.READING)
            row.progress()
            return row.seen()

    def of_document(self, document_id: UUID) -> Iterator[StoredReading]:
        with self._memory.lock:
            readings = sorted(self._memory.row(document_id).readings, key=lambda reading: reading.pages[:1])
        yield from readings


class MemoryExtractionStore(MemoryStore):
    def save(self, claim: Claim, extraction: StoredExtraction, *, seconds: float) -> Document:
        with self._memory.lock:
            row = self._memory.held(claim)
            row.move(extraction.state)
            row.extractions.append(replace(extraction, revision=len(row.extractions) + 1))
            row.document = replace(row.document, finished_at=datetime.now(UTC))
            row.progress(seconds=seconds)
            row.free()
            return row.seen()

    def latest(self, document_ids: Collection[UUID]) -> Mapping[UUID, StoredExtraction]:
        with self._memory.lock:
            rows = [self._memory.row(document_id) for document_id in document_ids]
            return {row.document.id: row.extractions[-1] for row in rows if row.extractions}
