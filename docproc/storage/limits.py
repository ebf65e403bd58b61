"""Limits of tenants, and the bucket of requests that all replicas draw from. Knows no request."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select, text, update

from docproc.domain.errors import NotFoundError
from docproc.services.limits import Limits
from docproc.storage.database import Database
from docproc.storage.service_tables import RATES, TENANTS, USAGE
from docproc.storage.tables import JOBS
from docproc.storage.upserts import insert_or_leave

_LIMITS = (TENANTS.c.requests_per_s, TENANTS.c.burst, TENANTS.c.pages_per_month, TENANTS.c.keep_days)
#: a request that is counted and forgotten in a crash is no loss: nobody waits for the disk
_NOT_DURABLE = text("SET LOCAL synchronous_commit = off")
# as the partial index says it
_UNFINISHED = text("jobs.finished_at IS NULL")


class SqlLimitStore:
    """Limits in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: str) -> Limits:
        with self._database.read() as connection:
            row = connection.execute(select(*_LIMITS).where(TENANTS.c.name == tenant)).first()
        if row is None:
            raise NotFoundError(f"there is no tenant {tenant!r}")
        return Limits(
            requests_per_s=row.requests_per_s,
            burst=row.burst,
            pages_per_month=row.pages_per_month,
            keep_days=row.keep_days,
        )

    def set(self, tenant: str, limits: Limits) -> None:
        values = {
            "requests_per_s": limits.requests_per_s,
            "burst": limits.burst,
            "pages_per_month": limits.pages_per_month,
            "keep_days": limits.keep_days,
        }
        self._change(tenant, values)

    def keep_for(self, tenant: str, days: int | None) -> None:
        self._change(tenant, {"keep_days": days})

    def _change(self, tenant: str, values: Mapping[str, float | None]) -> None:
        with self._database.write() as connection:
            if not connection.execute(update(TENANTS).where(TENANTS.c.name == tenant).values(values)).rowcount:
                raise NotFoundError(f"there is no tenant {tenant!r}")

    def take(self, tenant: str) -> float:
        # most tenants have no limit, and then nothing is written
        limits = self.get(tenant)
        if limits.requests_per_s is None:
            return 0.0
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                connection.execute(_NOT_DURABLE)
            return self._take(connection, tenant, rate=limits.requests_per_s, bucket=limits.bucket)

    def _take(self, connection: Connection, tenant: str, *, rate: float, bucket: float) -> float:
        mine = RATES.c.tenant == tenant
        locked = select(RATES.c.tokens, RATES.c.refilled_at).where(mine).with_for_update()
        while (row := connection.execute(locked).first()) is None:
            full = {"tenant": tenant, "tokens": bucket, "refilled_at": self._database.now(connection)}
            insert_or_leave(connection, RATES, full)
        now = self._database.now(connection)
        rested_s = max(0.0, (now - row.refilled_at).total_seconds())
        tokens = min(bucket, row.tokens + rested_s * rate)
        if tokens < 1:
            wait_s: float = (1 - tokens) / rate
            return wait_s
        connection.execute(update(RATES).where(mine).values(tokens=tokens - 1, refilled_at=now))
        return 0.0

    def pages_since(self, tenant: str, moment: datetime) -> int:
        read = select(func.coalesce(func.sum(USAGE.c.pages), 0)).where(
            USAGE.c.tenant == tenant, USAGE.c.happened_at >= moment
        )
        still = select(func.coalesce(func.sum(JOBS.c.pages_open), 0)).where(JOBS.c.tenant == tenant, _UNFINISHED)
        with self._database.read() as connection:
            return int(connection.scalar(read) or 0) + int(connection.scalar(still) or 0)

    def now(self) -> datetime:
        with self._database.read() as connection:
            return self._database.now(connection)
