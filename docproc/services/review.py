"""Review of records by people: what waits for them, corrections, confirmations, history. Knows no request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, NotFoundError, StaleError
from docproc.domain.extraction import Correction, Extraction, ExtractionStatus, record_of
from docproc.domain.ids import new_id
from docproc.domain.schema import ExtractionSchema, JsonValue, Record
from docproc.pipeline.correct import Reviewer, RowChange, confirmed, corrected, corrected_row, row_changes
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.bodies import get_body, put_body
from docproc.services.job_context import SystemClock
from docproc.services.orphans import written_in_vain
from docproc.services.ports import Clock, Stores
from docproc.services.records import Document, Job, SpilledTable, StoredExtraction
from docproc.services.review_records import CONFIRMED, CORRECTED, ReviewFilter, ReviewStore, Revision
from docproc.services.tables import line_of_row, rows_of_lines
from docproc.services.upkeep_records import Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """An extraction with the number that a change of it must name."""

    document: Document
    extraction: Extraction
    revision: int
    #: long tables, whose rows are not in `extraction`
    tables: tuple[SpilledTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRoom:
    """Everything that a review needs."""

    stores: Stores
    reviews: ReviewStore
    schema_of: Callable[[Job], ExtractionSchema]
    clock: Clock = field(default_factory=SystemClock)

    def waiting(
        self, tenant: str, *, wanted: ReviewFilter, after: UUID | None = None, limit: int = 50
    ) -> Sequence[Reviewed]:
        """What needs review behind the document `after`, oldest first, with why."""
        documents = self.reviews.waiting(tenant, wanted=wanted, after=after, limit=limit)
        found = self.stores.extractions.latest([document.id for document in documents])
        return [self._reviewed(document, found[document.id]) for document in documents if document.id in found]

    def show(self, document_id: UUID, *, tenant: str) -> Reviewed:
        """Raises NotFoundError when there is no such document, or no record of it."""
        document = self.reviews.document(document_id, tenant=tenant)
        stored = self.stores.extractions.latest([document_id]).get(document_id)
        if stored is None:
            raise NotFoundError(f"there is no record of the document {document_id}: it is {document.state}")
        return self._reviewed(document, stored)

    def correct(
        self, document_id: UUID, changes: Mapping[str, JsonValue], *, tenant: str, expected: int, by: str
    ) -> Reviewed:
        """Set values by their field paths; the rules are run again, and decide whether a person is still asked for.

        `expected` is the revision that the person saw. Raises StaleError when there is another by now, UsageError for
        what the schema does not allow, NotFoundError.
        """
        found = self._expected(document_id, tenant=tenant, expected=expected)
        job = self.stores.jobs.get(found.document.job_id, tenant=tenant)
        reviewer = Reviewer(name=by, at=self.clock.now())
        schema, spilled = self.schema_of(job), self._bare_rows(found)
        changed = corrected(found.extraction, changes, schema, reviewer=reviewer, spilled=spilled)
        if found.document.state is DocumentState.SUCCEEDED:  # what was accepted stays so, with what is said of it now
            changed = changed.model_copy(update={"status": ExtractionStatus.SUCCEEDED})
        asked = row_changes(changes, [table.path for table in found.tables])
        tables = tuple(self._rewritten(found.document, table, asked, schema) for table in found.tables)
        return self._revise(found, replace(found, extraction=changed, tables=tables), kind=CORRECTED, by=by)

    def _rewritten(
        self, document: Document, table: SpilledTable, asked: Sequence[RowChange], schema: ExtractionSchema
    ) -> SpilledTable:
        """The table with its changes in a blob of its own: the revision before keeps the old one."""
        changes = [change for change in asked if change.table == table.path]
        if not changes:
            return table
        blobs = self.stores.blobs

        def lines() -> Iterator[bytes]:
            for index, row in enumerate(rows_of_lines(blobs.stream(table.blob_key))):
                mine = [change for change in changes if change.index == index]
                yield line_of_row(reduce(lambda tree, change: corrected_row(tree, change, schema), mine, row))

        key = document_key(document.tenant, BlobKind.TABLE, document.id, document.attempt, new_id().int)
        blobs.put(key, lines())
        return replace(table, blob_key=key)

    def confirm(self, document_id: UUID, *, tenant: str, expected: int, by: str) -> Reviewed:
        """Say that the record is right as it is. Raises as `correct` does."""
        found = self._expected(document_id, tenant=tenant, expected=expected)
        reviewer = Reviewer(name=by, at=self.clock.now())
        accepted = replace(found, extraction=confirmed(found.extraction, reviewer=reviewer))
        return self._revise(found, accepted, kind=CONFIRMED, by=by)

    def revisions(self, document_id: UUID, *, tenant: str) -> Sequence[Revision]:
        """Raises NotFoundError."""
        self.reviews.document(document_id, tenant=tenant)
        return self.reviews.revisions(document_id, tenant=tenant)

    def history(self, document_id: UUID, *, tenant: str) -> Sequence[Correction]:
        """Every correction that was ever made, oldest first: also of a record that was read again since."""
        told: list[Correction] = []
        for revision in self.revisions(document_id, tenant=tenant):
            review = self._parsed(revision.extraction).review
            told.extend(() if review is None else [each for each in review.corrections if each not in told])
        return told

    def _expected(self, document_id: UUID, *, tenant: str, expected: int) -> Reviewed:
        found = self.show(document_id, tenant=tenant)
        if found.revision != expected:
            raise StaleError(f"the record is at revision {found.revision}, not {expected}: look at it again")
        return found

    def _reviewed(self, document: Document, stored: StoredExtraction) -> Reviewed:
        extraction = self._parsed(stored)
        return Reviewed(document=document, extraction=extraction, revision=stored.revision, tables=stored.tables)

    def _parsed(self, stored: StoredExtraction) -> Extraction:
        return Extraction.model_validate_json(get_body(self.stores.blobs, stored.body))

    def _bare_rows(self, found: Reviewed) -> dict[str, list[Record]]:
        """What rules need of tables that lie outside."""
        blobs = self.stores.blobs
        return {
            table.path: [record_of(row) for row in rows_of_lines(blobs.stream(table.blob_key))]
            for table in found.tables
        }

    def _revise(self, before: Reviewed, after: Reviewed, *, kind: str, by: str) -> Reviewed:
        document, blobs = before.document, self.stores.blobs
        # a name of its own: of two that correct at the same time one must not overwrite the other's
        key = document_key(document.tenant, BlobKind.EXTRACTION, document.id, document.attempt, new_id().int)
        body = put_body(blobs, key, after.extraction.model_dump_json().encode())
        state = DocumentState(after.extraction.status.value)
        stored = StoredExtraction(revision=before.revision, state=state, body=body, tables=after.tables)
        action = "record.correct" if kind == CORRECTED else "record.confirm"
        deed = Deed(tenant=document.tenant, actor=by, action=action, subject=str(document.id))
        written = [body.blob_key, *(table.blob_key for table in after.tables if table not in before.tables)]
        with written_in_vain(blobs, written, when=ConflictError):
            document = self.reviews.revise(stored, of=document, kind=kind, deed=deed)
        return replace(after, document=document, revision=before.revision + 1)
