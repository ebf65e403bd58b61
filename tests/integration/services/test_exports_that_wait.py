"""Exports that cannot be made now and can later: handed back, with no attempt counted, and made in the end."""

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from doubles.documents import text_schema
from doubles.jobs import Workplace
from doubles.postgres import empty_database

from docproc.domain.errand import ErrandState
from docproc.exports.report.report_writer import no_page_image
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.do_errand import do_errand
from docproc.services.errand_records import Export
from docproc.services.export_job import OpenImages, ask_for_export
from docproc.services.work_records import Step, Task
from docproc.services.workbench import Workbench
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED
from docproc.storage.stores import errand_stores_over, stores_over, upkeep_stores_over, work_stores_over

pytestmark = pytest.mark.integration


@pytest.fixture
def postgres(postgres_url: str, migrated_postgres: str) -> Iterator[Database]:
    with empty_database(postgres_url, template=migrated_postgres) as url:
        database = Database.open(url)
        yield database
        database.close()


@pytest.fixture
def place(postgres: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(postgres, tmp_path / "blobs"), tmp_path)


class Exporting:
    """A worker's exports, one try at a time."""

    def __init__(self, place: Workplace, database: Database, *, open_images: OpenImages) -> None:
        self._place, self._database, self._open_images = place, database, open_images
        self.errands = errand_stores_over(database)

    def asked(self, *, export_format: str) -> UUID:
        job = self._place.run(self._place.submit({"a.txt": "one " * 500}))
        return ask_for_export(self._place.stores, self.errands, job.id, tenant="local", export_format=export_format)

    def tried(self, export_id: UUID) -> Export:
        work, upkeep, unused = work_stores_over(self._database), upkeep_stores_over(self._database), cast("Any", None)
        with closing(LeasesInHand(work.leases, beat=Beat(lease_s=30.0, longest_s=60.0))) as hand:
            bench = Workbench(
                stores=self._place.stores,
                work=work,
                in_hand=hand,
                context_of=unused,
                errands=self.errands,
                names=upkeep.names,
                census=upkeep.census,
                schema_of=lambda _: text_schema(),
                sender=unused,
                pause=lambda _: None,
                open_images=self._open_images,
            )
            do_errand(Task(step=Step.EXPORT, queue="export", id=export_id), bench)
        return self.errands.exports.get(export_id, tenant="local")


@contextmanager
def full_disk() -> Iterator[None]:
    """As far as this process goes: no file grows beyond some bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("export_format", ["jsonl", "json", "xlsx", "html"])
def test_a_full_disk_fails_no_export_however_long_it_lasts(
    place: Workplace, postgres: Database, export_format: str
) -> None:
    exporting = Exporting(place, postgres, open_images=lambda: nullcontext(no_page_image))
    export_id = exporting.asked(export_format=export_format)
    with full_disk():
        for _ in range(MAX_STALLED + 1):
            export = exporting.tried(export_id)
            assert (export.state, export.failure) == (ErrandState.WAITING, None)

    assert exporting.tried(export_id).state is ErrandState.SUCCEEDED
