"""A service that is one process: long work keeps its lease, what breaks off is done again, what is canceled ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from doubles.documents import FirstWordReader
from doubles.face import until
from doubles.jobs import Workplace
from sqlalchemy import select

from docproc.domain.document import JobState
from docproc.domain.errors import StorageError
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.queueing.local_service import LocalService, Rhythm
from docproc.services.cancel import cancel
from docproc.services.workbench import Workbench
from docproc.storage.database import Database
from docproc.storage.local_backlog import SqlLocalBacklog
from docproc.storage.stores import errand_stores_over, stores_over, upkeep_stores_over, work_stores_over
from docproc.storage.tables import DOCUMENTS

pytestmark = pytest.mark.integration

_RHYTHM = Rhythm(lease_s=5.0, extend_every_s=0.2, look_every_s=0.05, idle_s=0.1, grace_s=0.2)


class WilfulReader(FirstWordReader):
    """Does something before each window."""

    def __init__(self, before: Callable[[Window], None]) -> None:
        super().__init__()
        self._before = before

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        reading = super().read(window, schema)
        self._before(window)
        return reading


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


@contextmanager
def working(place: Workplace, database: Database, *, threads: int = 2) -> Iterator[LocalService]:
    work, unused = work_stores_over(database), cast("Any", None)
    with closing(LeasesInHand(work.leases, beat=Beat(lease_s=30.0, longest_s=60.0))) as hand:
        bench = Workbench(
            stores=place.stores,
            work=work,
            in_hand=hand,
            context_of=lambda document: place.context(place.stores.jobs.get(document.job_id)),
            errands=errand_stores_over(database),
            names=upkeep_stores_over(database).names,
            census=upkeep_stores_over(database).census,
            schema_of=unused,
            sender=unused,
            pause=time.sleep,
        )
        backlog = SqlLocalBacklog(database)
        with LocalService(backlog, bench, owners=place.owners, threads=threads, rhythm=_RHYTHM) as service:
            yield service


def test_long_work_keeps_its_lease(place: Workplace, database: Database) -> None:
    begun, wanted = Event(), Event()
    place.reader = WilfulReader(lambda _: begun.set() or wanted.wait(60))
    job = place.submit({"a.txt": "one"})

    def expires_at() -> datetime:
        with database.read() as connection:
            return connection.scalars(select(DOCUMENTS.c.lease_expires_at)).one()

    with working(place, database):
        assert begun.wait(60)
        for _ in range(2):
            before = expires_at()
            until(lambda before=before: expires_at() > before)
        wanted.set()
        until(lambda: place.stores.jobs.get(job.id).finished_at)
    (document,) = place.stores.documents.page_through(job.id)
    assert (document.attempt, len(place.reader.windows)) == (1, 1)


def test_what_a_store_broke_off_is_done_again(place: Workplace, database: Database) -> None:
    def break_off_once(_: Window) -> None:
        if len(place.reader.windows) == 1:
            raise StorageError("the disk is full")

    place.reader = WilfulReader(break_off_once)
    job = place.submit({"a.txt": "one"})
    with working(place, database):
        until(lambda: place.stores.jobs.get(job.id).finished_at)
    assert place.stores.jobs.get(job.id).state is JobState.SUCCEEDED
    assert len(place.reader.windows) == 2


def test_what_is_canceled_ends(place: Workplace, database: Database) -> None:
    canceled = Event()
    place.reader = WilfulReader(lambda _: canceled.wait(60))
    job = place.submit({f"{number}.txt": str(number) for number in range(30)})
    with working(place, database):
        until(lambda: place.reader.windows)
        cancel(place.stores, job.id, owners=place.owners)
        canceled.set()
        until(lambda: not place.stores.jobs.get(job.id).documents.open)
    assert place.stores.jobs.get(job.id).documents.canceled == 30


def test_a_job_of_the_command_line_is_left_to_who_runs_it(place: Workplace, database: Database) -> None:
    own = place.new_job()
    place.stores.jobs.create(replace(own, inputs=("/inbox",)))
    with working(place, database):
        done = place.submit({"a.txt": "one"})
        until(lambda: place.stores.jobs.get(done.id).finished_at)
    assert SqlLocalBacklog(database).unfinished() == []
