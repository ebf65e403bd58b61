"""Archives that are taken at once: what they unpack in is one child process, which may take as much as a child may."""

import sys
import threading
from pathlib import Path

import pytest
from doubles.containers import pdf, zipped
from doubles.parsing_children import parsing_children
from doubles.watching import until

from docproc.bootstrap import open_desk
from docproc.queueing.local import StopSignal
from docproc.services.ledger_records import EntryState
from docproc.services.records import LOCAL_TENANT
from docproc.settings import Settings
from docproc.watch.config import WatchSettings, plan
from docproc.watch.running import WatchTerms, open_watcher

pytestmark = [pytest.mark.integration, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

ARCHIVES = 4


def test_archives_that_are_taken_at_once_are_unpacked_one_by_one(migrated_file: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "docproc.db").write_bytes(migrated_file.read_bytes())
    desk = open_desk(Settings(data_dir=tmp_path / "data"))
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in range(ARCHIVES):
        (scans / f"{number}.zip").write_bytes(zipped({f"{number}.pdf": pdf(str(number))}))
    told = {"schema": "invoice", "outbox": tmp_path / "out", "settle_seconds": 0.1, "rescan_seconds": 0.2}
    settings = WatchSettings.model_validate(told)
    planned = plan(scans, settings, data_dir=tmp_path / "data")
    ledger = desk.ledger_of(LOCAL_TENANT, planned.place)
    # its workers read: nothing but archives is opened here
    terms = WatchTerms(tenant=LOCAL_TENANT, by_service=True, workers=1, lease_s=30)
    stop, before, seen = StopSignal(), parsing_children(), set[int]()

    def are_submitted() -> bool:
        seen.update(parsing_children() - before)
        return ledger.counts().states.get(EntryState.SUBMITTED) == ARCHIVES

    with open_watcher(desk, planned, terms, stop) as watcher:
        thread = threading.Thread(target=watcher.run, args=(stop,))
        thread.start()
        try:
            until(are_submitted)
        finally:
            stop.finish()
            thread.join()

    assert len(seen) == 1
    assert parsing_children() == before
