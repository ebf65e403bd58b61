"""Create a tenant, whose name becomes part of the keys of its blobs, and shut one out. Knows no database."""

from docproc.domain.errors import UsageError
from docproc.services.blob_keys import BlobKind, check_prefix
from docproc.services.front_ports import KeyStore
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


def revoke_tenant(tenants: TenantStore, keys: KeyStore, name: str, *, by: str, audit: AuditLog) -> int:
    """Let nobody in for it any more, and hand out none of its work; what it has stays. How many keys that ends.

    Raises NotFoundError.
    """
    tenants.pause_tenant(name, paused=True)
    ended = keys.revoke_all(name)
    audit.note(Deed(tenant=name, actor=by, action="tenant.revoke", subject=name))
    return ended
