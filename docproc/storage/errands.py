"""Errands in a database: exports and deliveries, leased and fenced alike. Knows nothing of what they do."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select, text, update

from docproc.domain.errand import ErrandState
from docproc.domain.errors import LeaseLostError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.services.errand_records import ErrandClaim
from docproc.services.work_records import QUEUES, Lane, Step, Swept, Task
from docproc.storage.changes import AT_REST, wake
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED
from docproc.storage.rows import AnyRow, failure_json
from docproc.storage.service_tables import DELIVERIES, EXPORTS


class SqlErrands:
    """What exports and deliveries have in common."""

    def __init__(self, database: Database, table: Table, *, phase: Phase) -> None:
        self._database = database
        self._table = table
        self._phase = phase

    def claim(self, errand_id: UUID, *, owner: str, lease_s: float) -> ErrandClaim | None:
        table = self._table
        with self._database.write() as connection:
            now = self._database.now(connection)
            due = (table.c.id == errand_id, table.c.state.in_((ErrandState.WAITING, ErrandState.QUEUED)))
            values = {
                "state": ErrandState.LEASED,
                "lease_owner": owner,
                "lease_expires_at": now + timedelta(seconds=lease_s),
                "queued_at": None,
                "attempt": table.c.attempt + 1,
                "stalled": table.c.stalled + 1,
            }
            statement = update(table).where(*due, table.c.due_at <= now).values(values)
            row = connection.execute(statement.returning(table.c.job_id, table.c.tenant, table.c.attempt)).first()
        if row is None:
            return None
        return ErrandClaim(id=errand_id, job_id=row.job_id, tenant=row.tenant, owner=owner, attempt=row.attempt)

    def release(self, claim: ErrandClaim, *, after_s: float = 0.0) -> None:
        with self._database.write() as connection:
            due_at = self._database.now(connection) + timedelta(seconds=after_s)
            self._end(connection, claim, {**_handed_back(self._table), "due_at": due_at})
            wake(connection)

    def fail(self, claim: ErrandClaim, failure: Failure) -> None:
        values = {"state": ErrandState.FAILED, "failure": failure_json(failure)}
        with self._database.write() as connection:
            self._end(connection, claim, {**values, "finished_at": self._database.now(connection)})

    def sweep(self, *, limit: int = 200) -> Swept:
        table = self._table
        with self._database.write() as connection:
            now = self._database.now(connection)
            # that somebody holds it follows from the rest, but the index of leases is of what somebody holds
            leased = (table.c.state == ErrandState.LEASED, table.c.lease_owner.is_not(None))
            expired = (*leased, table.c.lease_expires_at <= now)
            statement = select(table).where(*expired).limit(limit).with_for_update(skip_locked=True)
            rows = connection.execute(statement).all()
            lost = [row.id for row in rows if row.stalled >= MAX_STALLED]
            freed = [row.id for row in rows if row.stalled < MAX_STALLED]
            self._set(connection, freed, {"state": ErrandState.WAITING})
            failure = failure_json(_spent(self._phase))
            self._set(connection, lost, {"state": ErrandState.FAILED, "failure": failure, "finished_at": now})
            return Swept(freed=len(freed), failed=len(lost))

    def _end(self, connection: Connection, claim: ErrandClaim, values: Mapping[str, Any]) -> None:
        """Raises LeaseLostError when the claim no longer stands."""
        table = self._table
        mine = (table.c.id == claim.id, table.c.lease_owner == claim.owner, table.c.attempt == claim.attempt)
        if not connection.execute(update(table).where(*mine).values({**AT_REST, **values})).rowcount:
            raise LeaseLostError

    def _set(self, connection: Connection, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
        if ids:
            connection.execute(update(self._table).where(self._table.c.id.in_(ids)).values({**AT_REST, **values}))
            wake(connection)

    def _row(self, connection: Connection, errand_id: UUID) -> AnyRow | None:
        return connection.execute(select(self._table).where(self._table.c.id == errand_id)).first()


class ErrandBacklog:
    """Errands that wait for a worker; all have the same priority, and tenants take turns. Postgres only."""

    def __init__(self, step: Step, table: str) -> None:
        self._step = step
        self._queue = QUEUES[step]
        # now() and not the clock, which no index could be searched by
        due = "state = 'waiting' AND due_at <= now()"
        # from tenant to tenant along the index, as in the backlog of pages; most that waits may not be due for hours
        self._lanes = text(f"""
            WITH RECURSIVE lane AS (
                (SELECT tenant FROM {table} WHERE state = 'waiting' ORDER BY tenant LIMIT 1)
                UNION ALL
                (SELECT further.tenant FROM lane, LATERAL (
                    SELECT tenant FROM {table} WHERE state = 'waiting' AND tenant > lane.tenant
                    ORDER BY tenant LIMIT 1
                ) AS further)
            )
            SELECT tenant FROM lane WHERE (
                SELECT due_at FROM {table} WHERE state = 'waiting' AND {table}.tenant = lane.tenant
                ORDER BY due_at LIMIT 1
            ) <= now() ORDER BY tenant
        """)  # noqa: S608 our names
        self._take = text(f"""
            WITH due AS MATERIALIZED (
                SELECT id AS of FROM {table} WHERE {due} AND tenant = :tenant
                ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
            )
            UPDATE {table} SET state = 'queued', queued_at = clock_timestamp() FROM due WHERE id = of RETURNING id
        """)  # noqa: S608
        count = f"SELECT '{self._queue}' AS queue, count(*) AS tasks"
        self.queued = f"{count}, min(queued_at) AS since FROM {table} WHERE state = 'queued'"
        self.due = f"{count} FROM {table} WHERE {due}"
        waiting = f"UPDATE {table} SET state = 'waiting', queued_at = NULL WHERE state = 'queued'"  # noqa: S608
        self._requeue = text(f"{waiting} AND queued_at < :before")
        self._withdraw = text(f"{waiting} AND id = :id")

    def lanes(self, connection: Connection, queue: str) -> Sequence[Lane]:  # noqa: ARG002 it has one
        return [Lane(priority=0, tenant=tenant) for tenant in connection.scalars(self._lanes)]

    def take(self, connection: Connection, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        found = sorted(connection.scalars(self._take, {"tenant": lane.tenant, "limit": limit}))
        return [Task(step=self._step, queue=queue, id=errand_id) for errand_id in found]

    def requeue(self, connection: Connection, queue: str, *, before: datetime) -> int:  # noqa: ARG002
        return connection.execute(self._requeue, {"before": before}).rowcount

    def withdraw(self, connection: Connection, tasks: Collection[Task]) -> None:
        terms = [{"id": task.id} for task in tasks if task.step is self._step]
        if terms:
            connection.execute(self._withdraw, terms)


def let_go_errands(connection: Connection, owner: str) -> int:
    """Hand back every errand that `owner` holds, as if it had never been taken; returns how many."""
    count = 0
    for table in (EXPORTS, DELIVERIES):
        mine = (table.c.lease_owner == owner, table.c.state == ErrandState.LEASED)
        count += connection.execute(update(table).where(*mine).values(_handed_back(table))).rowcount
    if count:
        wake(connection)
    return count


def _handed_back(table: Table) -> dict[str, Any]:
    """Due again, with no attempt counted; its number stays, for that is what fences late workers off."""
    values: dict[str, Any] = {**AT_REST, "state": ErrandState.WAITING, "stalled": 0}
    if table is DELIVERIES:  # which is given up after so many tries
        values["spent"] = table.c.spent + 1
    return values


def _spent(phase: Phase) -> Failure:
    return Failure(
        code=FailureCode.CRASHED,
        category=FailureCategory.INTERNAL,
        message=f"the process died {MAX_STALLED} times in a row while it worked on this",
        retryable=True,
        phase=phase,
    )
