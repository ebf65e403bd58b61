"""A service alone, as `docproc serve` without settings: threads of this process that work on what there is."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, cast

from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.queueing.local_service import LocalService, Rhythm
from docproc.services.work_ports import WorkStores
from docproc.services.workbench import Workbench
from docproc.storage.database import Database
from docproc.storage.local_backlog import SqlLocalBacklog
from docproc.storage.stores import errand_stores_over, upkeep_stores_over, work_stores_over
from doubles.jobs import Workplace

_RHYTHM = Rhythm(lease_s=5.0, extend_every_s=0.2, look_every_s=0.05, idle_s=0.1, grace_s=0.2)


@contextmanager
def working(place: Workplace, database: Database, *, threads: int = 1) -> Iterator[WorkStores]:
    """While the context lasts."""
    work, unused = work_stores_over(database), cast("Any", None)
    upkeep = upkeep_stores_over(database)
    with closing(LeasesInHand(work.leases, beat=Beat(lease_s=30.0, longest_s=60.0))) as hand:
        bench = Workbench(
            stores=place.stores,
            work=work,
            in_hand=hand,
            context_of=lambda document: place.context(place.stores.jobs.get(document.job_id)),
            errands=errand_stores_over(database),
            names=upkeep.names,
            census=upkeep.census,
            schema_of=unused,
            sender=unused,
            pause=time.sleep,
        )
        with LocalService(SqlLocalBacklog(database), bench, owners=place.owners, threads=threads, rhythm=_RHYTHM):
            yield work
