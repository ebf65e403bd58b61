import signal

import pytest
from doubles.leaving import at_a_checkpoint, one_in_hand_and_one_in_line
from doubles.works import Works

from docproc.domain.document import JobState

pytestmark = pytest.mark.integration


def test_a_worker_that_is_told_to_end_hands_back_what_waits_at_a_checkpoint(works: Works) -> None:
    first, document = at_a_checkpoint(works)

    first.signal(signal.SIGTERM)

    # due, or with the broker again; as an attempt in vain it would count had its lease run out
    works.until(lambda: works.pages(document.id)[0].facts.state != "leased")
    assert works.stalled(document.id) == [0]
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


def test_canceling_frees_a_busy_slot(works: Works) -> None:
    busy, waiting = one_in_hand_and_one_in_line(works)

    works.stores.jobs.cancel(busy.id)

    works.until(lambda: len(works.reads()) == 2)  # what it was at would have kept it for ever
    assert works.until_ended(waiting).state is JobState.SUCCEEDED
    assert works.stores.jobs.get(busy.id).state is JobState.CANCELED
