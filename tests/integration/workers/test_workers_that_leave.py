import signal

import pytest
from doubles.works import Works

from docproc.domain.document import JobState

pytestmark = pytest.mark.integration


def test_a_worker_that_is_told_to_end_hands_back_what_waits_at_a_checkpoint_within_two_seconds(works: Works) -> None:
    first = works.start_worker("read.trap", slots=1)
    works.start_worker("prepare", "assemble", slots=1)
    job = works.submit({"a.pdf": ["!wait for it"]})
    works.until(works.reads)
    document = works.document(job)

    first.signal(signal.SIGTERM)

    # due, or with the broker again; that it was begun does not count as an attempt that failed
    works.until(lambda: works.pages(document.id)[0].facts.state != "leased", seconds=2.0)
    assert first.wait() == 0
    assert works.work.workers.living(alive_s=60)[0].pid != first.pid
    works.start_worker("read.trap", slots=1)
    works.until(lambda: len(works.reads()) == 2)


def test_a_worker_that_is_told_to_end_hands_back_what_comes_to_no_checkpoint(works: Works) -> None:
    first = works.start_worker("read.trap", slots=1, pool="threads")
    works.start_worker("prepare", "assemble", slots=1)
    works.start_worker("read.trap", slots=1, pool="threads")
    job = works.submit({"a.pdf": ["!nap first"], "b.pdf": ["!nap second"]})
    works.until(lambda: len(works.reads()) == 2)

    first.signal(signal.SIGTERM)

    ended = works.until_ended(job)
    assert ended.state is JobState.SUCCEEDED
    assert ended.pages.read == 2


def test_canceling_frees_a_busy_slot_within_a_second(works: Works) -> None:
    works.start_worker("read.trap", slots=1)
    works.start_worker("prepare", "assemble", slots=1)
    busy = works.submit({"a.pdf": ["!wait for ever"]})
    works.until(works.reads)
    waiting = works.submit({"b.pdf": ["next in turn"]})
    works.until(lambda: works.work.tasks.queued().get("read.trap"))

    works.stores.jobs.cancel(busy.id)

    works.until(lambda: len(works.reads()) == 2, seconds=1.5)
    assert works.until_ended(waiting).state is JobState.SUCCEEDED
    assert works.stores.jobs.get(busy.id).state is JobState.CANCELED
