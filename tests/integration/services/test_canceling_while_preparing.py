"""A slot that prepares a slow page is free within a second when its job is canceled."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.delivery import Depot, wrong_rows
from doubles.documents import accept_text
from doubles.jobs import Workplace
from PIL import Image, ImageDraw, ImageFont

from docproc.domain.errors import LeaseLostError
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.prepare import prepare
from docproc.services.records import JobOptions
from docproc.services.submit import SubmittedFile, submit
from docproc.services.work_records import Held

pytestmark = pytest.mark.integration


def _dense_scan(path: Path) -> SubmittedFile:
    """So much print that to recognise it takes several seconds on any machine."""
    image = Image.new("L", (2480, 3508), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(30)
    for line in range(80):
        draw.text((100, 100 + 41 * line), " ".join(f"word{line}{place}" for place in range(18)), fill=0, font=font)
    image.save(path, "PDF", resolution=300)
    return SubmittedFile(path=path, name=path.name)


def test_a_slot_that_recognises_a_page_is_free_within_a_second_of_a_cancel(depot: Depot, tmp_path: Path) -> None:
    place = Workplace(depot.stores, tmp_path)
    new_job = replace(place.new_job(JobOptions(keep_originals=True)), queue="read.cpu")
    job = submit(depot.stores, new_job, [_dense_scan(tmp_path / "scan.pdf")], accept=accept_text)
    (document,) = depot.documents(job)
    in_hand = LeasesInHand(depot.work.leases, beat=Beat())
    claim = depot.claim(document.id, owner=in_hand.owner)
    canceled: list[float] = []

    def cancel() -> None:
        depot.stores.jobs.cancel(job.id)
        canceled.append(time.monotonic())

    with ChildPool(size=1) as pool:
        context = replace(place.context(job), source=DocprocPages(pool))
        canceling = threading.Timer(1.5, cancel)
        canceling.start()
        with in_hand.holding(Held(id=document.id)) as checkpoint, pytest.raises(LeaseLostError):
            prepare(claim, claim.document, context, checkpoint=checkpoint)
        freed = time.monotonic()
    canceling.join()
    in_hand.close()
    assert freed - canceled[0] < 1
    assert wrong_rows(depot) == []
