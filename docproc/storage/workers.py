"""Workers and roles: who is alive, who hands out work. Knows nothing of the work."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from docproc.services.work_records import Worker
from docproc.storage.changes import wake
from docproc.storage.database import Database
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import ROLES, WORKERS
from docproc.storage.upserts import insert_or_leave


class SqlWorkerStore:
    """Workers in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def announce(self, worker: Worker) -> None:
        facts = {"queues": list(worker.queues), "slots": worker.slots, "version": worker.version}
        with self._database.write() as connection:
            now = self._database.now(connection)
            alive = update(WORKERS).where(WORKERS.c.id == worker.id).values(heartbeat_at=now, **facts)
            if connection.execute(alive).rowcount:
                return
            first = {"id": worker.id, "host": worker.host, "pid": worker.pid, "started_at": now, "heartbeat_at": now}
            insert_or_leave(connection, WORKERS, {**first, **facts})
            wake(connection)

    def drain(self, worker_id: str) -> None:
        with self._database.write() as connection:
            since = func.coalesce(WORKERS.c.draining_at, func.now())  # it may be said again
            connection.execute(update(WORKERS).where(WORKERS.c.id == worker_id).values(draining_at=since))

    def draining(self, worker_id: str) -> bool:
        with self._database.read() as connection:
            return connection.scalar(select(WORKERS.c.draining_at).where(WORKERS.c.id == worker_id)) is not None

    def leave(self, worker_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(WORKERS).where(WORKERS.c.id == worker_id))

    def living(self, *, alive_s: float) -> Sequence[Worker]:
        with self._database.read() as connection:
            since = self._database.now(connection) - timedelta(seconds=alive_s)
            statement = select(WORKERS).where(WORKERS.c.heartbeat_at >= since).order_by(WORKERS.c.id)
            return [worker_of(row) for row in connection.execute(statement)]

    def forget(self, *, silent_s: float) -> int:
        with self._database.write() as connection:
            before = self._database.now(connection) - timedelta(seconds=silent_s)
            return connection.execute(delete(WORKERS).where(WORKERS.c.heartbeat_at < before)).rowcount

    def hold_role(self, name: str, holder: str, *, for_s: float) -> bool:
        with self._database.write() as connection:
            now = self._database.now(connection)
            terms = {"holder": holder, "expires_at": now + timedelta(seconds=for_s)}
            mine = (ROLES.c.holder == holder) | (ROLES.c.expires_at <= now)
            if connection.execute(update(ROLES).where(ROLES.c.name == name, mine).values(terms)).rowcount:
                return True
            return insert_or_leave(connection, ROLES, {"name": name, **terms})

    def drop_role(self, name: str, holder: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(ROLES).where(ROLES.c.name == name, ROLES.c.holder == holder))


def worker_of(row: AnyRow) -> Worker:
    return Worker(
        id=row.id,
        host=row.host,
        pid=row.pid,
        version=row.version,
        queues=tuple(row.queues),
        slots=row.slots,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        draining_at=row.draining_at,
    )
