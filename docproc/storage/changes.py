"""The one way in which a document's row changes: fenced, along its transitions, counts in the same transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Integer,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    text,
    tuple_,
    update,
)

from docproc.domain.document import DocumentState
from docproc.domain.errors import LeaseLostError
from docproc.domain.failure import Failure
from docproc.domain.ids import new_id
from docproc.domain.page import PageState
from docproc.domain.states import DOCUMENT_TRANSITIONS, FINAL_DOCUMENT_STATES, PAGE_TRANSITIONS, require_transition
from docproc.services.records import OPEN_PAGE_STATES, Claim, WindowClaim
from docproc.storage.rows import AnyRow, document_counts, failure_json
from docproc.storage.service_tables import DELIVERIES, EVENTS, WEBHOOKS
from docproc.storage.tables import DOCUMENTS, JOBS, PAGES, READINGS

OPEN_DOCUMENT_STATES = tuple(state for state in DocumentState if state not in FINAL_DOCUMENT_STATES)

#: holds what is to rest for a while: nobody works on it
PUT_OFF = "put off"
NO_LEASE: Mapping[str, Any] = {"lease_owner": None, "lease_expires_at": None}
#: what is neither with the broker nor with a worker
AT_REST: Mapping[str, Any] = {**NO_LEASE, "queued_at": None}

#: a document before its preparation
UNPREPARED: Mapping[str, Any] = {"words_key": None, "attachments": None, "preparation": None, "page_count": None}

#: whoever hands out work listens here
CHANNEL = "docproc_due"
_NOTIFY = text(f"NOTIFY {CHANNEL}")
_DUE = (DocumentState.RECEIVED, DocumentState.READING, DocumentState.ASSEMBLING)


_HELD = (
    select(DOCUMENTS)
    .where(
        DOCUMENTS.c.id == bindparam("document_id"),
        DOCUMENTS.c.attempt == bindparam("held_attempt"),
        DOCUMENTS.c.lease_owner == bindparam("owner"),
    )
    .with_for_update()
)


def held(connection: Connection, claim: Claim | WindowClaim, *, numbers: Collection[int] | None = None) -> AnyRow:
    """The claimed document's row, locked. Raises LeaseLostError when the claim no longer stands.

    Args:
        connection: in a transaction that may write.
        claim: of the document, or of some of its pages.
        numbers: of a claim of pages those that must stand; None: any, for what is done is done.
    """
    if isinstance(claim, WindowClaim):
        return _held_window(connection, claim, numbers)
    terms = {"document_id": claim.document.id, "held_attempt": claim.attempt, "owner": claim.owner}
    row = connection.execute(_HELD, terms).first()
    if row is None:
        raise LeaseLostError
    return row


_LOCKED = select(DOCUMENTS).where(DOCUMENTS.c.id == bindparam("document_id")).with_for_update()
_HELD_PAGES = select(PAGES.c.number).where(
    PAGES.c.document_id == bindparam("document_id"),
    PAGES.c.lease_owner == bindparam("owner"),
    tuple_(PAGES.c.number, PAGES.c.attempt).in_(bindparam("attempts", expanding=True)),
)


def _held_window(connection: Connection, claim: WindowClaim, numbers: Collection[int] | None) -> AnyRow:
    """The document first, as everybody locks: then its pages cannot change meanwhile."""
    row = connection.execute(_LOCKED, {"document_id": claim.document.id}).first()
    if row is None or row.state is not DocumentState.READING or row.words_key != claim.document.words_key:
        raise LeaseLostError
    still = pages_in_hand(connection, claim)
    if not still or not still.issuperset(still if numbers is None else numbers):
        raise LeaseLostError
    return row


def pages_in_hand(connection: Connection, claim: WindowClaim) -> frozenset[int]:
    """Numbers of the claimed pages that are neither read nor failed nor lost yet; their document is locked."""
    attempts = [(page.facts.number, page.attempt) for page in claim.pages]
    terms = {"document_id": claim.document.id, "owner": claim.owner, "attempts": attempts}
    return frozenset(connection.scalars(_HELD_PAGES, terms))


def end_of_step(claim: Claim | WindowClaim) -> Mapping[str, Any]:
    """What the end of a step changes besides: the lease ends when it was for this step alone."""
    return NO_LEASE if isinstance(claim, Claim) and claim.one_step else {}


def wake(connection: Connection) -> None:
    """Tell who hands out work, at commit, that there is some. An embedded database has nobody to tell."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


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
        own = {"queued_at": None, **own, "state": to}  # a message that is still out is about the step before
        job_counts |= {f"documents_{row.state}": -1, f"documents_{to}": 1}
        if FINAL_DOCUMENT_STATES & {row.state, to}:
            job_counts["events"] = 1
        if to in _DUE and row.queue is not None:
            wake(connection)
    if job_counts:
        statement = _changing(JOBS, (), tuple(job_counts)).returning(*_JOB_FACTS)
        job = connection.execute(statement, {"row_id": row.job_id, **_terms({}, job_counts)}).one()
        if "events" in job_counts:
            _tell(connection, job, f"document.{own['state']}", document_id=row.id)
            finish_job(connection, job)
    statement = _changing(DOCUMENTS, tuple(own), tuple(counts)).returning(DOCUMENTS)
    return connection.execute(statement, {"row_id": row.id, **_terms(own, counts)}).one()


@lru_cache(maxsize=256)
def _changing(table: Table, columns: tuple[str, ...], counters: tuple[str, ...]) -> Update:
    """Sets columns and adds to counters of one row. Kept, for building a statement costs more than running it."""
    values: dict[Any, Any] = {table.c[name]: bindparam(f"new_{name}") for name in columns}
    added = {table.c[name]: table.c[name] + bindparam(f"add_{name}", type_=Integer) for name in counters}
    return update(table).where(table.c.id == bindparam("row_id")).values({**values, **added})


def _tell(connection: Connection, job: AnyRow, kind: str, *, document_id: UUID | None = None) -> None:
    """An event of a job, whose row is locked and has its number already."""
    values = {"job_id": job.id, "number": job.events, "kind": kind, "document_id": document_id}
    connection.execute(_EVENT, values)
    terms = {"job": job.id, "number": job.events, "kind": kind, "tenant": job.tenant}
    if connection.dialect.name == "postgresql":
        connection.execute(_DELIVER, terms)
        return
    wanting = connection.execute(_WANTING, {"tenant": job.tenant, "job": job.id}).all()
    now = datetime.now(UTC)
    about = {"tenant": job.tenant, "job_id": job.id, "event_number": job.events, "due_at": now, "created_at": now}
    due = [row.id for row in wanting if not row.kinds or kind in row.kinds]
    rows = [{"id": new_id(), "webhook_id": webhook_id, "state": "waiting", **about} for webhook_id in due]
    if rows:
        connection.execute(insert(DELIVERIES), rows)


def tell_of_document(connection: Connection, row: AnyRow, kind: str) -> None:
    """An event of a document, whose row is locked and whose state it does not change."""
    counted = update(JOBS).where(JOBS.c.id == row.job_id).values(events=JOBS.c.events + 1)
    _tell(connection, connection.execute(counted.returning(*_JOB_FACTS)).one(), kind, document_id=row.id)


_JOB_FACTS = tuple(
    JOBS.c[name]
    for name in (
        "id",
        "tenant",
        "events",
        "submitted_at",
        "finished_at",
        *(f"documents_{state}" for state in DocumentState),
    )
)
_DELIVER = text("""
    INSERT INTO deliveries (id, webhook_id, tenant, job_id, event_number, state, due_at, created_at)
    SELECT gen_random_uuid(), id, tenant, :job, :number, 'waiting', clock_timestamp(), clock_timestamp()
    FROM webhooks WHERE (tenant = :tenant AND job_id IS NULL OR job_id = :job)
        AND disabled_at IS NULL AND (kinds = '[]'::jsonb OR jsonb_exists(kinds, :kind))
""")
#: the same in two steps, where a text of kinds cannot be looked into
_WANTING = select(WEBHOOKS.c.id, WEBHOOKS.c.kinds).where(
    or_(
        (WEBHOOKS.c.tenant == bindparam("tenant")) & WEBHOOKS.c.job_id.is_(None), WEBHOOKS.c.job_id == bindparam("job")
    ),
    WEBHOOKS.c.disabled_at.is_(None),
)
#: by the database's own clock, without asking for it first
_EVENT = insert(EVENTS).values(happened_at=func.now())


def finish_job(connection: Connection, job: AnyRow) -> None:
    """Say that a job is finished when its last document is, and when it is open again."""
    done = job.submitted_at is not None and not document_counts(job).open
    if done is (job.finished_at is not None):
        return
    values = {"finished_at": func.now() if done else null(), "events": JOBS.c.events + 1}
    changed = connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(values).returning(*_JOB_FACTS)).one()
    _tell(connection, changed, f"job.{document_counts(job).job_state}")


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
    values = {**AT_REST, **(values or {})}
    statement = _moving_pages(tuple(values), every=numbers is None)
    terms = {"document": document_id, "before": along[:-1], "new_state": along[-1], **_terms(values, {})}
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


def free_pages(
    connection: Connection, document_id: UUID, numbers: Collection[int], *, values: Mapping[str, Any]
) -> None:
    """End the leases of pages that were not read. What is left of their window is a window: its head may be done."""
    along = (PageState.LEASED, PageState.WAITING)
    move_pages(connection, document_id, along=along, numbers=numbers, values={"first_page": min(numbers), **values})
    wake(connection)


def lead_windows_anew(connection: Connection, document_id: UUID) -> None:
    """Let the first page that waits of every window lead it: the one that did may have failed alone.

    A head that is with the broker waits too, and still leads its window.
    """
    mine = (PAGES.c.document_id == document_id, PAGES.c.state.in_((PageState.WAITING, PageState.QUEUED)))
    heads = select(PAGES.c.first_page, func.min(PAGES.c.number).label("head")).where(*mine)
    for window, head in connection.execute(heads.group_by(PAGES.c.first_page)).all():
        if head != window:
            statement = update(PAGES).where(*mine, PAGES.c.first_page == window)
            connection.execute(statement.values(first_page=head))


_EACH_ALONE = (
    update(PAGES)
    .where(PAGES.c.document_id == bindparam("of"), PAGES.c.number.in_(bindparam("numbers", expanding=True)))
    .values(first_page=PAGES.c.number)
)


def each_alone(connection: Connection, document_id: UUID, numbers: Collection[int]) -> None:
    """Let every page be a window of its own, so that no page suffers for another."""
    connection.execute(_EACH_ALONE, {"of": document_id, "numbers": tuple(numbers)})


def drop_preparation(connection: Connection, row: AnyRow) -> dict[str, int]:
    """Delete a document's pages and readings; returns what that does to the counts."""
    connection.execute(delete(PAGES).where(PAGES.c.document_id == row.id))
    connection.execute(delete(READINGS).where(READINGS.c.document_id == row.id))
    names = ("total", "read", "blank", "failed", "canceled", "open")
    return {name: -getattr(row, f"pages_{name}") for name in names}


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
            **AT_REST,
            "attempt": row.attempt + (row.lease_owner is None),
            "failure": failure_json(failure),
            "finished_at": now,
            "stalled": 0,
            "seconds": row.seconds + seconds,
        },
    )
