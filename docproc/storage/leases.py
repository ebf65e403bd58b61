"""Leases that workers take, renew and lose; knows nothing of what the work is."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Update,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
    update,
)

from docproc.domain.document import DocumentState
from docproc.domain.errand import ErrandState
from docproc.domain.failure import Failure
from docproc.domain.page import PageState
from docproc.services.records import Claim, Document, WindowClaim
from docproc.services.work_records import NEXT_STEP, Held
from docproc.storage.changes import PUT_OFF, change_document, end_document, free_pages, held, pages_in_hand
from docproc.storage.columns import UtcDateTime
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED, release_document, spent, take_document
from docproc.storage.errands import let_go_errands
from docproc.storage.rows import AnyRow, document_of, page_of
from docproc.storage.service_tables import DELIVERIES, EXPORTS
from docproc.storage.tables import DOCUMENTS, PAGES

_DOCUMENT = select(DOCUMENTS).where(DOCUMENTS.c.id == bindparam("document_id"))
_TAKE_PAGES = (
    update(PAGES)
    .where(
        PAGES.c.document_id == bindparam("of"),
        PAGES.c.first_page == bindparam("window"),
        PAGES.c.state.in_((PageState.WAITING, PageState.QUEUED)),
        PAGES.c.queue.is_not(None),
    )
    .values(
        state=PageState.LEASED,
        lease_owner=bindparam("owner"),
        lease_expires_at=bindparam("until", type_=UtcDateTime),
        queued_at=None,
        attempt=PAGES.c.attempt + 1,
        stalled=PAGES.c.stalled + 1,
    )
    .returning(PAGES)
)


def _extending(table: Table, *mine: ColumnElement[bool]) -> Update:
    """What is locked is just being finished; waiting for it while others are locked could end in a deadlock."""
    key = tuple_(*table.primary_key.columns)
    rows = select(*table.primary_key.columns).where(*mine).with_for_update(skip_locked=True)
    return update(table).where(key.in_(rows)).values(lease_expires_at=bindparam("until", type_=UtcDateTime))


_EXTEND_WHOLE = [
    _extending(table, table.c.lease_owner == bindparam("owner"), table.c.id.in_(bindparam("ids", expanding=True)))
    for table in (DOCUMENTS, EXPORTS, DELIVERIES)
]
_EXTEND_PAGES = _extending(
    PAGES,
    PAGES.c.lease_owner == bindparam("owner"),
    PAGES.c.state == PageState.LEASED,
    tuple_(PAGES.c.document_id, PAGES.c.first_page).in_(bindparam("windows", expanding=True)),
)

#: in one statement, for every process asks more than twice a second
_STANDING = union_all(
    select(DOCUMENTS.c.id, literal_column("0")).where(DOCUMENTS.c.lease_owner == bindparam("owner")),
    *(
        select(table.c.id, literal_column("0")).where(
            table.c.lease_owner == bindparam("owner"), table.c.state == ErrandState.LEASED
        )
        for table in (EXPORTS, DELIVERIES)
    ),
    select(PAGES.c.document_id, PAGES.c.first_page).where(
        PAGES.c.lease_owner == bindparam("owner"), PAGES.c.state == PageState.LEASED
    ),
)


class SqlLeaseStore:
    """Leases in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim_document(self, document_id: UUID, *, owner: str, lease_s: float) -> Claim | None:
        with self._database.write() as connection:
            row = connection.execute(_DOCUMENT.with_for_update(), {"document_id": document_id}).first()
            if row is None or row.queue is None or row.lease_owner is not None or row.state not in NEXT_STEP:
                return None
            if row.state is DocumentState.READING and row.pages_open:  # its pages are leased, one window at a time
                return None
            now = self._database.now(connection)
            if row.stalled >= MAX_STALLED:
                end_document(connection, row, to=DocumentState.FAILED, now=now, failure=spent(row.state))
                return None
            until = now + timedelta(seconds=lease_s)
            return take_document(connection, row, owner=owner, now=now, expires_at=until, one_step=True)

    def claim_window(self, document_id: UUID, first_page: int, *, owner: str, lease_s: float) -> WindowClaim | None:
        with self._database.write() as connection:
            # the document first, as everybody locks
            document = connection.execute(_DOCUMENT.with_for_update(), {"document_id": document_id}).first()
            if document is None or document.state is not DocumentState.READING:
                return None
            until = self._database.now(connection) + timedelta(seconds=lease_s)
            terms = {"of": document_id, "window": first_page, "owner": owner, "until": until}
            pages = sorted(map(page_of, connection.execute(_TAKE_PAGES, terms)), key=lambda page: page.facts.number)
            if not pages:
                return None
            return WindowClaim(document=document_of(document), owner=owner, pages=tuple(pages))

    def extend(self, owner: str, in_hand: Collection[Held], *, lease_s: float) -> None:
        ids = [each.id for each in in_hand if not each.first_page]
        windows = [(each.id, each.first_page) for each in in_hand if each.first_page]
        statements: list[tuple[Update, Mapping[str, Any]]] = [
            (extending, {"ids": ids}) for extending in _EXTEND_WHOLE if ids
        ]
        if windows:
            statements.append((_EXTEND_PAGES, {"windows": windows}))
        for extending, terms in statements:
            with self._database.write() as connection:
                until = self._database.now(connection) + timedelta(seconds=lease_s)
                connection.execute(extending, {"owner": owner, "until": until, **terms})

    def pass_on(self, claim: Claim | WindowClaim, failure: Failure) -> Document:
        with self._database.write() as connection:
            row = held(connection, claim)
            if isinstance(claim, WindowClaim):
                numbers = pages_in_hand(connection, claim)
                mine = (PAGES.c.document_id == row.id, PAGES.c.number.in_(numbers))
                stalled = connection.scalar(select(func.max(PAGES.c.stalled)).where(*mine)) or 0
            else:
                numbers, stalled = frozenset(), row.stalled
            if stalled >= MAX_STALLED:
                now = self._database.now(connection)
                return document_of(end_document(connection, row, to=DocumentState.FAILED, now=now, failure=failure))
            if numbers:
                free_pages(connection, row.id, numbers, values={})
                return document_of(row)
            return document_of(release_document(connection, row, stalled=row.stalled))

    def put_off(self, claim: Claim, *, for_s: float) -> None:
        with self._database.write() as connection:
            row = held(connection, claim)
            until = self._database.now(connection) + timedelta(seconds=for_s)
            # like a lease that nobody renews: it expires by itself, and no worker is busy waiting for that
            # this attempt alone is given back: what killed the workers of earlier ones counts on
            values = {"lease_owner": PUT_OFF, "lease_expires_at": until, "stalled": max(row.stalled - 1, 0)}
            change_document(connection, row, values=values)

    def resting(self, job_id: UUID) -> int:
        mine = (DOCUMENTS.c.job_id == job_id, DOCUMENTS.c.lease_owner == PUT_OFF)
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(DOCUMENTS).where(*mine)) or 0

    def let_go(self, owner: str) -> int:
        with self._database.write() as connection:
            count = let_go_errands(connection, owner)
        for document_id in {each.id for each in self.standing(owner)}:
            with self._database.write() as connection:
                # the document first, as everybody locks
                row = connection.execute(_DOCUMENT.with_for_update(), {"document_id": document_id}).first()
                if row is not None:
                    _let_go(connection, row, owner)
                    count += 1
        return count

    def standing(self, owner: str) -> frozenset[Held]:
        with self._database.read() as connection:
            return frozenset(
                Held(id=row[0], first_page=row[1]) for row in connection.execute(_STANDING, {"owner": owner})
            )


def _let_go(connection: Connection, document: AnyRow, owner: str) -> None:
    if document.lease_owner == owner:
        release_document(connection, document, stalled=0)
    mine = (PAGES.c.document_id == document.id, PAGES.c.lease_owner == owner, PAGES.c.state == PageState.LEASED)
    windows: dict[int, list[int]] = defaultdict(list)
    for number, head in connection.execute(select(PAGES.c.number, PAGES.c.first_page).where(*mine)):
        windows[head].append(number)
    for numbers in windows.values():
        free_pages(connection, document.id, numbers, values={"stalled": 0})
