"""The one way in which a document's row changes: fenced, along its transitions, counts in the same transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Integer, Table, Update, bindparam, select, update

from docproc.domain.document import DocumentState
from docproc.domain.errors import LeaseLostError
from docproc.domain.failure import Failure
from docproc.domain.page import PageState
from docproc.domain.states import DOCUMENT_TRANSITIONS, FINAL_DOCUMENT_STATES, PAGE_TRANSITIONS, require_transition
from docproc.services.records import Claim
from docproc.storage.rows import AnyRow, failure_json
from docproc.storage.tables import DOCUMENTS, JOBS, PAGES

OPEN_DOCUMENT_STATES = tuple(state for state in DocumentState if state not in FINAL_DOCUMENT_STATES)
OPEN_PAGE_STATES = (PageState.WAITING, PageState.QUEUED, PageState.LEASED)

NO_LEASE: Mapping[str, Any] = {"lease_owner": None, "lease_expires_at": None}


_HELD = (
    select(DOCUMENTS)
    .where(
        DOCUMENTS.c.id == bindparam("document_id"),
        DOCUMENTS.c.attempt == bindparam("held_attempt"),
        DOCUMENTS.c.lease_owner == bindparam("owner"),
    )
    .with_for_update()
)


def held(connection: Connection, claim: Claim) -> AnyRow:
    """The claimed document's row, locked. Raises LeaseLostError when the claim's attempt no longer stands."""
    terms = {"document_id": claim.document.id, "held_attempt": claim.attempt, "owner": claim.owner}
    row = connection.execute(_HELD, terms).first()
    if row is None:
        raise LeaseLostError
    return row


def change_document(
    connection: Connection,
    row: AnyRow,
    *,
    to: DocumentState | None = None,
    pages: Mapping[str, int] | None = None,
    values: Mapping[str, Any] | None = None,
) -> AnyRow:
    """Move a document to another state and add to its page counts (`{"open": -1, "read": 1}`), and its job's too.

    Returns the row as it is now.
    """
    own = dict(values or {})
    counts = {f"pages_{name}": count for name, count in (pages or {}).items() if count}
    job_counts = dict(counts)
    if to is not None and to is not row.state:
        require_transition(DOCUMENT_TRANSITIONS, row.state, to)
        own["state"] = to
        job_counts |= {f"documents_{row.state}": -1, f"documents_{to}": 1}
    if job_counts:
        statement = _changing(JOBS, (), tuple(job_counts))
        connection.execute(statement, {"row_id": row.job_id, **_terms({}, job_counts)})
    statement = _changing(DOCUMENTS, tuple(own), tuple(counts)).returning(DOCUMENTS)
    return connection.execute(statement, {"row_id": row.id, **_terms(own, counts)}).one()


@lru_cache(maxsize=256)
def _changing(table: Table, columns: tuple[str, ...], counters: tuple[str, ...]) -> Update:
    """Sets columns and adds to counters of one row. Kept, for building a statement costs more than running it."""
    values: dict[Any, Any] = {table.c[name]: bindparam(f"new_{name}") for name in columns}
    added = {table.c[name]: table.c[name] + bindparam(f"add_{name}", type_=Integer) for name in counters}
    return update(table).where(table.c.id == bindparam("row_id")).values({**values, **added})


def _terms(values: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()} | {
        f"add_{name}": count for name, count in counts.items()
    }


def move_pages(
    connection: Connection,
    document_id: UUID,
    *,
    along: Sequence[PageState],
    numbers: Collection[int] | None = None,
    values: Mapping[str, Any] | None = None,
) -> int:
    """Bring pages that are in any but the last state of `along` to that last state; returns how many.

    Each state of `along` must lead to the next: a document's lease covers its pages, so a worker may lease a page and
    end it in one transaction.
    """
    for state, following in pairwise(along):
        require_transition(PAGE_TRANSITIONS, state, following)
    statement = _moving_pages(tuple(values or ()), every=numbers is None)
    terms = {"document": document_id, "before": along[:-1], "new_state": along[-1], **_terms(values or {}, {})}
    if numbers is not None:
        terms["numbers"] = tuple(numbers)
    return connection.execute(statement, terms).rowcount


@lru_cache(maxsize=32)
def _moving_pages(columns: tuple[str, ...], *, every: bool) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("state", *columns)}
    mine = PAGES.c.document_id == bindparam("document")
    statement = update(PAGES).where(mine, PAGES.c.state.in_(bindparam("before", expanding=True)))
    if not every:
        statement = statement.where(PAGES.c.number.in_(bindparam("numbers", expanding=True)))
    return statement.values(values)


def end_document(
    connection: Connection,
    row: AnyRow,
    *,
    to: DocumentState,
    now: datetime,
    failure: Failure | None = None,
    seconds: float = 0.0,
) -> AnyRow:
    """Fail or cancel a document, and with it every page that is still open; a late worker is fenced off."""
    page_state = PageState.FAILED if to is DocumentState.FAILED else PageState.CANCELED
    ended = 0
    if row.pages_open:
        values = {"failure": failure_json(failure)}
        ended = move_pages(connection, row.id, along=(*OPEN_PAGE_STATES, page_state), values=values)
    return change_document(
        connection,
        row,
        to=to,
        pages={"open": -ended, page_state.value: ended},
        values={
            **NO_LEASE,
            "attempt": row.attempt + (row.lease_owner is None),
            "failure": failure_json(failure),
            "finished_at": now,
            "stalled": 0,
            "seconds": row.seconds + seconds,
        },
    )
