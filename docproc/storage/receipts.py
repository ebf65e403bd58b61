"""Receipts of deletions in a database, chained by their hashes; knows no blob."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from docproc.domain.errors import NotFoundError
from docproc.domain.ids import new_id
from docproc.services.receipts import NONE_BEFORE, Receipt, hash_of_body, receipt_body
from docproc.services.records import Erasure
from docproc.storage.database import Database
from docproc.storage.locks import lock_alone
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import EVENTS, EXPORTS, IDEMPOTENCY_KEYS, RECEIPTS, WEBHOOKS
from docproc.storage.tables import DOCUMENTS, EXTRACTIONS, JOBS, PAGES, READINGS, SEALED_PASSWORDS

_BATCH = 500
#: what goes with a job, or with a document of it, and is told by a receipt
_OF_JOB = (DOCUMENTS, EXPORTS, WEBHOOKS, SEALED_PASSWORDS)
_OF_DOCUMENT = (PAGES, READINGS, EXTRACTIONS)


class SqlReceiptStore:
    """Receipts in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page_through(
        self, tenant: str, *, job_id: UUID | None = None, after: int | None = None, limit: int = 100
    ) -> Sequence[Receipt]:
        statement = select(RECEIPTS).where(RECEIPTS.c.tenant == tenant)
        if job_id is not None:
            statement = statement.where(RECEIPTS.c.job_id == job_id)
        if after is not None:
            statement = statement.where(RECEIPTS.c.number < after)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(RECEIPTS.c.number.desc()).limit(limit))
            return [_receipt_of(row) for row in rows]

    def get(self, tenant: str, number: int) -> Receipt:
        mine = (RECEIPTS.c.tenant == tenant, RECEIPTS.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(select(RECEIPTS).where(*mine)).first()
        if row is None:
            raise NotFoundError(f"there is no receipt {number}")
        return _receipt_of(row)

    def rows_left(self, job_id: UUID, document_ids: Sequence[UUID]) -> int:
        of_job = (
            JOBS.c.id == job_id,
            *(table.c.job_id == job_id for table in (*_OF_JOB, EVENTS, IDEMPOTENCY_KEYS)),
        )
        with self._database.read() as connection:
            found = sum(connection.scalar(select(func.count()).where(term)) or 0 for term in of_job)
            for start in range(0, len(document_ids), _BATCH):
                batch = document_ids[start : start + _BATCH]
                terms = (
                    DOCUMENTS.c.id.in_(batch),
                    *(table.c.document_id.in_(batch) for table in _OF_DOCUMENT),
                )
                found += sum(connection.scalar(select(func.count()).where(term)) or 0 for term in terms)
        return found


def rows_below(connection: Connection, job_id: UUID) -> Mapping[str, int]:
    """How many rows of which table go with a job."""
    counting = {table.name: select(func.count()).where(table.c.job_id == job_id) for table in _OF_JOB}
    for table in _OF_DOCUMENT:
        joined = select(func.count()).select_from(table).join(DOCUMENTS, DOCUMENTS.c.id == table.c.document_id)
        counting[table.name] = joined.where(DOCUMENTS.c.job_id == job_id)
    return {name: connection.scalar(statement) or 0 for name, statement in counting.items()}


def keep_receipt(connection: Connection, erasure: Erasure, *, rows: Mapping[str, int], at: datetime) -> None:
    """In the transaction that deletes the rows; of two at the same time one waits, for the numbers have no gap."""
    lock_alone(connection, f"receipts/{erasure.tenant}")
    mine = RECEIPTS.c.tenant == erasure.tenant
    newest = select(RECEIPTS.c.number, RECEIPTS.c.sha256).where(mine).order_by(RECEIPTS.c.number.desc()).limit(1)
    before = connection.execute(newest).first()
    number, previous = (1, NONE_BEFORE) if before is None else (before.number + 1, before.sha256)
    body = receipt_body(erasure, rows=rows, number=number, previous=previous, at=at)
    values = {"id": new_id(), "tenant": erasure.tenant, "number": number, "job_id": erasure.job_id}
    connection.execute(insert(RECEIPTS).values(**values, body=body, sha256=hash_of_body(body), created_at=at))


def _receipt_of(row: AnyRow) -> Receipt:
    return Receipt(
        id=row.id,
        tenant=row.tenant,
        number=row.number,
        job_id=row.job_id,
        body=row.body,
        sha256=row.sha256,
        created_at=row.created_at,
    )
