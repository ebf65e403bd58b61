"""Workers at a page that never ends by itself, for tests of how they let go of it."""

from docproc.services.records import Document, Job
from doubles.worker import WorkerProcess
from doubles.works import Works


def at_a_checkpoint(works: Works) -> tuple[WorkerProcess, Document]:
    """The worker that reads, and what it reads; another one lives, which reads nothing."""
    reading = works.start_worker("read.trap", slots=1)
    works.start_worker("prepare", "assemble", slots=1)
    job = works.submit({"a.pdf": ["!wait for it"]})
    works.until(works.reads)
    return reading, works.document(job)


def one_in_hand_and_one_in_line(works: Works) -> tuple[Job, Job]:
    """The only slot that reads is at the first one."""
    works.start_worker("read.trap", slots=1)
    works.start_worker("prepare", "assemble", slots=1)
    busy = works.submit({"a.pdf": ["!wait for ever"]})
    works.until(works.reads)
    waiting = works.submit({"b.pdf": ["next in turn"]})
    works.until(lambda: works.work.tasks.queued().get("read.trap"))
    return busy, waiting
