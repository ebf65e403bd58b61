"""A service that is one process: long work keeps its lease, what breaks off is done again, what is canceled ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace
from doubles.waiting import until
from doubles.working_alone import working
from sqlalchemy import select

from docproc.domain.document import JobState
from docproc.domain.errors import StorageError
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.services.cancel import cancel
from docproc.storage.database import Database
from docproc.storage.local_backlog import SqlLocalBacklog
from docproc.storage.stores import stores_over
from docproc.storage.tables import DOCUMENTS

pytestmark = pytest.mark.integration


class WilfulReader(FirstWordReader):
    """Does something before each window."""

    def __init__(self, before: Callable[[Window], object]) -> None:
        super().__init__()
        self._before = before

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        reading = super().read(window, schema)
        self._before(window)
        return reading


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


def test_long_work_keeps_its_lease(place: Workplace, database: Database) -> None:
    wanted = Event()
    place.reader = WilfulReader(lambda _: wanted.wait(60))
    job = place.submit({"a.txt": "one"})

    def expires_at() -> datetime:
        with database.read() as connection:
            expires_at: datetime = connection.scalars(select(DOCUMENTS.c.lease_expires_at)).one()
            return expires_at

    def was_extended_since(moment: datetime) -> Callable[[], bool]:
        return lambda: expires_at() > moment

    with working(place, database, threads=2):
        until(lambda: place.reader.windows)
        for _ in range(2):
            until(was_extended_since(expires_at()))
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
    with working(place, database, threads=2):
        until(lambda: place.stores.jobs.get(job.id).finished_at)
    assert place.stores.jobs.get(job.id).state is JobState.SUCCEEDED
    assert len(place.reader.windows) == 2


def test_what_is_canceled_ends(place: Workplace, database: Database) -> None:
    canceled = Event()
    place.reader = WilfulReader(lambda _: canceled.wait(60))
    job = place.submit({f"{number}.txt": str(number) for number in range(30)})
    with working(place, database, threads=2):
        until(lambda: place.reader.windows)
        cancel(place.stores, job.id, owners=place.owners)
        canceled.set()
        until(lambda: not place.stores.jobs.get(job.id).documents.open)
    assert place.stores.jobs.get(job.id).documents.canceled >= 28


def test_a_job_of_the_command_line_is_left_to_who_runs_it(place: Workplace, database: Database) -> None:
    own = place.new_job()
    place.stores.jobs.create(replace(own, inputs=("/inbox",)))
    with working(place, database, threads=2):
        done = place.submit({"a.txt": "one"})
        until(lambda: place.stores.jobs.get(done.id).finished_at)
    assert SqlLocalBacklog(database).unfinished() == []
