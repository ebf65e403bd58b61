"""Reading rows: one a window; knows nothing of what a reading says."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from docproc.domain.document import DocumentState
from docproc.domain.ids import new_id
from docproc.domain.page import PageState
from docproc.services.records import Claim, Document, StoredReading
from docproc.storage.changes import change_document, held, move_pages
from docproc.storage.database import Database
from docproc.storage.rows import AnyRow, document_of, reading_of
from docproc.storage.tables import READINGS

#: readings loaded at once; a body in its row is at most a quarter of a megabyte
_BATCH = 8

_BY_KEY = (
    select(READINGS)
    .where(READINGS.c.tenant == bindparam("tenant"), READINGS.c.reading_key == bindparam("reading_key"))
    .limit(1)
)
_BEHIND = (
    select(READINGS)
    .where(READINGS.c.document_id == bindparam("document_id"), READINGS.c.first_page > bindparam("after"))
    .order_by(READINGS.c.first_page)
    .limit(_BATCH)
)


class SqlReadingStore:
    """Readings in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, reading_key: str, *, tenant: str) -> StoredReading | None:
        with self._database.read() as connection:
            row = connection.execute(_BY_KEY, {"tenant": tenant, "reading_key": reading_key}).first()
        return None if row is None else reading_of(row)

    def save(self, claim: Claim, reading: StoredReading, *, seconds: float) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            values = {
                "id": new_id(),
                "document_id": row.id,
                "tenant": row.tenant,
                "reading_key": reading.reading_key,
                "reader": reading.reader,
                "reader_version": reading.reader_version,
                "first_page": reading.pages[0] if reading.pages else 0,
                "pages": list(reading.pages),
                "complete": reading.complete,
                "body": reading.body.text,
                "body_key": reading.body.blob_key,
                "created_at": self._database.now(connection),
            }
            connection.execute(insert(READINGS), values)
            # a complete reading accounts for every page that is still open, whatever its window was
            read = move_pages(
                connection,
                row.id,
                along=(PageState.WAITING, PageState.LEASED, PageState.READ),
                numbers=None if reading.complete else reading.pages,
                values={"reader": reading.reader},
            )
            changed = change_document(
                connection,
                row,
                to=DocumentState.ASSEMBLING if row.pages_open == read else None,
                pages={"open": -read, "read": read},
                values={"seconds": row.seconds + seconds, "stalled": 0},
            )
            return document_of(changed)

    def of_document(self, document_id: UUID) -> Iterator[StoredReading]:
        after = -1
        while batch := self._behind(document_id, after):
            yield from map(reading_of, batch)
            if len(batch) < _BATCH:
                return
            after = batch[-1].first_page

    def _behind(self, document_id: UUID, after: int) -> Sequence[AnyRow]:
        """A few at a time: a consumer may be slow, and a read transaction must not stay open meanwhile."""
        with self._database.read() as connection:
            return connection.execute(_BEHIND, {"document_id": document_id, "after": after}).all()
