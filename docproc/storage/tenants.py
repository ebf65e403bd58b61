"""Tenants and what is theirs alone: idempotency keys, pauses. Knows no job beyond its id."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, false, func, insert, null, select, true, union_all, update

from docproc.domain.errors import ConflictError, NotFoundError
from docproc.services.records import LOCAL_TENANT, IdempotencyKey, NewJob
from docproc.services.work_records import Pauses
from docproc.storage.changes import wake
from docproc.storage.database import Database
from docproc.storage.locks import lock_alone
from docproc.storage.service_tables import IDEMPOTENCY_KEYS, PAUSED_QUEUES, TENANTS
from docproc.storage.upserts import insert_or_leave

#: how long the same key means the same submission
KEPT_FOR = timedelta(hours=24)

_PAUSED = union_all(
    select(PAUSED_QUEUES.c.queue.label("name"), true().label("is_queue")),
    select(TENANTS.c.name, false()).where(TENANTS.c.paused_at.is_not(None)),
)


class SqlTenantStore:
    """Tenants in a database, and which of them and of the queues are paused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str) -> None:
        with self._database.write() as connection:
            values = {"name": name, "created_at": self._database.now(connection)}
            if not insert_or_leave(connection, TENANTS, values):
                raise ConflictError(f"there is a tenant {name!r} already")

    def names(self) -> Sequence[str]:
        with self._database.read() as connection:
            return list(connection.scalars(select(TENANTS.c.name).order_by(TENANTS.c.name)))

    def pause_tenant(self, name: str, *, paused: bool) -> None:
        with self._database.write() as connection:
            statement = update(TENANTS).where(TENANTS.c.name == name)
            values = {"paused_at": func.coalesce(TENANTS.c.paused_at, func.now()) if paused else null()}
            if not connection.execute(statement.values(values)).rowcount:
                raise NotFoundError(f"there is no tenant {name!r}")
            wake(connection)

    def pause_queue(self, queue: str, *, paused: bool) -> None:
        with self._database.write() as connection:
            if paused:
                insert_or_leave(connection, PAUSED_QUEUES, {"queue": queue, "paused_at": func.now()})
            else:
                connection.execute(delete(PAUSED_QUEUES).where(PAUSED_QUEUES.c.queue == queue))
                wake(connection)

    def pauses(self) -> Pauses:
        with self._database.read() as connection:
            found = connection.execute(_PAUSED).all()
        return Pauses(
            queues=frozenset(row.name for row in found if row.is_queue),
            tenants=frozenset(row.name for row in found if not row.is_queue),
        )

    def forget_old_keys(self) -> int:
        with self._database.write() as connection:
            before = self._database.now(connection) - KEPT_FOR
            return connection.execute(delete(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.created_at < before)).rowcount


def require_tenant(connection: Connection, name: str) -> None:
    """Raises NotFoundError for a tenant that was not created; the local one is there from its first job on."""
    if connection.scalar(select(TENANTS.c.name).where(TENANTS.c.name == name)) is not None:
        return
    if name != LOCAL_TENANT:
        raise NotFoundError(f"there is no tenant {name!r}: create it first")
    insert_or_leave(connection, TENANTS, {"name": name, "created_at": func.now()})


def job_of_key(connection: Connection, tenant: str, idempotency: IdempotencyKey, *, now: datetime) -> UUID | None:
    """The job that an earlier submission with the same key made; whoever asks at the same time waits here.

    Raises ConflictError when that was another request.
    """
    lock_alone(connection, f"{tenant}/{idempotency.key}")
    mine = (IDEMPOTENCY_KEYS.c.tenant == tenant, IDEMPOTENCY_KEYS.c.key == idempotency.key)
    connection.execute(delete(IDEMPOTENCY_KEYS).where(*mine, IDEMPOTENCY_KEYS.c.created_at < now - KEPT_FOR))
    row = connection.execute(select(IDEMPOTENCY_KEYS.c.job_id, IDEMPOTENCY_KEYS.c.request_sha256).where(*mine)).first()
    if row is None:
        return None
    if row.request_sha256 != idempotency.request_sha256:
        raise ConflictError("the idempotency key was used for another request: choose a new key")
    found: UUID = row.job_id
    return found


def remember_key(connection: Connection, job: NewJob, idempotency: IdempotencyKey) -> None:
    """In the transaction that makes the job."""
    connection.execute(
        insert(IDEMPOTENCY_KEYS).values(
            tenant=job.tenant,
            key=idempotency.key,
            request_sha256=idempotency.request_sha256,
            job_id=job.id,
            created_at=func.now(),
        )
    )
