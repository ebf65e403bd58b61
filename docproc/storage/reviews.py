"""Documents that need review and revisions of extractions; knows nothing of what an extraction says."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, text

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, NotFoundError, StaleError
from docproc.domain.ids import new_id
from docproc.services.records import Document, StoredExtraction
from docproc.services.review_records import ReviewFilter, Revision
from docproc.services.upkeep_records import Deed
from docproc.storage.audit import note
from docproc.storage.changes import change_document, tell_of_document
from docproc.storage.database import Database
from docproc.storage.documents import find_document
from docproc.storage.list_terms import is_schema
from docproc.storage.rows import document_of, extraction_of
from docproc.storage.tables import DOCUMENTS, EXTRACTIONS, JOBS, SCHEMAS

# as the partial index says it: a parameter in its place could keep a plan from using it
_NEEDS_REVIEW = text("documents.state = 'needs_review'")
_CAN_BE_REVISED = frozenset({DocumentState.NEEDS_REVIEW, DocumentState.SUCCEEDED})


class SqlReviewStore:
    """Reviews in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(
        self, tenant: str, *, wanted: ReviewFilter, after: UUID | None = None, limit: int = 50
    ) -> Sequence[Document]:
        statement = select(DOCUMENTS).where(_NEEDS_REVIEW, DOCUMENTS.c.tenant == tenant, *_terms(wanted))
        if after is not None:
            statement = statement.where(DOCUMENTS.c.id > after)
        with self._database.read() as connection:
            return [document_of(row) for row in connection.execute(statement.order_by(DOCUMENTS.c.id).limit(limit))]

    def document(self, document_id: UUID, *, tenant: str) -> Document:
        return find_document(self._database, document_id, tenant=tenant)

    def revisions(self, document_id: UUID, *, tenant: str) -> Sequence[Revision]:
        mine = (EXTRACTIONS.c.document_id == document_id, EXTRACTIONS.c.tenant == tenant)
        with self._database.read() as connection:
            rows = connection.execute(select(EXTRACTIONS).where(*mine).order_by(EXTRACTIONS.c.revision))
            return [
                Revision(extraction=extraction_of(row), author=row.author, created_at=row.created_at) for row in rows
            ]

    def revise(self, extraction: StoredExtraction, *, of: Document, kind: str, deed: Deed) -> Document:
        with self._database.write() as connection:
            mine = (DOCUMENTS.c.id == of.id, DOCUMENTS.c.tenant == of.tenant)
            row = connection.execute(select(DOCUMENTS).where(*mine).with_for_update()).first()
            if row is None:
                raise NotFoundError(f"there is no document {of.id}")
            newest = connection.scalar(
                select(func.max(EXTRACTIONS.c.revision)).where(EXTRACTIONS.c.document_id == of.id)
            )
            if newest != extraction.revision:
                raise StaleError(f"the record is at revision {newest}, not {extraction.revision}: look at it again")
            if row.state not in _CAN_BE_REVISED:
                raise ConflictError(f"the document is {row.state}: its record is made anew")
            connection.execute(
                insert(EXTRACTIONS).values(
                    id=new_id(),
                    document_id=row.id,
                    tenant=row.tenant,
                    revision=extraction.revision + 1,
                    state=extraction.state,
                    author=deed.actor,
                    body=extraction.body.text,
                    body_key=extraction.body.blob_key,
                    tables=[asdict(table) for table in extraction.tables] or None,
                    created_at=self._database.now(connection),
                )
            )
            tell_of_document(connection, row, kind)
            note(connection, deed, database=self._database)
            moves = extraction.state is not row.state
            return document_of(change_document(connection, row, to=extraction.state) if moves else row)


def _terms(wanted: ReviewFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.job_id is not None:
        yield DOCUMENTS.c.job_id == wanted.job_id
    if wanted.external_id is not None:
        yield DOCUMENTS.c.external_id == wanted.external_id
    if wanted.schema is not None:
        yield DOCUMENTS.c.job_id.in_(
            select(JOBS.c.id).join(SCHEMAS, SCHEMAS.c.id == JOBS.c.schema_id).where(is_schema(wanted.schema))
        )
