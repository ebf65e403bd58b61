"""Give a tenant or a queue nothing for now, or give again; what runs is finished. Knows no broker."""

from docproc.domain.errors import UsageError
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import WHOLE_SERVICE, Deed
from docproc.services.work_ports import TenantStore
from docproc.services.work_records import MODEL_QUEUE, QUEUES


def pause_tenant(tenants: TenantStore, name: str, *, paused: bool, by: str, audit: AuditLog) -> None:
    """Raises NotFoundError."""
    tenants.pause_tenant(name, paused=paused)
    audit.note(Deed(tenant=name, actor=by, action=f"tenant.{_verb(paused=paused)}", subject=name))


def pause_queue(tenants: TenantStore, queue: str, *, paused: bool, by: str, audit: AuditLog) -> None:
    """Raises UsageError for a name that no queue has: a queue paused by mistake would stop nothing."""
    require_queue(queue)
    tenants.pause_queue(queue, paused=paused)
    audit.note(Deed(tenant=WHOLE_SERVICE, actor=by, action=f"queue.{_verb(paused=paused)}", subject=queue))


def require_queue(name: str) -> None:
    """Raises UsageError for what cannot name a queue."""
    if name in QUEUES.values() or name.removeprefix(MODEL_QUEUE) not in {name, ""}:
        return
    raise UsageError(f"{name!r} names no queue: there are {', '.join(QUEUES.values())}, and {MODEL_QUEUE}READER")


def _verb(*, paused: bool) -> str:
    return "pause" if paused else "resume"
