"""Leases that expired: what they held is free again, or given up when its worker died every time. Knows no task."""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select, text

from docproc.domain.document import DocumentState
from docproc.domain.errors import StorageError
from docproc.domain.page import PageState
from docproc.observability import event
from docproc.services.work_records import Swept
from docproc.storage.changes import PUT_OFF, change_document, each_alone, end_document, free_pages, move_pages, wake
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED, release_document, spent
from docproc.storage.rows import AnyRow, failure_json
from docproc.storage.tables import DOCUMENTS, PAGES

logger = logging.getLogger(__name__)

#: a sweep ends after so many rows that others hold locked: each costs up to a second, and work waits for the sweeper
MAX_HELD = 3
#: so that no lock of another is waited for any longer
_IN_HASTE = text("SET LOCAL lock_timeout = '1s'")


def sweep_documents(database: Database, *, limit: int) -> Swept:
    """Documents whose next step a worker leased and lost: each alone, for two jobs are never locked at once."""
    with database.read() as connection:
        expired = select(DOCUMENTS.c.id).where(*_expired_by(database.now(connection))).limit(limit)
        documents = list(connection.scalars(expired))
    return _each_of(documents, partial(_sweep_document, database))


def _expired_by(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        DOCUMENTS.c.lease_owner.is_not(None),
        DOCUMENTS.c.lease_expires_at <= now,
        DOCUMENTS.c.queue.is_not(None),
    )


def _sweep_document(database: Database, document_id: UUID) -> Swept:
    with database.write() as connection:
        connection.execute(_IN_HASTE)
        now = database.now(connection)
        lock = select(DOCUMENTS).where(DOCUMENTS.c.id == document_id, *_expired_by(now))
        row = connection.execute(lock.with_for_update(skip_locked=True)).first()
        if row is None:
            return Swept()
        if row.stalled < MAX_STALLED:
            release_document(connection, row, stalled=row.stalled)
            return Swept(freed=int(row.lease_owner != PUT_OFF))  # of that no worker died
        end_document(connection, row, to=DocumentState.FAILED, now=now, failure=spent(row.state))
        return Swept(failed=1)


def sweep_pages(database: Database, *, limit: int) -> Swept:
    """Pages that a worker leased and lost, one document after the other."""
    with database.read() as connection:
        now = database.now(connection)
        expired = select(PAGES.c.document_id).where(PAGES.c.state == PageState.LEASED, PAGES.c.lease_expires_at <= now)
        documents = list(connection.scalars(expired.distinct().limit(limit)))
    return _each_of(documents, partial(_sweep_pages_of, database))


def _each_of(documents: Sequence[UUID], sweep: Callable[[UUID], Swept]) -> Swept:
    """One that somebody holds is left for the next time, and the others come in another order then."""
    swept: list[Swept] = []
    held = 0
    for document_id in random.sample(documents, len(documents)):
        try:
            swept.append(sweep(document_id))
        except StorageError as error:
            event(logger, "store_unreachable", error=error.message)
            held += 1
            if held >= MAX_HELD:
                break
    return _sum_of(swept)


def _sweep_pages_of(database: Database, document_id: UUID) -> Swept:
    with database.write() as connection:
        connection.execute(_IN_HASTE)
        # the document first, as everybody locks
        lock = select(DOCUMENTS).where(DOCUMENTS.c.id == document_id).with_for_update(skip_locked=True)
        document = connection.execute(lock).first()
        if document is None:
            return Swept()
        expired = (PAGES.c.state == PageState.LEASED, PAGES.c.lease_expires_at <= database.now(connection))
        rows = connection.execute(select(PAGES).where(PAGES.c.document_id == document_id, *expired)).all()
        lost = [row for row in rows if row.stalled >= MAX_STALLED]
        freed = [row.number for row in rows if row.stalled < MAX_STALLED]
        for row in lost:
            _give_up(connection, row)
        if freed:
            free_pages(connection, document_id, freed, values={})
            each_alone(connection, document_id, freed)  # which of them is to blame shows when each is read alone
        if lost:
            change_document(connection, document, pages={"open": -len(lost), "failed": len(lost)})
            wake(connection)
        return Swept(freed=len(freed), failed=len(lost))


def _give_up(connection: Connection, page: AnyRow) -> None:
    failure = failure_json(spent(DocumentState.READING, page=page.number))
    along = (PageState.LEASED, PageState.FAILED)
    move_pages(connection, page.document_id, along=along, numbers=(page.number,), values={"failure": failure})


def _sum_of(swept: Sequence[Swept]) -> Swept:
    return Swept(freed=sum(each.freed for each in swept), failed=sum(each.failed for each in swept))
