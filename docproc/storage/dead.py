"""Failed pages and documents: listed, looked at, given back to be worked on. Knows nothing of why they failed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, text, tuple_

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.page import PageState
from docproc.services.upkeep_records import DeadEnd, DeadFilter, DeadPlace, Deed
from docproc.storage.audit import note
from docproc.storage.changes import change_document, each_alone, move_pages, wake
from docproc.storage.database import Database
from docproc.storage.jobs import receive_again
from docproc.storage.rows import AnyRow, failure_of
from docproc.storage.tables import DOCUMENTS, JOBS, PAGES

_OF_DOCUMENT = (
    DOCUMENTS.c.id,
    DOCUMENTS.c.job_id,
    DOCUMENTS.c.tenant,
    DOCUMENTS.c.file,
    DOCUMENTS.c.state,
    DOCUMENTS.c.queue,
    DOCUMENTS.c.sha256,
    DOCUMENTS.c.byte_count,
    DOCUMENTS.c.page_count,
    DOCUMENTS.c.pages_failed,
    DOCUMENTS.c.finished_at,
    JOBS.c.options,
)
# as the partial indexes say it: a parameter in their place could keep a plan from using them
_FAILED_DOCUMENT = text("documents.state = 'failed'")
_FAILED_PAGE = text("pages.state = 'failed'")
_SOME_PAGES_FAILED = text("documents.pages_failed > 0 AND documents.state <> 'failed'")
#: a document that ended, whose failed pages can be worked on again
_ENDED = frozenset({DocumentState.FAILED, DocumentState.NEEDS_REVIEW})


class SqlDeadStore:
    """Dead pages and documents in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page_through(
        self, tenant: str, *, wanted: DeadFilter, after: DeadPlace | None = None, limit: int = 100
    ) -> Sequence[DeadEnd]:
        documents = _documents().where(_FAILED_DOCUMENT, DOCUMENTS.c.tenant == tenant, *_wanted(DOCUMENTS, wanted))
        # of a document that failed itself its pages say nothing more
        of_living = (_SOME_PAGES_FAILED, DOCUMENTS.c.tenant == tenant)
        pages = _pages().where(_FAILED_PAGE, *of_living, *_wanted(PAGES, wanted))
        if after is not None:
            documents = documents.where(DOCUMENTS.c.id > after.document_id)
            behind = tuple_(DOCUMENTS.c.id, PAGES.c.number) > tuple_(after.document_id, after.page)
            pages = pages.where(DOCUMENTS.c.id >= after.document_id, behind)
        with self._database.read() as connection:
            found = [_dead_document(row) for row in connection.execute(documents.order_by(DOCUMENTS.c.id).limit(limit))]
            in_order = pages.order_by(DOCUMENTS.c.id, PAGES.c.number).limit(limit)
            found += [_dead_page(row) for row in connection.execute(in_order)]
        return sorted(found, key=lambda dead: dead.place)[:limit]

    def get(self, tenant: str, place: DeadPlace) -> DeadEnd:
        mine = (DOCUMENTS.c.id == place.document_id, DOCUMENTS.c.tenant == tenant)
        with self._database.read() as connection:
            if place.page:
                statement = _pages().where(*mine, PAGES.c.number == place.page, _FAILED_PAGE)
                found = connection.execute(statement).first()
                dead = None if found is None else _dead_page(found)
            else:
                found = connection.execute(_documents().where(*mine, _is_dead())).first()
                dead = None if found is None else _dead_document(found)
        if dead is None:
            raise _nothing_at(place)
        return dead

    def replay(self, tenant: str, place: DeadPlace, *, by: str) -> int:
        with self._database.write() as connection:
            statement = select(DOCUMENTS).where(DOCUMENTS.c.id == place.document_id, DOCUMENTS.c.tenant == tenant)
            row = connection.execute(statement.with_for_update()).first()
            if row is None:
                raise _nothing_at(place)
            asked = select(JOBS.c.cancel_requested_at).where(JOBS.c.id == row.job_id).with_for_update()
            if row.state is DocumentState.CANCELED or connection.scalar(asked) is not None:
                raise ConflictError("its job was canceled: submit it again")
            before: int = row.pages_open
            if place.page:
                _replay_page(connection, row, place)
            elif row.state in _ENDED and (row.state is DocumentState.FAILED or row.pages_failed):
                receive_again(connection, row)
            else:
                raise _nothing_at(place)
            note(
                connection,
                Deed(tenant=tenant, actor=by, action="dead.replay", subject=str(place)),
                database=self._database,
            )
            now_open: int = connection.scalar(select(DOCUMENTS.c.pages_open).where(DOCUMENTS.c.id == row.id)) or 0
            return now_open - before


def _replay_page(connection: Connection, row: AnyRow, place: DeadPlace) -> None:
    statement = select(PAGES.c.words_length).where(
        PAGES.c.document_id == row.id, PAGES.c.number == place.page, _FAILED_PAGE
    )
    found = connection.execute(statement).first()
    if found is None:
        raise _nothing_at(place)
    if not found.words_length:
        raise ConflictError(f"page {place.page} failed while its document was prepared: replay the document")
    if row.state in _ENDED:
        receive_again(connection, row, only=place.page)
        return
    if row.state is not DocumentState.READING or row.queue is None:
        raise ConflictError("its document is being worked on: try again when it is done")
    if row.lease_owner is not None:  # a worker is about to conclude it without this page
        raise ConflictError("its document is just being concluded: try again in a moment")
    anew = {"failure": None, "stalled": 0}
    along = (PageState.FAILED, PageState.WAITING)
    each_alone(connection, row.id, (place.page,))
    move_pages(connection, row.id, along=along, numbers=(place.page,), values=anew)
    # a message that is still out is about the document's end, which is no longer due
    change_document(connection, row, pages={"failed": -1, "open": 1}, values={"queued_at": None})
    wake(connection)


def _documents() -> Select[Any]:
    columns = (*_OF_DOCUMENT, DOCUMENTS.c.failure, DOCUMENTS.c.attempt)
    return select(*columns).join(JOBS, JOBS.c.id == DOCUMENTS.c.job_id)


def _pages() -> Select[Any]:
    own = (PAGES.c.number, PAGES.c.failure, PAGES.c.attempt, PAGES.c.first_page, PAGES.c.words)
    joined = select(*_OF_DOCUMENT, *own).join(DOCUMENTS, DOCUMENTS.c.id == PAGES.c.document_id)
    return joined.join(JOBS, JOBS.c.id == DOCUMENTS.c.job_id)


def _is_dead() -> ColumnElement[bool]:
    return (DOCUMENTS.c.state == DocumentState.FAILED) | (DOCUMENTS.c.pages_failed > 0)


def _wanted(table: Any, wanted: DeadFilter) -> list[ColumnElement[bool]]:  # noqa: ANN401 a table or the other
    terms: list[ColumnElement[bool]] = []
    if wanted.job_id is not None:
        terms.append(DOCUMENTS.c.job_id == wanted.job_id)
    if wanted.code is not None:
        terms.append(table.c.failure["code"].as_string() == wanted.code.value)
    return terms


def _dead_document(row: AnyRow) -> DeadEnd:
    return DeadEnd(place=DeadPlace(row.id), failure=failure_of(row.failure), attempts=row.attempt, **_facts(row))


def _dead_page(row: AnyRow) -> DeadEnd:
    return DeadEnd(
        place=DeadPlace(row.id, row.number),
        failure=failure_of(row.failure),
        attempts=row.attempt,
        first_page=row.first_page,
        words=row.words,
        **_facts(row),
    )


def _facts(row: AnyRow) -> dict[str, Any]:
    names = ("job_id", "tenant", "file", "state", "queue", "sha256", "byte_count", "page_count", "pages_failed")
    facts = {name: getattr(row, name) for name in (*names, "finished_at")}
    return facts | {"reader": row.options.get("reader", "auto")}


def _nothing_at(place: DeadPlace) -> NotFoundError:
    what = "failed page" if place.page else "failed document"
    return NotFoundError(f"there is no {what} {place}; docproc dead list shows them")
