"""Reading rows: one a window; knows nothing of what a reading says."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from docproc.domain.document import DocumentState
from docproc.domain.ids import new_id
from docproc.domain.page import PageState
from docproc.services.records import Claim, StoredReading
from docproc.storage.changes import change_document, held, move_pages
from docproc.storage.database import Database
from docproc.storage.rows import AnyRow, reading_of
from docproc.storage.tables import PAGES, READINGS


class SqlReadingStore:
    """Readings in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, reading_key: str, *, tenant: str) -> StoredReading | None:
        statement = select(READINGS).where(READINGS.c.tenant == tenant, READINGS.c.reading_key == reading_key)
        with self._database.read() as connection:
            row = connection.execute(statement.limit(1)).first()
        return None if row is None else reading_of(row)

    def save(self, claim: Claim, reading: StoredReading, *, seconds: float) -> None:
        with self._database.write() as connection:
            row = held(connection, claim)
            connection.execute(
                insert(READINGS).values(
                    id=new_id(),
                    document_id=row.id,
                    tenant=row.tenant,
                    reading_key=reading.reading_key,
                    reader=reading.reader,
                    reader_version=reading.reader_version,
                    first_page=reading.pages[0] if reading.pages else 0,
                    pages=list(reading.pages),
                    complete=reading.complete,
                    body=reading.body.text,
                    body_key=reading.body.blob_key,
                    created_at=self._database.now(connection),
                )
            )
            read = _mark_read(connection, row, reading)
            change_document(
                connection,
                row,
                to=DocumentState.ASSEMBLING if row.pages_open == read else None,
                pages={"open": -read, "read": read} if read else None,
                values={"seconds": row.seconds + seconds, "stalled": 0},
            )

    def of_document(self, document_id: UUID) -> Iterator[StoredReading]:
        after = -1
        while (row := self._next(document_id, after)) is not None:
            yield reading_of(row)
            after = row.first_page

    def _next(self, document_id: UUID, after: int) -> AnyRow | None:
        """One at a time: a consumer may be slow, and a read transaction must not stay open meanwhile."""
        statement = select(READINGS).where(READINGS.c.document_id == document_id, READINGS.c.first_page > after)
        with self._database.read() as connection:
            return connection.execute(statement.order_by(READINGS.c.first_page).limit(1)).first()


def _mark_read(connection: Connection, row: AnyRow, reading: StoredReading) -> int:
    """Pages that the reading accounts for: those of its window, or every open one when it is complete."""
    if reading.complete:
        move_pages(connection, row.id, before=(PageState.WAITING,), after=PageState.LEASED)
    numbers = None if reading.complete else reading.pages
    read = move_pages(connection, row.id, before=(PageState.LEASED,), after=PageState.READ, numbers=numbers)
    if read:
        marked = update(PAGES).where(PAGES.c.document_id == row.id, PAGES.c.state == PageState.READ)
        marked = marked.where(PAGES.c.reader.is_(None))
        connection.execute(marked.values(reader=reading.reader))
    return read
