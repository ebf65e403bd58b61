"""How long jobs are kept: retention, and legal holds against it. Knows no database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from docproc.domain.errors import ConflictError, NotFoundError, UsageError
from docproc.domain.reading import go_on
from docproc.services.delete import delete
from docproc.services.ports import Stores
from docproc.services.records import Removed
from docproc.services.resume import Owners
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import Deed

#: who deletes what nobody asked to be kept longer
BY_RETENTION = "docproc:retention"
_LONGEST_REASON = 500
#: jobs looked up at a time
_BATCH = 50
#: rows of watched files deleted at a time
_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """While it stands nothing of a job, or of all jobs of a tenant, is deleted."""

    id: UUID
    tenant: str
    #: None: all jobs of the tenant, those to come too
    job_id: UUID | None
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class KeepingStore(Protocol):
    """Holds, and which jobs have been kept for long enough."""

    def place(self, tenant: str, *, job_id: UUID | None, reason: str, by: str) -> UUID:
        """From now on nothing begins to be deleted.

        Raises NotFoundError when there is no such tenant or job, ConflictError when the job is being deleted.
        """
        ...

    def lift(self, hold_id: UUID, *, tenant: str, by: str) -> None:
        """Raises NotFoundError when no such hold stands."""
        ...

    def holds(self, tenant: str) -> Sequence[Hold]:
        """Lifted ones too, newest first."""
        ...

    def keep_for(self, job_id: UUID, *, tenant: str, days: int | None) -> None:
        """None: as its tenant wants it. Raises NotFoundError."""
        ...

    def expired(self, tenant: str, *, limit: int) -> Sequence[UUID]:
        """Jobs that were kept for long enough, and those of which somebody began to delete and died; none on hold."""
        ...

    def forget_watched(self, tenant: str, *, limit: int, days: float | None = None) -> int:
        """Delete rows of watched files that are over for so long and no longer lie there; none on hold. How many.

        `days`: by default as long as the tenant keeps jobs, or a year.
        """
        ...


def place_hold(
    keeping: KeepingStore, *, tenant: str, job_id: UUID | None, reason: str, by: str, audit: AuditLog
) -> UUID:
    """Raises UsageError without a reason, and what KeepingStore.place raises."""
    if not reason.strip() or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise UsageError(f"a hold has a reason, of at most {_LONGEST_REASON} characters")
    hold_id = keeping.place(tenant, job_id=job_id, reason=reason, by=by)
    audit.note(Deed(tenant=tenant, actor=by, action="hold.place", subject=str(job_id or tenant)))
    return hold_id


def lift_hold(keeping: KeepingStore, hold_id: UUID, *, tenant: str, by: str, audit: AuditLog) -> None:
    """Raises NotFoundError."""
    keeping.lift(hold_id, tenant=tenant, by=by)
    audit.note(Deed(tenant=tenant, actor=by, action="hold.lift", subject=str(hold_id)))


def keep_job(keeping: KeepingStore, job_id: UUID, *, tenant: str, days: int | None, by: str, audit: AuditLog) -> None:
    """Raises UsageError for a time that is none, NotFoundError."""
    if days is not None and days < 1:
        raise UsageError("a job is kept for at least a day")
    keeping.keep_for(job_id, tenant=tenant, days=days)
    audit.note(Deed(tenant=tenant, actor=by, action="job.keep", subject=str(job_id)))


def forget_watched(
    keeping: KeepingStore, *, tenant: str, days: float | None = None, checkpoint: Callable[[], None] = go_on
) -> Removed:
    """What went."""
    removed = Removed()
    while count := keeping.forget_watched(tenant, days=days, limit=_ROWS):
        removed += Removed(rows=count)
        checkpoint()
    return removed


def delete_expired(
    stores: Stores, keeping: KeepingStore, *, tenant: str, owners: Owners, checkpoint: Callable[[], None] = go_on
) -> Removed:
    """What went; each job left its receipt. One that is being worked on stays for now."""
    removed, stuck = Removed(), frozenset[UUID]()
    while job_ids := [each for each in keeping.expired(tenant, limit=_BATCH + len(stuck)) if each not in stuck]:
        for job_id in job_ids:
            checkpoint()
            try:
                removed += delete(stores, job_id, owners=owners, tenant=tenant, by=BY_RETENTION)
            except NotFoundError:
                continue
            except ConflictError:
                stuck |= {job_id}
    return removed
