from collections import Counter

import pytest
from doubles.ports import free_port
from doubles.works import Works

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import BrokerError
from docproc.domain.ids import new_id
from docproc.queueing.celery_app import celery_app
from docproc.queueing.celery_broker import CeleryBroker
from docproc.services.work_records import Step, Task, Worker

pytestmark = pytest.mark.integration


def test_a_job_ends_that_lost_every_message(works: Works) -> None:
    works.start_worker("read.nothing", slots=1, pool="threads")
    job = works.submit({f"{name}.pdf": ["one", "two"] for name in "abc"})
    # a worker that takes no message: what it would get piles up with the broker
    works.work.workers.announce(Worker(id="deaf", host="here", pid=1, version="1", queues=("prepare",), slots=2))
    works.until(lambda: sum(works.work.tasks.queued().values()) >= 2)

    works.valkey.flush()
    works.start_worker(slots=2)

    ended = works.until_ended(job)
    assert ended.state is JobState.SUCCEEDED
    assert Counter(works.reads()) == {"one": 3, "two": 3}


def test_a_job_is_taken_and_ends_though_the_broker_was_away_and_comes_back_empty(works: Works) -> None:
    works.start_worker(slots=2)
    first = works.submit({"a.pdf": ["!nap one", "!nap two", "!nap three", "!nap four"]})
    works.until(works.reads)

    works.valkey.kill()
    second = works.submit({"b.pdf": ["read while there is no broker"]})
    works.until(lambda: "broker_unreachable" in (works.folder / "worker-1.log").read_text())
    works.valkey.start()

    # the same worker goes on taking messages: its window was full when the broker went
    assert works.until_ended(first).state is JobState.SUCCEEDED
    assert works.until_ended(second).state is JobState.SUCCEEDED
    assert Counter(works.reads()).most_common(1)[0][1] == 1


def test_a_worker_starts_before_its_broker(works: Works) -> None:
    works.valkey.stop()
    worker = works.start_worker(slots=1)
    job = works.submit({"a.pdf": ["one"]})

    works.valkey.start()

    assert works.until_ended(job).state is JobState.SUCCEEDED
    assert worker.running


def test_a_message_that_comes_again_and_again_does_its_work_once(works: Works) -> None:
    works.start_worker(slots=2)
    job = works.submit({"a.pdf": ["!nap one", "two"]})
    works.until(works.reads)
    document = works.document(job)
    broker = CeleryBroker(celery_app(works.valkey.url))

    # as a broker does that takes a long task for lost
    again = [Task(step=Step.READ, queue="read.trap", id=document.id, first_page=page) for page in (1, 2)]
    stale = [[Task(step=step, queue=step.value, id=document.id)] for step in (Step.PREPARE, Step.ASSEMBLE)]
    broker.send([again, again[1:], *stale] * 5)
    works.until_ended(job)
    broker.send([again, again[1:], *stale] * 5)
    works.until(lambda: not any(broker.waiting(queue) for queue in ("read.trap", "prepare", "assemble")))

    assert sorted(works.reads()) == ["!nap one", "two"]
    assert works.stores.extractions.latest([document.id])
    assert len(list(works.stores.readings.of_document(document.id))) == 2
    assert works.document(job).state is DocumentState.NEEDS_REVIEW


def test_what_cannot_reach_the_broker_says_so_and_stays_due(works: Works) -> None:
    works.start_worker(slots=1, broker=f"redis://127.0.0.1:{free_port()}/0")
    job = works.submit({"a.pdf": ["one"]})

    works.until(lambda: "broker_unreachable" in (works.folder / "worker-1.log").read_text())
    works.start_worker(slots=1)

    assert works.until_ended(job).state is JobState.SUCCEEDED


def test_messages_are_counted_over_one_connection_that_is_made_anew_when_it_breaks(works: Works) -> None:
    broker = CeleryBroker(celery_app(works.valkey.url))
    broker.send([[Task(step=Step.PREPARE, queue="prepare", id=new_id())]] * 3)
    assert [broker.waiting("prepare") for _ in range(3)] == [3, 3, 3]
    assert broker.waiting("read.never") == 0

    works.valkey.kill()
    with pytest.raises(BrokerError):
        broker.waiting("prepare")
    works.valkey.start()

    assert broker.waiting("prepare") == 0
    works.valkey.kill()
    works.valkey.start()
    assert broker.waiting("prepare") == 0
