"""Page rows: prepared, leased, failed; knows nothing of words, which lie in blobs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from docproc.domain.document import DocumentState
from docproc.domain.failure import Failure
from docproc.domain.page import PageState
from docproc.domain.reading import Attempt, Spent
from docproc.services.records import (
    OPEN_PAGE_STATES,
    AttachmentPlace,
    Claim,
    Document,
    Preparation,
    PreparedPage,
    WindowClaim,
)
from docproc.storage.changes import (
    change_document,
    end_of_step,
    free_pages,
    held,
    lead_windows_anew,
    move_pages,
    wake,
)
from docproc.storage.columns import JsonColumn
from docproc.storage.database import Database
from docproc.storage.metering import meter
from docproc.storage.rows import ATTEMPTS, AnyRow, attempts_of, document_of, page_failure_json, page_of, page_values
from docproc.storage.tables import DOCUMENTS, PAGES

_DONORS = (
    select(DOCUMENTS)
    .where(
        DOCUMENTS.c.tenant == bindparam("tenant"),
        DOCUMENTS.c.sha256 == bindparam("sha256"),
        DOCUMENTS.c.preparation == bindparam("fingerprint"),
        DOCUMENTS.c.words_key.is_not(None),
        DOCUMENTS.c.pages_failed == 0,
    )
    .limit(1)
)
_FACTS = [column for column in PAGES.c if column is not PAGES.c.failure]


class SqlPageStore:
    """Pages in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_prepared(self, *, tenant: str, sha256: str, fingerprint: str) -> Preparation | None:
        terms = {"tenant": tenant, "sha256": sha256, "fingerprint": fingerprint}
        with self._database.read() as connection:
            donor = connection.execute(_DONORS, terms).first()
            preparation = None if donor is None else _preparation_of(connection, donor)
        if donor is None or preparation is None or len(preparation.pages) != donor.pages_total:
            return None  # it was taken away between the two looks
        return preparation

    def save_preparation(self, claim: Claim, preparation: Preparation, *, seconds: float) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            values = [page_values(page, row) for page in preparation.pages]
            if values:
                connection.execute(insert(PAGES), values)
            changed = change_document(
                connection,
                row,
                to=DocumentState.READING,
                pages=_counts(preparation.pages),
                values={
                    "page_count": preparation.page_count,
                    "preparation": preparation.fingerprint,
                    "words_key": preparation.words_key,
                    "attachments": [asdict(place) for place in preparation.attachments] or None,
                    "seconds": row.seconds + seconds,
                    "stalled": 0,
                    **end_of_step(claim),
                },
            )
            return document_of(changed)

    def pages(
        self, document_id: UUID, *, states: Collection[PageState] | None = None, attempts_of: int = 0
    ) -> Sequence[PreparedPage]:
        with self._database.read() as connection:
            pages = _pages(connection, document_id, states=states)
            told = _attempts(connection, document_id, attempts_of) if attempts_of else {}
        return [_with_attempts(page, told.get(page.facts.number, ())) for page in pages]

    def readers(self, job_id: UUID) -> Mapping[str, int]:
        of_job = select(DOCUMENTS.c.id).where(DOCUMENTS.c.job_id == job_id)
        read = (PAGES.c.document_id.in_(of_job), PAGES.c.state == PageState.READ, PAGES.c.reader.is_not(None))
        statement = select(PAGES.c.reader, func.count()).where(*read).group_by(PAGES.c.reader)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def first_printed(self, document_id: UUID) -> int | None:
        statement = select(func.min(PAGES.c.number)).where(
            PAGES.c.document_id == document_id, PAGES.c.state.not_in((PageState.BLANK, PageState.FAILED))
        )
        with self._database.read() as connection:
            number: int | None = connection.scalar(statement)
        return number

    def fail(
        self, claim: Claim | WindowClaim, number: int, failure: Failure, *, spent: Spent | None = None
    ) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim, numbers=(number,))
            if spent is not None and spent.attempts:
                meter(connection, row, reader=spent.reader, usage=spent.usage, pages=0)
            failed = move_pages(
                connection,
                row.id,
                along=(*OPEN_PAGE_STATES, PageState.FAILED),
                numbers=(number,),
                values={"failure": page_failure_json(failure, spent.earlier if spent is not None else ())},
            )
            lead_windows_anew(connection, row.id)
            counts = {"open": -failed, "failed": failed}
            if row.queue is not None and row.pages_open == failed:  # how it ends is for another task to say
                wake(connection)
            return document_of(change_document(connection, row, pages=counts, values={"stalled": 0}))

    def hand_over(self, claim: Claim | WindowClaim, heads: Mapping[int, int], *, reader: str, queue: str) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim, numbers=tuple(heads))
            if isinstance(claim, WindowClaim):
                free_pages(connection, row.id, tuple(heads), values={"stalled": 0})
            values: dict[str, Any] = {"reader": reader} | ({} if row.queue is None else {"queue": queue})
            for head in set(heads.values()):
                numbers = tuple(number for number in heads if heads[number] == head)
                theirs = (PAGES.c.document_id == row.id, PAGES.c.number.in_(numbers))
                connection.execute(update(PAGES).where(*theirs).values(first_page=head, **values))
            return document_of(change_document(connection, row, values={"stalled": 0}))


def _pages(
    connection: Connection, document_id: UUID, *, states: Collection[PageState] | None = None
) -> list[PreparedPage]:
    statement: Select[Any] = select(*_FACTS, _without_attempts(connection).label("failure")).where(
        PAGES.c.document_id == bindparam("document_id")
    )
    if states is not None:
        statement = statement.where(PAGES.c.state.in_(states))
    statement = statement.order_by(PAGES.c.number)
    return [page_of(row) for row in connection.execute(statement, {"document_id": document_id})]


def _without_attempts(connection: Connection) -> ColumnElement[Any]:
    """Why a page failed, and not what models answered: that may be long, and few ask for it."""
    if connection.dialect.name == "sqlite":
        return func.json_remove(PAGES.c.failure, f"$.{ATTEMPTS}", type_=JsonColumn)
    return type_coerce(type_coerce(PAGES.c.failure, JSONB).op("-")(cast(ATTEMPTS, Text)), JsonColumn)


def _attempts(connection: Connection, document_id: UUID, limit: int) -> Mapping[int, tuple[Attempt, ...]]:
    if connection.dialect.name == "sqlite":
        is_told = func.json_type(PAGES.c.failure, f"$.{ATTEMPTS}").is_not(None)
    else:
        is_told = type_coerce(PAGES.c.failure, JSONB).has_key(ATTEMPTS)
    told = select(PAGES.c.number, PAGES.c.failure).where(
        PAGES.c.document_id == document_id, PAGES.c.state == PageState.FAILED, is_told
    )
    rows = connection.execute(told.order_by(PAGES.c.number).limit(limit))
    return {row.number: attempts_of(row.failure) for row in rows}


def _with_attempts(page: PreparedPage, attempts: tuple[Attempt, ...]) -> PreparedPage:
    return replace(page, facts=page.facts.model_copy(update={"attempts": attempts})) if attempts else page


def _counts(pages: Sequence[PreparedPage]) -> dict[str, int]:
    counts = {"total": len(pages), "open": 0}
    for page in pages:
        name = "open" if page.state in OPEN_PAGE_STATES else page.state.value
        counts[name] = counts.get(name, 0) + 1
    return counts


def _preparation_of(connection: Connection, donor: AnyRow) -> Preparation:
    return Preparation(
        fingerprint=donor.preparation,
        page_count=donor.page_count,
        words_key=donor.words_key,
        attachments=tuple(AttachmentPlace(**place) for place in donor.attachments or ()),
        pages=tuple(_unread(page) for page in _pages(connection, donor.id)),
    )


def _unread(page: PreparedPage) -> PreparedPage:
    page = replace(page, first_page=None, attempt=0)
    if page.state is PageState.BLANK:
        return page
    facts: dict[str, Any] = {"state": PageState.WAITING, "reader": None}
    return replace(page, facts=page.facts.model_copy(update=facts), failure=None)
