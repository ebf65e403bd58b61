"""What a service does every hour so that it does not grow."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from doubles.jobs import Workplace

from docproc.services.blob_keys import BlobKind
from docproc.services.job_context import SystemClock
from docproc.services.orphans import remove_orphans
from docproc.services.upkeep import ROLE, ServiceClock, keep_house
from docproc.services.work_on import LeaveWork
from docproc.storage.database import Database
from docproc.storage.stores import stores_over, upkeep_stores_over, work_stores_over

pytestmark = pytest.mark.integration


class Tomorrow(SystemClock):
    """Two days from now."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=2)


def test_blobs_of_nobody_and_old_images_go_and_the_rest_stays(database: Database, tmp_path: Path) -> None:
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)
    job = place.run(place.submit({"a.txt": "one"}))
    (document,) = place.stores.documents.page_through(job.id)
    lost = f"local/words/{document.id.hex}.77"
    image = f"local/image/{document.original.sha256}.1.0"
    for key in (lost, image):
        place.stores.blobs.put(key, [b"x"])
    before = set(place.stores.blobs.keys("local/words/"))
    work, names = work_stores_over(database), upkeep_stores_over(database).names

    def keep(clock: SystemClock, holder: str = "me") -> int | None:
        removed = keep_house(place.stores, names, work, holder=holder, clock=clock)
        return None if removed is None else removed.blobs

    assert keep(SystemClock()) == 0  # too young: their rows may come yet
    assert keep(Tomorrow()) == 2
    assert set(place.stores.blobs.keys("local/words/")) == before - {lost}
    assert list(place.stores.blobs.keys("local/image/")) == []
    assert work.workers.hold_role(ROLE, "another", for_s=60)
    assert keep(Tomorrow()) is None


def _place(database: Database, folder: Path) -> Workplace:
    return Workplace(stores_over(database, folder / "blobs"), folder)


def test_images_of_documents_that_wait_to_be_read_stay_however_old(database: Database, tmp_path: Path) -> None:
    place = _place(database, tmp_path)
    job = place.submit({"a.txt": "one"})
    (document,) = place.stores.documents.page_through(job.id)
    image = f"local/image/{document.original.sha256}.1.0"
    place.stores.blobs.put(image, [b"x"])
    work, names = work_stores_over(database), upkeep_stores_over(database).names
    keep_house(place.stores, names, work, holder="me", clock=Tomorrow())
    assert place.stores.blobs.size(image) == 1
    place.run(job)
    keep_house(place.stores, names, work, holder="me", clock=Tomorrow())
    assert place.stores.blobs.size(image) is None


def test_what_others_put_beside_our_blobs_is_left_alone(database: Database, tmp_path: Path) -> None:
    place = _place(database, tmp_path)
    place.run(place.submit({"a.txt": "one"}))
    strange = [f"local/{kind}/backup" for kind in BlobKind]
    for key in strange:
        place.stores.blobs.put(key, [b"x"])
    work, names = work_stores_over(database), upkeep_stores_over(database).names
    assert keep_house(place.stores, names, work, holder="me", clock=Tomorrow()) is not None
    remove_orphans(place.stores, tenant="local", before=Tomorrow().now())
    assert [place.stores.blobs.size(key) for key in strange] == [1] * len(strange)


class Hours(Tomorrow):
    """Every look at it takes an hour."""

    def __init__(self) -> None:
        self._hours = 0

    def monotonic(self) -> float:
        self._hours += 1
        return self._hours * 3600.0


def test_upkeep_that_takes_long_keeps_its_role_and_ends_when_it_has_lost_it(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = _place(database, tmp_path)
    place.run(place.submit({"a.txt": "one"}))
    orphan = f"local/words/{'0' * 32}.1"
    place.stores.blobs.put(orphan, [b"x"])
    work, names = work_stores_over(database), upkeep_stores_over(database).names

    def expire() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE roles SET expires_at = '2000-01-01 00:00:00+00:00'")

    def lose() -> None:
        expire()
        work.workers.hold_role(ROLE, "another", for_s=3600)

    caplog.set_level("INFO", logger="docproc")
    lost = keep_house(place.stores, names, work, holder="me", clock=Hours(), checkpoint=lose)
    assert lost is not None
    assert place.stores.blobs.size(orphan) == 1
    assert "what nobody needs was deleted" not in caplog.messages
    expire()
    kept = keep_house(place.stores, names, work, holder="me", clock=Hours(), checkpoint=expire)
    assert kept is not None
    assert place.stores.blobs.size(orphan) is None
    assert "what nobody needs was deleted" in caplog.messages


def test_upkeep_stops_when_its_worker_leaves_and_another_goes_on(database: Database, tmp_path: Path) -> None:
    place = _place(database, tmp_path)
    place.run(place.submit({"a.txt": "one"}))
    orphan = f"local/words/{'0' * 32}.1"
    place.stores.blobs.put(orphan, [b"x"])
    work, names = work_stores_over(database), upkeep_stores_over(database).names

    def leave() -> None:
        raise LeaveWork

    with pytest.raises(LeaveWork):
        keep_house(place.stores, names, work, holder="me", clock=Tomorrow(), checkpoint=leave)
    assert place.stores.blobs.size(orphan) == 1
    assert keep_house(place.stores, names, work, holder="another", clock=Tomorrow()) is not None
    assert place.stores.blobs.size(orphan) is None


def test_how_old_a_blob_is_goes_by_the_clock_of_the_database(database: Database) -> None:
    clock = ServiceClock(upkeep_stores_over(database).census)
    assert abs(clock.now() - SystemClock().now()) < timedelta(minutes=1)
