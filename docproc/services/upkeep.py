"""What has to be done every hour so that a service does not grow: blobs that nobody names go. Knows no schedule."""

import logging
from collections.abc import Callable
from datetime import timedelta

from docproc.observability import event
from docproc.services.blob_keys import BlobKind
from docproc.services.check_store import StoreCheck
from docproc.services.orphans import remove_blobs
from docproc.services.ports import Clock, Stores
from docproc.services.records import Removed
from docproc.services.upkeep_ports import BlobNames
from docproc.services.work_ports import WorkStores

logger = logging.getLogger(__name__)

#: one at a time; what a holder that died had is free after this long
ROLE, ROLE_S = "upkeep", 3600.0
#: younger blobs may wait for their row, and page images for their reader
KEPT_FOR = timedelta(hours=24)


def keep_house(
    stores: Stores,
    names: BlobNames,
    work: WorkStores,
    *,
    holder: str,
    clock: Clock,
    checkpoint: Callable[[], None] = lambda: None,
) -> Removed | None:
    """The receipt of what was deleted; None when somebody else is at it."""
    if not work.workers.hold_role(ROLE, holder, for_s=ROLE_S):
        return None
    removed = Removed()
    before = clock.now() - KEPT_FOR
    try:
        stores.blobs.sweep()
        for tenant in work.tenants.names():
            checkpoint()
            old_images = stores.blobs.written_before(f"{tenant}/{BlobKind.IMAGE}/", before)
            removed += remove_blobs(stores, list(old_images))
            check = StoreCheck(stores=stores, names=names, tenant=tenant, before=before, delete_orphans=True)
            for _ in check.findings():
                checkpoint()
            removed += check.tally.deleted
    finally:
        work.workers.drop_role(ROLE, holder)
    event(logger, "house_kept", blobs=removed.blobs, byte_count=removed.byte_count)
    return removed
