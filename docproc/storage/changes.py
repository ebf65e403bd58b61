"""The one way in which a document's row changes: fenced, along its transitions, counts in the same transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
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
) -> AnyRow:
    """Move a document to another state and add to its page counts (`{"open": -1, "read": 1}`), and its job's too.

    Returns the row as it is now.
    """
    own: dict[str, Any] = dict(values or {})
    jobs: dict[str, Any] = {}
    for name, count in (pages or {}).items():
        if count:
            column = f"pages_{name}"
            own[column] = DOCUMENTS.c[column] + count
            jobs[column] = JOBS.c[column] + count
    if to is not None and to is not row.state:
        require_transition(DOCUMENT_TRANSITIONS, row.state, to)
        own["state"] = to
        jobs[f"documents_{row.state}"] = JOBS.c[f"documents_{row.state}"] - 1
        jobs[f"documents_{to}"] = JOBS.c[f"documents_{to}"] + 1
    if jobs:
        connection.execute(update(JOBS).where(JOBS.c.id == row.job_id).values(jobs))
    if not own:
        return row
    return connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.id == row.id).values(own).returning(DOCUMENTS)).one()


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
    *before, after = along
    for state, following in pairwise(along):
        require_transition(PAGE_TRANSITIONS, state, following)
    statement = update(PAGES).where(PAGES.c.document_id == document_id, PAGES.c.state.in_(before))
    if numbers is not None:
        statement = statement.where(PAGES.c.number.in_(numbers))
    return connection.execute(statement.values({"state": after, **(values or {})})).rowcount


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
