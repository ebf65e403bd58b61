"""Create a tenant; its name becomes part of the keys of its blobs. Knows no database."""

from docproc.domain.errors import UsageError
from docproc.services.blob_keys import BlobKind, check_prefix
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import Deed
from docproc.services.work_ports import TenantStore

_LONGEST = 64
#: what docproc writes for itself lies under this name in the blob store
_RESERVED = frozenset({"docproc"})


def create_tenant(tenants: TenantStore, name: str, *, by: str, audit: AuditLog) -> None:
    """Raises UsageError for a name that cannot be one, ConflictError when there is such a tenant already."""
    try:
        check_prefix(f"{name}/{BlobKind.ORIGINAL}/")
    except UsageError as exc:
        raise UsageError(
            f"{name!r} cannot name a tenant: take letters, digits, dots, dashes and underscores, "
            "the first a letter or a digit"
        ) from exc
    if len(name) > _LONGEST or name in _RESERVED:
        raise UsageError(f"{name!r} cannot name a tenant: it is reserved, or longer than {_LONGEST} characters")
    tenants.create(name)
    audit.note(Deed(tenant=name, actor=by, action="tenant.create", subject=name))
