"""What a service does every hour so that it does not grow."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from doubles.jobs import Workplace

from docproc.services.job_context import SystemClock
from docproc.services.upkeep import ROLE, keep_house
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
