"""Work that takes long and is canceled meanwhile, and how long it took to let go."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from docproc.domain.errors import LeaseLostError
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.prepare import prepare
from docproc.services.records import JobOptions
from docproc.services.submit import SubmittedFile, submit
from docproc.services.work_records import Held
from doubles.delivery import Depot
from doubles.documents import accept_text
from doubles.jobs import Workplace
from doubles.openai_server import OpenAiServer
from doubles.remote_reading import BILL, read


def _dense_scan(path: Path) -> SubmittedFile:
    """So much print that to recognise it takes several seconds on any machine."""
    image = Image.new("L", (2480, 3508), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(30)
    for line in range(80):
        draw.text((100, 100 + 41 * line), " ".join(f"word{line}{place}" for place in range(18)), fill=0, font=font)
    image.save(path, "PDF", resolution=300)
    return SubmittedFile(path=path, name=path.name)


def cancel_while_recognising(depot: Depot, folder: Path) -> tuple[float, int]:
    """The seconds from the cancel to the slot that is free, and how many parsing children are left then."""
    place = Workplace(depot.stores, folder)
    new_job = replace(place.new_job(JobOptions(keep_originals=True)), queue="read.cpu")
    job = submit(depot.stores, new_job, [_dense_scan(folder / "scan.pdf")], accept=accept_text)
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
        freed, left = time.monotonic(), len(pool._free)
    canceling.join()
    in_hand.close()
    return freed - canceled[0], left


class CanceledError(Exception):
    """What a checkpoint says when nobody wants the work any more."""


def cancel_while_a_server_answers(server: OpenAiServer) -> float:
    """The seconds from the cancel to the reader that is free."""
    wanted = threading.Event()
    wanted.set()
    canceled: list[float] = []

    def checkpoint() -> None:
        if not wanted.is_set():
            raise CanceledError

    def cancel() -> None:
        canceled.append(time.monotonic())
        wanted.clear()

    timer = threading.Timer(1.0, cancel)
    timer.start()
    with pytest.raises(CanceledError):
        read(server, replace(BILL, checkpoint=checkpoint), timeout_s=60)
    freed = time.monotonic()
    timer.join()
    return freed - canceled[0]
