"""Exports that cannot be made now and can later: handed back, with no attempt counted, and made in the end."""

import base64
import logging
import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from doubles.documents import TextPages, accept_text, text_schema
from doubles.jobs import Workplace

from docproc.domain.errand import ErrandState
from docproc.domain.image import PageImageSpec
from docproc.exports.report.report_writer import no_page_image
from docproc.observability.events import EVENTS
from docproc.pipeline.ports import SourceDocument
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.do_errand import do_errand
from docproc.services.errand_records import Export
from docproc.services.export_job import OpenImages, ask_for_export, make_export
from docproc.services.records import JobOptions
from docproc.services.report_images import ReportImages
from docproc.services.submit_once import submit_once
from docproc.services.work_on import LeaveWork
from docproc.services.work_records import Step, Task
from docproc.services.workbench import Workbench
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED
from docproc.storage.stores import errand_stores_over, stores_over, upkeep_stores_over, work_stores_over

pytestmark = pytest.mark.integration


class DrawnText:
    """A text file that is open to be drawn."""

    def __init__(self, pages: TextPages, document: SourceDocument) -> None:
        self._pages, self._document = pages, document

    def pngs(
        self, spec: PageImageSpec, *, numbers: Sequence[int], rotations: Mapping[int, int]
    ) -> Iterator[tuple[int, bytes]]:
        return self._pages.pngs(self._document, spec, numbers, rotations=rotations)


class DrawnTexts:
    """Opens text files to be drawn."""

    def __init__(self, pages: TextPages) -> None:
        self._pages = pages

    @contextmanager
    def open_pages(self, document: SourceDocument) -> Iterator[DrawnText]:
        self._pages.open(document)
        yield DrawnText(self._pages, document)


def drawing(place: Workplace) -> OpenImages:
    """As a worker does."""
    source = DrawnTexts(place.source)
    return lambda checkpoint: ReportImages(place.stores, source, accept=accept_text, checkpoint=checkpoint)


class Exporting:
    """A worker's exports, one try at a time."""

    def __init__(self, place: Workplace, database: Database, *, open_images: OpenImages) -> None:
        self._place, self._database, self._open_images = place, database, open_images
        self.errands = errand_stores_over(database)

    def asked(self, *, export_format: str, passwords: tuple[str, ...] = ()) -> UUID:
        options = JobOptions(keep_originals=True, passwords=bool(passwords))
        new_job = replace(self._place.new_job(options), passwords=passwords)
        lock = "!locked\n" if passwords else ""
        files = self._place.write({"a.txt": f"{lock}{'one ' * 500}"})
        job = self._place.run(submit_once(self._place.stores, new_job, files, accept=accept_text), passwords=passwords)
        return ask_for_export(self._place.stores, self.errands, job.id, tenant="local", export_format=export_format)

    def tried(self, export_id: UUID) -> Export:
        """As it stands afterwards; one that rests is not waited for."""
        with self._database.write() as connection:
            connection.exec_driver_sql("UPDATE exports SET due_at = now() - interval '1 s' WHERE state = 'waiting'")
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
    exporting = Exporting(place, postgres, open_images=lambda _: nullcontext(no_page_image))
    export_id = exporting.asked(export_format=export_format)
    with full_disk():
        for _ in range(MAX_STALLED + 1):
            export = exporting.tried(export_id)
            assert (export.state, export.failure) == (ErrandState.WAITING, None)

    assert exporting.tried(export_id).state is ErrandState.SUCCEEDED


def test_a_report_rests_while_its_worker_has_not_the_key_and_has_its_images_in_the_end(
    postgres: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = Fernet.generate_key().decode()
    mine = Workplace(stores_over(postgres, tmp_path / "blobs", sealing_keys=[key]), tmp_path)
    others = Workplace(stores_over(postgres, tmp_path / "blobs"), tmp_path)
    without = Exporting(others, postgres, open_images=drawing(others))
    export_id = Exporting(mine, postgres, open_images=drawing(mine)).asked(export_format="html", passwords=("secret",))
    with caplog.at_level(logging.WARNING):
        for _ in range(MAX_STALLED + 1):
            export = without.tried(export_id)
            assert (export.state, export.failure) == (ErrandState.WAITING, None)
            assert without.errands.exports.claim(export_id, owner="hasty", lease_s=60) is None, "it rests"
    assert {record.message for record in caplog.records} == {EVENTS["password_sealed"].text}

    export = Exporting(mine, postgres, open_images=drawing(mine)).tried(export_id)

    assert (export.state, export.blob_key is None) == (ErrandState.SUCCEEDED, False)
    assert base64.b64encode(b"page 1") in mine.stores.blobs.read(str(export.blob_key))


def test_a_report_is_left_in_the_middle_of_a_page_when_its_worker_leaves(place: Workplace, postgres: Database) -> None:
    exporting = Exporting(place, postgres, open_images=drawing(place))
    claim = exporting.errands.exports.claim(exporting.asked(export_format="html"), owner="me", lease_s=60)
    assert claim is not None
    looks: list[Sequence[int]] = []

    def leave_when_drawing() -> None:
        looks.append(tuple(place.source.drawn))
        if len(looks) > 1:  # the first is before the document
            raise LeaveWork

    with pytest.raises(LeaveWork):
        make_export(
            claim,
            place.stores,
            exporting.errands,
            schema_of=lambda _: text_schema(),
            open_images=drawing(place),
            checkpoint=leave_when_drawing,
        )

    assert (len(looks), place.source.drawn) == (2, [])
