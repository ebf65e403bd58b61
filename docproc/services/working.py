"""On which jobs somebody works now; knows no output."""

from collections.abc import Collection
from uuid import UUID

from docproc.services.ports import Stores
from docproc.services.resume import Owners


def working(stores: Stores, job_ids: Collection[UUID], *, owners: Owners) -> frozenset[UUID]:
    """Those of `job_ids` on which a lease stands whose holder is not known to be dead."""
    leased = stores.documents.leased(job_ids)
    return frozenset(job_id for job_id, holders in leased.items() if holders - owners.dead(holders))
