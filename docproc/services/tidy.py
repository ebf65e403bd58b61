"""What has to be done every minute so that a service stays whole and small: rows only. Knows no schedule."""

from docproc.services.errand_ports import ErrandStores
from docproc.services.ports import Stores

#: how long one can look up what became of a delivery
KEPT_FOR_S = 30 * 24 * 3600.0
#: jobs and rows at a time: the next minute does the rest
_JOBS, _ROWS = 10, 10_000


def tidy(stores: Stores, errands: ErrandStores) -> None:
    """End what somebody began to cancel, and forget deliveries that ended long ago."""
    stores.jobs.finish_cancels(limit=_JOBS)
    errands.deliveries.forget_ended(older_than_s=KEPT_FOR_S, limit=_ROWS)
