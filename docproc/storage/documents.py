"""Documents claimed, leased, released and ended; knows nothing of what the work on them is."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, or_, select, update

from docproc.domain.document import DocumentState
from docproc.domain.errors import NotFoundError
from docproc.domain.failure import Failure, FailureCategory, FailureCode
from docproc.domain.page import PageState
from docproc.services.records import PHASES, Claim, Document, Original, WindowClaim
from docproc.storage.changes import (
    NO_LEASE,
    PUT_OFF,
    UNPREPARED,
    change_document,
    drop_preparation,
    end_document,
    end_of_step,
    free_pages,
    held,
    lead_windows_anew,
    move_pages,
    pages_in_hand,
    wake,
)
from docproc.storage.columns import UtcDateTime
from docproc.storage.database import Database
from docproc.storage.locks import lock_alone
from docproc.storage.rows import AnyRow, document_of, original_values
from docproc.storage.tables import DOCUMENTS, JOBS

#: attempts that may end in vain, one after the other, before a document is given up
MAX_STALLED = 3

_NOT_READ = (DocumentState.RECEIVED, DocumentState.PREPARING, DocumentState.READING)
_BEGUN = (DocumentState.PREPARING, DocumentState.READING, DocumentState.ASSEMBLING)


class SqlDocumentStore:
    """Documents in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, job_id: UUID, *, owner: str, lease_s: float) -> Claim | None:
        with self._database.write() as connection:
            now = self._database.now(connection)
            while (row := _next_due(connection, job_id, now)) is not None:
                if row.stalled < MAX_STALLED:
                    expires_at = now + timedelta(seconds=lease_s)
                    return take_document(connection, row, owner=owner, now=now, expires_at=expires_at)
                end_document(connection, row, to=DocumentState.FAILED, now=now, failure=spent(row.state))
            return None

    def get(self, document_id: UUID) -> Document:
        with self._database.read() as connection:
            row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).first()
        if row is None:
            raise NotFoundError(f"there is no document {document_id}")
        return document_of(row)

    def page_through(
        self, job_id: UUID, *, after: int = -1, limit: int = 200, states: Collection[DocumentState] | None = None
    ) -> Sequence[Document]:
        statement = select(DOCUMENTS).where(DOCUMENTS.c.job_id == job_id, DOCUMENTS.c.position > after)
        if states is not None:
            statement = statement.where(DOCUMENTS.c.state.in_(states))
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(DOCUMENTS.c.position).limit(limit))
            return [document_of(row) for row in rows]

    def extend(self, owner: str, *, lease_s: float) -> int:
        with self._database.write() as connection:
            expires_at = self._database.now(connection) + timedelta(seconds=lease_s)
            statement = update(DOCUMENTS).where(DOCUMENTS.c.lease_owner == owner).values(lease_expires_at=expires_at)
            return connection.execute(statement).rowcount

    def owners(self, job_id: UUID) -> frozenset[str]:
        statement = select(DOCUMENTS.c.lease_owner).where(
            DOCUMENTS.c.job_id == job_id, DOCUMENTS.c.state.in_(_BEGUN), DOCUMENTS.c.lease_owner.is_not(None)
        )
        with self._database.read() as connection:
            return frozenset(owner for owner in connection.scalars(statement.distinct()) if owner is not None)

    def leased(self, job_ids: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
        found: dict[UUID, set[str]] = defaultdict(set)
        with self._database.read() as connection:
            statement = select(DOCUMENTS.c.job_id, DOCUMENTS.c.lease_owner).where(
                DOCUMENTS.c.lease_owner != PUT_OFF,
                DOCUMENTS.c.lease_expires_at > self._database.now(connection),
                DOCUMENTS.c.job_id.in_(job_ids),
            )
            for job_id, owner in connection.execute(statement.distinct()):
                found[job_id].add(owner)
        return {job_id: frozenset(owners) for job_id, owners in found.items()}

    def void(self, owners: Collection[str]) -> int:
        if not owners:
            return 0
        with self._database.write() as connection:
            # what has a queue is swept, which also makes it due again
            theirs = (DOCUMENTS.c.lease_owner.in_(owners), DOCUMENTS.c.queue.is_(None))
            statement = update(DOCUMENTS).where(*theirs).values(NO_LEASE)
            return connection.execute(statement).rowcount

    def release(self, claim: Claim | WindowClaim) -> None:
        with self._database.write() as connection:
            row = held(connection, claim)
            if isinstance(claim, WindowClaim):
                free_pages(connection, row.id, pages_in_hand(connection, claim), values={"stalled": 0})
            else:
                release_document(connection, row, stalled=0)

    def restart(self, claim: Claim | WindowClaim, *, keep_words: bool = False) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            pages, values = {}, dict(end_of_step(claim))
            if keep_words:  # also what others have in hand or were sent: their messages and claims are void now
                along = (PageState.QUEUED, PageState.LEASED, PageState.WAITING)
                move_pages(connection, row.id, along=along)
                lead_windows_anew(connection, row.id)
            else:
                pages = drop_preparation(connection, row)
                values |= UNPREPARED
            row = change_document(connection, row, to=DocumentState.RECEIVED, pages=pages, values=values)
            if row.lease_owner is not None:
                row = change_document(connection, row, to=DocumentState.PREPARING)
            return document_of(row)

    def set_original(self, claim: Claim, original: Original) -> Document:
        return self._change(claim, values=original_values(original))

    def keep_preparation(self, claim: Claim) -> Document:
        return self._change(claim, to=DocumentState.READING, values={"stalled": 0, **end_of_step(claim)})

    def begin_assembling(self, claim: Claim) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            # no record is made while pages wait: as long as there are any, reading goes on
            to = None if row.pages_open else DocumentState.ASSEMBLING
            return document_of(change_document(connection, row, to=to, values={"stalled": 0, **end_of_step(claim)}))

    def _change(
        self, claim: Claim, *, to: DocumentState | None = None, values: Mapping[str, Any] | None = None
    ) -> Document:
        with self._database.write() as connection:
            return document_of(change_document(connection, held(connection, claim), to=to, values=values))

    def fail(self, claim: Claim | WindowClaim, failure: Failure, *, seconds: float = 0.0) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            now = self._database.now(connection)
            return document_of(
                end_document(connection, row, to=DocumentState.FAILED, now=now, failure=failure, seconds=seconds)
            )

    def cancel(self, claim: Claim) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            now = self._database.now(connection)
            return document_of(end_document(connection, row, to=DocumentState.CANCELED, now=now))

    def is_canceled(self, job_id: UUID) -> bool:
        with self._database.read() as connection:
            return connection.scalar(select(JOBS.c.cancel_requested_at).where(JOBS.c.id == job_id)) is not None

    def known(self, document_ids: Collection[UUID]) -> frozenset[UUID]:
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(DOCUMENTS.c.id).where(DOCUMENTS.c.id.in_(document_ids))))

    def to_be_read(self, tenant: str, contents: Collection[str]) -> frozenset[str]:
        statement = select(DOCUMENTS.c.sha256).where(
            DOCUMENTS.c.tenant == tenant, DOCUMENTS.c.sha256.in_(contents), DOCUMENTS.c.state.in_(_NOT_READ)
        )
        with self._database.read() as connection:
            return frozenset(connection.scalars(statement.distinct()))

    @contextmanager
    def settled_use(self, blob_key: str, *, outside: UUID | None) -> Iterator[bool]:
        statement = select(DOCUMENTS.c.id).where(DOCUMENTS.c.original_key == blob_key)
        if outside is not None:
            statement = statement.where(DOCUMENTS.c.job_id != outside)
        with self._database.write() as connection:
            lock_alone(connection, blob_key)  # whoever records an original holds its key together with others
            yield connection.execute(statement.limit(1)).first() is not None


def _due(*conditions: ColumnElement[bool]) -> Select[Any]:
    # what has a queue is handed out to workers
    mine = and_(DOCUMENTS.c.job_id == bindparam("job_id"), DOCUMENTS.c.queue.is_(None))
    canceled = select(JOBS.c.id).where(JOBS.c.id == bindparam("job_id"), JOBS.c.cancel_requested_at.is_not(None))
    statement = select(DOCUMENTS).where(mine, ~canceled.exists(), *conditions).order_by(DOCUMENTS.c.position).limit(1)
    # SKIP LOCKED is dropped on SQLite, where BEGIN IMMEDIATE lets only one claim at a time
    return statement.with_for_update(skip_locked=True)


_NEW = _due(DOCUMENTS.c.state == DocumentState.RECEIVED)
_LEFT = _due(
    DOCUMENTS.c.state.in_(_BEGUN),
    or_(DOCUMENTS.c.lease_expires_at.is_(None), DOCUMENTS.c.lease_expires_at <= bindparam("now", type_=UtcDateTime)),
)


def _next_due(connection: Connection, job_id: UUID, now: datetime) -> AnyRow | None:
    """New documents first: those that others left are few, and looking for them at every claim would cost more."""
    row = connection.execute(_NEW, {"job_id": job_id}).first()
    return row if row is not None else connection.execute(_LEFT, {"job_id": job_id, "now": now}).first()


def take_document(
    connection: Connection, row: AnyRow, *, owner: str, now: datetime, expires_at: datetime, one_step: bool = False
) -> Claim:
    """Lease a document whose row is locked, and count the attempt before the work."""
    taken = change_document(
        connection,
        row,
        to=DocumentState.PREPARING if row.state is DocumentState.RECEIVED else None,
        values={
            "attempt": row.attempt + 1,
            "stalled": row.stalled + 1,
            "lease_owner": owner,
            "lease_expires_at": expires_at,
            "queued_at": None,
            "started_at": row.started_at or now,
        },
    )
    return Claim(document=document_of(taken), owner=owner, attempt=taken.attempt, one_step=one_step)


def find_document(database: Database, document_id: UUID, *, tenant: str) -> Document:
    """Raises NotFoundError, also for another tenant's."""
    mine = (DOCUMENTS.c.id == document_id, DOCUMENTS.c.tenant == tenant)
    with database.read() as connection:
        row = connection.execute(select(DOCUMENTS).where(*mine)).first()
    if row is None:
        raise NotFoundError(f"there is no document {document_id}")
    return document_of(row)


def release_document(connection: Connection, row: AnyRow, *, stalled: int) -> AnyRow:
    """End the lease of a document whose work is not done; one that workers prepare is received again."""
    back = row.queue is not None and row.state is DocumentState.PREPARING
    if row.queue is not None:
        wake(connection)
    values = {**NO_LEASE, "stalled": stalled}
    return change_document(connection, row, to=DocumentState.RECEIVED if back else None, values=values)


def spent(state: DocumentState, *, page: int | None = None) -> Failure:
    """Why a document or a page was given up whose worker died every time."""
    return Failure(
        code=FailureCode.CRASHED,
        category=FailureCategory.DOCUMENT,
        message=f"the process died {MAX_STALLED} times in a row while it worked on this "
        + ("document" if page is None else "page"),
        retryable=True,
        phase=PHASES[state],
        page=page,
    )
