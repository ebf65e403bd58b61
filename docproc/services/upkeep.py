"""What has to be done every hour so that a service does not grow: jobs kept for long enough go. Knows no schedule."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from docproc.domain.errors import LeaseLostError
from docproc.observability import event
from docproc.services.check_store import StoreCheck
from docproc.services.keeping import delete_expired, forget_watched
from docproc.services.orphans import remove_old_images
from docproc.services.ports import Clock, Stores
from docproc.services.records import Removed
from docproc.services.upkeep_ports import BlobNames, Census
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
    """The receipt of what was deleted; None when somebody else is at it.

    `clock` tells how old blobs are. Raises what `checkpoint` raises: the next hour does the rest.
    """
    if not work.workers.hold_role(ROLE, holder, for_s=ROLE_S):
        return None
    removed = Removed()
    before = clock.now() - KEPT_FOR
    go_on = _Renewed(work, holder, clock, checkpoint)
    try:
        stores.blobs.sweep()
        for tenant in work.tenants.names():
            go_on()
            removed += delete_expired(stores, work.keeping, tenant=tenant, owners=_NobodyIsKnown(), checkpoint=go_on)
            removed += forget_watched(work.keeping, tenant=tenant, checkpoint=go_on)
            removed += remove_old_images(stores, tenant=tenant, before=before, checkpoint=go_on)
            check = StoreCheck(
                stores=stores,
                names=names,
                tenant=tenant,
                before=before,
                delete_orphans=True,
                on_look=lambda _: go_on(),
            )
            for _ in check.findings():
                go_on()
            removed += check.tally.deleted
    except LeaseLostError:  # this process slept, and somebody else goes on
        event(logger, "lease_lost")
    else:
        event(logger, "house_kept", jobs=removed.jobs, blobs=removed.blobs, byte_count=removed.byte_count)
    finally:
        work.workers.drop_role(ROLE, holder)
    return removed


class _NobodyIsKnown:
    """Of those who lease work on other machines nothing is certain: their leases end by themselves."""

    def dead(self, owners: frozenset[str]) -> frozenset[str]:  # noqa: ARG002 the port's signature
        return frozenset()


@dataclass(frozen=True, slots=True)
class ServiceClock:
    """The database's time: a worker whose own clock is ahead would take what is young for old."""

    census: Census

    def now(self) -> datetime:
        return self.census.now()

    def monotonic(self) -> float:
        return monotonic()


class _Renewed:
    """Called now and then: keeps the role, for a store may be larger than can be looked through in its time."""

    def __init__(self, work: WorkStores, holder: str, clock: Clock, checkpoint: Callable[[], None]) -> None:
        self._work = work
        self._holder = holder
        self._clock = clock
        self._checkpoint = checkpoint
        self._renewed = clock.monotonic()

    def __call__(self) -> None:
        """Raises LeaseLostError when somebody else has the role, and what the checkpoint raises."""
        self._checkpoint()
        now = self._clock.monotonic()
        if now - self._renewed < ROLE_S / 4:
            return
        if not self._work.workers.hold_role(ROLE, self._holder, for_s=ROLE_S):
            raise LeaseLostError
        self._renewed = now
