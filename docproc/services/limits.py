"""How much a tenant may ask for: requests a second, pages a month. Knows no request and no database."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from docproc.domain.errors import QuotaError, RateError, UsageError
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import Deed

#: who is refused is told to come back after at least this long
_SHORTEST_WAIT_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a tenant may ask for; None: as much as it likes."""

    requests_per_s: float | None = None
    #: requests at once, after a rest; None: those of one second
    burst: int | None = None
    pages_per_month: int | None = None
    #: its jobs are deleted so many days after their end; None: never
    keep_days: int | None = None

    @property
    def bucket(self) -> float:
        """The most requests at once."""
        return float(self.burst or max(1.0, self.requests_per_s or 1.0))


class LimitStore(Protocol):
    """Limits of tenants, and what they have used of them; shared by all who let somebody in."""

    def get(self, tenant: str) -> Limits:
        """Raises NotFoundError."""
        ...

    def set(self, tenant: str, limits: Limits) -> None:
        """Raises NotFoundError."""
        ...

    def keep_for(self, tenant: str, days: int | None) -> None:
        """Change nothing but `keep_days`. Raises NotFoundError."""
        ...

    def take(self, tenant: str) -> float:
        """Count a request: 0 when it may be made, else the seconds until one may, and it is not counted."""
        ...

    def pages_since(self, tenant: str, moment: datetime) -> int:
        """Pages that were read for it since then, and those that its jobs still want to be read."""
        ...

    def now(self) -> datetime:
        """The database's clock."""
        ...


def set_limits(store: LimitStore, tenant: str, limits: Limits, *, by: str, audit: AuditLog) -> None:
    """Raises UsageError for limits that cannot be, NotFoundError."""
    given = (limits.requests_per_s, limits.burst, limits.pages_per_month, limits.keep_days)
    if any(limit is not None and not limit > 0 for limit in given):
        raise UsageError("a limit is above 0, or there is none")
    store.set(tenant, limits)
    audit.note(Deed(tenant=tenant, actor=by, action="tenant.limit", subject=tenant))


def keep_jobs_of(store: LimitStore, tenant: str, *, days: int | None, by: str, audit: AuditLog) -> None:
    """How long a tenant's jobs are kept after their end, which is its own to say; None: until somebody deletes them.

    Raises UsageError for a time that is none, NotFoundError.
    """
    if days is not None and days < 1:
        raise UsageError("jobs are kept for at least a day")
    store.keep_for(tenant, days)
    audit.note(Deed(tenant=tenant, actor=by, action="tenant.keep", subject=tenant))


def admit_request(store: LimitStore, tenant: str) -> None:
    """Raises RateError, which says when to ask again."""
    wait_s = store.take(tenant)
    if wait_s > 0:
        raise RateError("the tenant's requests a second are used up: wait", retry_after_s=max(wait_s, _SHORTEST_WAIT_S))


def admit_pages(store: LimitStore, tenant: str) -> None:
    """Before documents are taken in, of which nobody knows yet how many pages they have.

    Raises QuotaError when the pages of this month (UTC) are used up, those still to be read counted in.
    """
    limit = store.get(tenant).pages_per_month
    if limit is None:
        return
    now = store.now()
    used = store.pages_since(tenant, month_of(now))
    if used >= limit:
        wait_s = (next_month(now) - now).total_seconds()
        raise QuotaError(f"{used} of {limit} pages of this month are used up", retry_after_s=wait_s)


def month_of(moment: datetime) -> datetime:
    """When its month began, in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(moment: datetime) -> datetime:
    began = month_of(moment)
    december = 12
    return began.replace(year=began.year + began.month // december, month=began.month % december + 1)
