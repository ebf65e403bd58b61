"""Holds and retention in a database, of jobs and of the ledger of watched places; knows no blob."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, text, update

from docproc.domain.errors import ConflictError, HeldError, NotFoundError
from docproc.domain.ids import new_id
from docproc.services.keeping import Hold
from docproc.services.ledger_records import EntryState
from docproc.storage.database import Database
from docproc.storage.ledger_table import WATCHED_FILES
from docproc.storage.locks import lock_alone
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import HOLDS, TENANTS
from docproc.storage.tables import JOBS
from docproc.storage.tenants import require_tenant

#: whoever deletes may have died when it took so long
_DELETED_WITHIN = timedelta(hours=1)
#: how long the ledger of a watched place remembers what no longer lies there, where nobody said
_LEDGER_DAYS = 365
_FILES = WATCHED_FILES.c
# as the partial indexes say it
_FINISHED, _UNFINISHED = text("jobs.finished_at IS NOT NULL"), text("jobs.finished_at IS NULL")


class SqlKeepingStore:
    """Holds, and jobs that were kept for long enough."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, tenant: str, *, job_id: UUID | None, reason: str, by: str) -> UUID:
        hold_id = new_id()
        with self._database.write() as connection:
            require_tenant(connection, tenant)
            _one_at_a_time(connection, tenant)
            if job_id is not None:
                _refuse_while_deleted(connection, job_id, tenant)
            placed = {"placed_by": by, "placed_at": self._database.now(connection)}
            values = {"id": hold_id, "tenant": tenant, "job_id": job_id, "reason": reason, **placed}
            connection.execute(insert(HOLDS).values(values))
        return hold_id

    def lift(self, hold_id: UUID, *, tenant: str, by: str) -> None:
        mine = (HOLDS.c.id == hold_id, HOLDS.c.tenant == tenant, HOLDS.c.lifted_at.is_(None))
        with self._database.write() as connection:
            lifted = {"lifted_by": by, "lifted_at": self._database.now(connection)}
            if not connection.execute(update(HOLDS).where(*mine).values(lifted)).rowcount:
                raise NotFoundError(f"there is no hold {hold_id} that stands")

    def holds(self, tenant: str) -> Sequence[Hold]:
        statement = select(HOLDS).where(HOLDS.c.tenant == tenant)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(HOLDS.c.placed_at.desc(), HOLDS.c.id.desc()))
            return [_hold_of(row) for row in rows]

    def keep_for(self, job_id: UUID, *, tenant: str, days: int | None) -> None:
        mine = (JOBS.c.id == job_id, JOBS.c.tenant == tenant)
        with self._database.write() as connection:
            if not connection.execute(update(JOBS).where(*mine).values(keep_days=days)).rowcount:
                raise NotFoundError(f"there is no job {job_id}")

    def expired(self, tenant: str, *, limit: int) -> Sequence[UUID]:
        with self._database.read() as connection:
            now = self._database.now(connection)
            days = connection.scalar(select(TENANTS.c.keep_days).where(TENANTS.c.name == tenant))
            mine, free = JOBS.c.tenant == tenant, ~select(HOLDS.c.id).where(_stands(tenant, JOBS.c.id)).exists()
            begun = select(JOBS.c.id).where(mine, JOBS.c.deleting_at < now - _DELETED_WITHIN).limit(limit)
            found: list[UUID] = list(connection.scalars(begun))
            # a term at a time: each is a range of one index
            for over in _finished_before(connection, tenant, days, now):
                statement = select(JOBS.c.id).where(mine, _FINISHED, over, free).limit(limit - len(found))
                found += connection.scalars(statement)
            canceled = select(JOBS).where(mine, _UNFINISHED, JOBS.c.cancel_requested_at.is_not(None), free)
            found += [row.id for row in connection.execute(canceled) if _canceled_long_ago(row, days, now)]
            return list(dict.fromkeys(found))[:limit]

    def forget_watched(self, tenant: str, *, limit: int, days: float | None = None) -> int:
        newer = WATCHED_FILES.alias("newer")
        same_place = [newer.c[name] == _FILES[name] for name in ("tenant", "place")]
        is_replaced = exists().where(
            *same_place,
            newer.c.path_hash == _FILES.path_hash,
            newer.c.standing,
            newer.c.id > _FILES.id,
            newer.c.finished_at.is_not(None),
            # that one is the same version, and says nothing of its own
            newer.c.state != EntryState.KNOWN,
        )
        with self._database.write() as connection:
            if days is None:
                days = connection.scalar(select(TENANTS.c.keep_days).where(TENANTS.c.name == tenant)) or _LEDGER_DAYS
            before = self._database.now(connection) - timedelta(days=days)
            statement = select(_FILES.id).where(
                _FILES.tenant == tenant,
                _FILES.finished_at < before,
                # a place without a row is a new one, whose folders would be made where a share is not connected
                exists().where(*same_place, newer.c.id > _FILES.id),
                # what lies there and is forgotten would be taken again
                or_(~_FILES.standing, is_replaced),
                ~select(HOLDS.c.id).where(_stands(tenant, _FILES.job_id)).exists(),
            )
            ids = list(connection.scalars(statement.limit(limit)))
            connection.execute(delete(WATCHED_FILES).where(_FILES.id.in_(ids)))
            return len(ids)


def _finished_before(
    connection: Connection, tenant: str, days: int | None, now: datetime
) -> Iterator[ColumnElement[bool]]:
    if days is not None:
        yield and_(JOBS.c.keep_days.is_(None), JOBS.c.finished_at < now - timedelta(days=days))
    # from one time to the next along the index: there are few, of however many jobs
    own, further = 0, select(func.min(JOBS.c.keep_days)).where(JOBS.c.tenant == tenant, _FINISHED)
    while (longer := connection.scalar(further.where(JOBS.c.keep_days > own))) is not None:
        own = longer
        yield and_(JOBS.c.keep_days == own, JOBS.c.finished_at < now - timedelta(days=own))


def _canceled_long_ago(job: AnyRow, days: int | None, now: datetime) -> bool:
    """Of a job that was canceled before it was all handed in, and never finished."""
    kept = days if job.keep_days is None else job.keep_days
    return kept is not None and job.cancel_requested_at < now - timedelta(days=kept)


def refuse_while_held(connection: Connection, job: AnyRow) -> None:
    """Raises HeldError; whoever places a hold waits until this transaction is over, and then finds the job closed."""
    _one_at_a_time(connection, job.tenant)
    hold = connection.execute(select(HOLDS).where(_stands(job.tenant, job.id)).limit(1)).first()
    if hold is not None and job.deleting_at is None:
        raise HeldError(
            f"the hold {hold.id} of {hold.placed_at:%Y-%m-%d} forbids that the job is deleted: lift it first"
        )


def _stands(tenant: str, job_id: "UUID | ColumnElement[UUID] | ColumnElement[UUID | None]") -> ColumnElement[bool]:
    return and_(
        HOLDS.c.tenant == tenant,
        HOLDS.c.lifted_at.is_(None),
        or_(HOLDS.c.job_id.is_(None), HOLDS.c.job_id == job_id),
    )


def _one_at_a_time(connection: Connection, tenant: str) -> None:
    lock_alone(connection, f"holds/{tenant}")


def _refuse_while_deleted(connection: Connection, job_id: UUID, tenant: str) -> None:
    job = connection.execute(select(JOBS).where(JOBS.c.id == job_id, JOBS.c.tenant == tenant)).first()
    if job is None:
        raise NotFoundError(f"there is no job {job_id}")
    if job.deleting_at is not None:
        raise ConflictError("the job is being deleted: a hold comes too late")


def _hold_of(row: AnyRow) -> Hold:
    return Hold(
        id=row.id,
        tenant=row.tenant,
        job_id=row.job_id,
        reason=row.reason,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )
