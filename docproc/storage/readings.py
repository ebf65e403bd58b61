"""Reading rows: one a window; knows nothing of what a reading says."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from docproc.domain.document import DocumentState
from docproc.domain.ids import new_id
from docproc.domain.page import PageState
from docproc.domain.reading import Spent
from docproc.services.records import OPEN_PAGE_STATES, Claim, Document, StoredReading, WindowClaim
from docproc.storage.changes import change_document, end_of_step, held, move_pages
from docproc.storage.database import Database
from docproc.storage.metering import meter
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
_INSERT = insert(READINGS).values(created_at=func.now())
_FORGET = delete(READINGS).where(READINGS.c.document_id == bindparam("of"))
_FORGET_ONE = delete(READINGS).where(
    READINGS.c.document_id == bindparam("of"), READINGS.c.first_page == bindparam("first")
)


def _read(
    connection: Connection,
    row: AnyRow,
    claim: Claim | WindowClaim,
    numbers: Collection[int] | None,
    *,
    values: Mapping[str, Any] | None = None,
    seconds: float = 0.0,
) -> AnyRow:
    """Pages have been read; with the last one the document goes on."""
    along = (*OPEN_PAGE_STATES, PageState.READ)
    read = move_pages(connection, row.id, along=along, numbers=numbers, values=values)
    done = row.pages_open == read
    return change_document(
        connection,
        row,
        to=DocumentState.ASSEMBLING if done else None,
        pages={"open": -read, "read": read},
        values={"seconds": row.seconds + seconds, "stalled": 0, **(end_of_step(claim) if done else {})},
    )


class SqlReadingStore:
    """Readings in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, reading_key: str, *, tenant: str) -> StoredReading | None:
        with self._database.read() as connection:
            row = connection.execute(_BY_KEY, {"tenant": tenant, "reading_key": reading_key}).first()
        return None if row is None else reading_of(row)

    def save(
        self, claim: Claim | WindowClaim, reading: StoredReading, *, seconds: float, again: bool = False
    ) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim, numbers=reading.pages)
            # what other windows said meanwhile does not count; of blank pages there is one reading
            if reading.complete or not reading.pages:
                connection.execute(_FORGET, {"of": row.id})
            elif again:
                connection.execute(_FORGET_ONE, {"of": row.id, "first": reading.pages[0]})
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
            }
            connection.execute(_INSERT, values)
            # a page is one page, however often it was looked at
            meter(
                connection,
                row,
                reader=reading.reader,
                usage=reading.usage,
                pages=0 if again else len(reading.pages),
            )
            # a complete reading accounts for every page that is still open, whatever its window was
            numbers = None if reading.complete else reading.pages
            changed = _read(connection, row, claim, numbers, values={"reader": reading.reader}, seconds=seconds)
            return document_of(changed)

    def meter(self, claim: Claim | WindowClaim, spent: Spent) -> None:
        with self._database.write() as connection:
            meter(connection, held(connection, claim), reader=spent.reader, usage=spent.usage, pages=0)

    def keep(self, claim: Claim | WindowClaim, numbers: Collection[int]) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim, numbers=numbers)
            return document_of(_read(connection, row, claim, numbers))

    def reopen(self, claim: Claim, windows: Sequence[Sequence[int]]) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            count = 0
            for numbers in windows:
                along = (PageState.READ, PageState.WAITING)
                count += move_pages(
                    connection, row.id, along=along, numbers=numbers, values={"first_page": min(numbers)}
                )
            changed = change_document(
                connection,
                row,
                to=DocumentState.READING,
                pages={"open": count, "read": -count},
                values={"stalled": 0, **end_of_step(claim)},
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
