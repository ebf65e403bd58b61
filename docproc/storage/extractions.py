"""Extraction rows and their revisions; knows nothing of what an extraction says."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import and_, bindparam, func, insert, select

from docproc.domain.ids import new_id
from docproc.services.records import Claim, Document, StoredExtraction
from docproc.storage.changes import NO_LEASE, change_document, held
from docproc.storage.database import Database
from docproc.storage.rows import document_of, extraction_of
from docproc.storage.tables import EXTRACTIONS

_NEXT_REVISION = insert(EXTRACTIONS).values(
    revision=select(func.coalesce(func.max(EXTRACTIONS.c.revision), 0) + 1)
    .where(EXTRACTIONS.c.document_id == bindparam("of"))
    .scalar_subquery()
)


class SqlExtractionStore:
    """Extractions in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, claim: Claim, extraction: StoredExtraction, *, seconds: float) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            now = self._database.now(connection)
            values = {
                "id": new_id(),
                "document_id": row.id,
                "tenant": row.tenant,
                "state": extraction.state,
                "body": extraction.body.text,
                "body_key": extraction.body.blob_key,
                "tables": [asdict(table) for table in extraction.tables] or None,
                "created_at": now,
                "of": row.id,
            }
            connection.execute(_NEXT_REVISION, values)
            changed = change_document(
                connection,
                row,
                to=extraction.state,
                values={**NO_LEASE, "stalled": 0, "finished_at": now, "seconds": row.seconds + seconds},
            )
            return document_of(changed)

    def latest(self, document_ids: Collection[UUID]) -> Mapping[UUID, StoredExtraction]:
        newest = (
            select(EXTRACTIONS.c.document_id, func.max(EXTRACTIONS.c.revision).label("revision"))
            .where(EXTRACTIONS.c.document_id.in_(document_ids))
            .group_by(EXTRACTIONS.c.document_id)
            .subquery()
        )
        statement = select(EXTRACTIONS).join(
            newest,
            and_(EXTRACTIONS.c.document_id == newest.c.document_id, EXTRACTIONS.c.revision == newest.c.revision),
        )
        with self._database.read() as connection:
            return {row.document_id: extraction_of(row) for row in connection.execute(statement)}
