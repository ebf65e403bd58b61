"""The one way in which a document's row changes: fenced, along its transitions, counts in the same transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

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


def held(connection: Connection, claim: Claim) -> AnyRow:
    """The claimed document's row, locked. Raises LeaseLostError when the claim's attempt no longer stands."""
    row = connection.execute(
        select(DOCUMENTS)
        .where(
            DOCUMENTS.c.id == claim.document.id,
            DOCUMENTS.c.attempt == claim.attempt,
            DOCUMENTS.c.lease_owner == claim.owner,
        )
        .with_for_update()
    ).first()
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
) -> None:
    """Move a document to another state and add to its page counts (`{"open": -1, "read": 1}`), and its job's too."""
    own: dict[str, Any] = dict(values or {})
    jobs: dict[str, Any] = {}
    for name, count in (pages or {}).items():
        column = f"pages_{name}"
        own[column] = DOCUMENTS.c[column] + count
        jobs[column] = JOBS.c[column] + count
    if to is not None and to is not row.state:
        require_transition(DOCUMENT_TRANSITIONS, row.state, to)
        own["state"] = to
        jobs[f"documents_{row.state}"] = JOBS.c[f"documents_{row.state}"] - 1
        jobs[f"documents_{to}"] = JOBS.c[f"documents_{to}"] + 1
    if own:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.id == row.id).values(own))
    if jobs:
        connection.execute(update(JOBS).where(JOBS.c.id == row.job_id).values(jobs))


def move_pages(
    connection: Connection,
    document_id: UUID,
    *,
    before: Collection[PageState],
    after: PageState,
    numbers: Collection[int] | None = None,
    failure: Failure | None = None,
) -> int:
    """Move pages of a document that are in one of the states `before`; returns how many."""
    for state in before:
        require_transition(PAGE_TRANSITIONS, state, after)
    statement = update(PAGES).where(PAGES.c.document_id == document_id, PAGES.c.state.in_(before))
    if numbers is not None:
        statement = statement.where(PAGES.c.number.in_(numbers))
    return connection.execute(statement.values(state=after, failure=failure_json(failure))).rowcount


def end_document(
    connection: Connection,
    row: AnyRow,
    *,
    to: DocumentState,
    now: datetime,
    failure: Failure | None = None,
    seconds: float = 0.0,
) -> None:
    """Fail or cancel a document, and with it every page that is still open; a late worker is fenced off."""
    page_state = PageState.FAILED if to is DocumentState.FAILED else PageState.CANCELED
    ended = 0
    if row.pages_open:
        ended = move_pages(connection, row.id, before=OPEN_PAGE_STATES, after=page_state, failure=failure)
    change_document(
        connection,
        row,
        to=to,
        pages={"open": -ended, page_state.value: ended} if ended else None,
        values={
            **NO_LEASE,
            "attempt": row.attempt + (row.lease_owner is None),
            "failure": failure_json(failure),
            "finished_at": now,
            "stalled": 0,
            "seconds": row.seconds + seconds,
        },
    )
