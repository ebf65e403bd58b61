"""A process killed at any moment loses nothing and does nothing twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from doubles import run_a_job
from doubles.jobs import Workplace
from doubles.waiting import PATIENCE_S, until

from docproc.domain.document import JobState
from docproc.domain.errors import StorageError
from docproc.queueing.owners import LocalOwners
from docproc.services.collect import collect
from docproc.services.ports import Stores
from docproc.services.records import Job, PageCounts
from docproc.storage.database import Database

pytestmark = pytest.mark.integration

DOCUMENTS = 200
KILLS = 4


def _start(database: Database, place: Workplace, job: Job, *, seconds: float) -> subprocess.Popen[bytes]:
    url = database.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", run_a_job.__file__, url, str(place.folder), str(job.id), str(seconds)]
    )


def _wait_until_done(place: Workplace, job: Job, *, done: int) -> None:
    until(lambda: place.stores.jobs.get(job.id).documents.done >= done, every_s=0.005)


def test_a_job_whose_process_is_killed_again_and_again_ends_whole(
    kept_stores: Stores, database: Database, tmp_path: Path
) -> None:
    place, chance = Workplace(kept_stores, tmp_path), random.Random(20261121)  # noqa: S311 moments, not secrets
    # a quarter have two pages; every text differs, so that no reading can be taken over from another document
    job = place.submit({f"{n:03}": f"w{n}" + ("\nsecond" if n % 4 == 0 else "") for n in range(DOCUMENTS)})
    for kill in range(KILLS):
        process = _start(database, place, job, seconds=0.005)
        _wait_until_done(place, job, done=(kill + 1) * DOCUMENTS // (KILLS + 2))
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert _start(database, place, job, seconds=0).wait(timeout=PATIENCE_S) == 0

    found = place.stores.jobs.get(job.id)
    assert found.state is JobState.SUCCEEDED
    assert found.pages == PageCounts(total=DOCUMENTS * 5 // 4, read=DOCUMENTS * 5 // 4)
    lines = [item.extraction for item in collect(place.stores, job.id)]
    assert [line.file for line in lines] == [f"{n:03}" for n in range(DOCUMENTS)]
    assert [line.record["number"] for line in lines if line.record] == [f"w{n}" for n in range(DOCUMENTS)]
    readings = Counter((tmp_path / "journal").read_text().split())
    # a window is read again only when its process died between reading and writing down: at most one a worker a kill
    assert len(readings) == DOCUMENTS
    assert sum(readings.values()) <= DOCUMENTS + 3 * KILLS
    assert [path.name for path in (tmp_path / "owners").iterdir()] == ["id"]
    names = [path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert len([name for name in names if not name.startswith(".")]) == DOCUMENTS


def test_a_living_process_keeps_its_documents(kept_stores: Stores, database: Database, tmp_path: Path) -> None:
    place = Workplace(kept_stores, tmp_path)
    job = place.submit({f"{n}": f"w{n}" for n in range(6)})
    process = _start(database, place, job, seconds=3600)
    try:
        until(lambda: place.stores.documents.owners(job.id))
        held = place.stores.documents.owners(job.id)
        assert place.owners.dead(held) == frozenset()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert place.owners.dead(held) == held
    finally:
        process.kill()
        process.wait()


def test_of_strangers_nothing_is_certain(tmp_path: Path) -> None:
    owners = LocalOwners(tmp_path / "owners")
    with owners.enter() as owner:
        assert owners.dead(frozenset({owner.name, "another-machine-1"})) == frozenset()
    assert owners.dead(frozenset({owner.name, "another-machine-1"})) == {owner.name}
    elsewhere = LocalOwners(tmp_path / "elsewhere")
    assert elsewhere.dead(frozenset({owner.name})) == frozenset()


def test_the_files_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    owners = LocalOwners(tmp_path)
    with owners.enter() as first:
        left = tmp_path / f"{first.name.rsplit('-', 2)[0]}-1-deadbeef.lock"
        left.write_bytes(b"")
        starting = [tmp_path / "just-now.new", tmp_path / "long-ago.new"]
        for path in starting:
            path.write_bytes(b"")
        os.utime(starting[1], (0, 0))
        with owners.enter() as second:
            assert {path.stem for path in tmp_path.iterdir()} == {"id", "just-now", first.name, second.name}
    assert {path.name for path in tmp_path.iterdir()} == {"id", "just-now.new"}


def test_two_machines_that_look_alike_are_strangers(tmp_path: Path) -> None:
    """Containers have the same folders, and often the same name, with a disk each and one database."""
    seen, disks = tmp_path / "data", [tmp_path / "disk1", tmp_path / "disk2"]
    for disk in disks:
        disk.mkdir()
    seen.symlink_to(disks[0])
    with LocalOwners(seen).enter() as living:
        seen.unlink()
        seen.symlink_to(disks[1])
        with LocalOwners(seen).enter():
            assert LocalOwners(seen).dead(frozenset({living.name})) == frozenset()


def test_the_same_folder_is_known_again_under_another_name(tmp_path: Path) -> None:
    with LocalOwners(tmp_path / "before").enter() as owner:
        pass
    (tmp_path / "before").rename(tmp_path / "after")
    assert LocalOwners(tmp_path / "after").dead(frozenset({owner.name})) == {owner.name}


def test_all_who_start_at_once_agree_on_the_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: LocalOwners(tmp_path).enter().name, range(32)))
    assert len({name.split("-")[0] for name in names}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["id"]


def test_a_folder_that_takes_no_locks_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"in the way")
    with pytest.raises(StorageError, match=r"data/owners: .*DOCPROC_DATA_DIR"):
        LocalOwners(tmp_path / "data" / "owners").enter()
