"""A service that is one process deletes what was kept for long enough, without being asked."""

import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from doubles.jobs import Workplace
from doubles.waiting import until
from sqlalchemy import update

from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.queueing.local_service import LocalService
from docproc.services.limits import Limits
from docproc.services.workbench import Workbench
from docproc.storage.database import Database
from docproc.storage.limits import SqlLimitStore
from docproc.storage.local_backlog import SqlLocalBacklog
from docproc.storage.receipts import SqlReceiptStore
from docproc.storage.stores import errand_stores_over, stores_over, upkeep_stores_over, work_stores_over
from docproc.storage.tables import JOBS

pytestmark = pytest.mark.integration


def test_what_was_kept_for_long_enough_goes_while_the_service_runs(database: Database, tmp_path: Path) -> None:
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)
    job = place.run(place.submit({"a.txt": "one"}))
    SqlLimitStore(database).set("local", Limits(keep_days=1))
    with database.write() as connection:
        long_ago = database.now(connection) - timedelta(days=2)
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(finished_at=long_ago))
    work = work_stores_over(database)
    with closing(LeasesInHand(work.leases, beat=Beat(lease_s=30.0, longest_s=60.0))) as hand:
        unused = cast("Any", None)
        bench = Workbench(
            stores=place.stores,
            work=work,
            in_hand=hand,
            context_of=unused,
            errands=errand_stores_over(database),
            names=upkeep_stores_over(database).names,
            census=upkeep_stores_over(database).census,
            schema_of=unused,
            sender=unused,
            pause=time.sleep,
        )
        with LocalService(SqlLocalBacklog(database), bench, owners=place.owners, threads=1):
            until(lambda: not place.stores.jobs.newest())
    assert [receipt.job_id for receipt in SqlReceiptStore(database).page_through("local")] == [job.id]
