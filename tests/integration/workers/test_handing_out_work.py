import pytest
from doubles.works import Works

from docproc.domain.document import DocumentState, JobState
from docproc.domain.failure import FailureCode
from docproc.services.dispatching import waiting_for
from workers.keeper import ROLE

pytestmark = pytest.mark.integration


def test_another_worker_hands_out_work_when_the_one_that_did_is_killed(works: Works) -> None:
    first = works.start_worker("read.trap", slots=1)  # alone, so it has the role
    works.until(lambda: not works.work.workers.hold_role(ROLE, "nobody", for_s=0.05))
    second = works.start_worker(slots=1)

    first.kill()
    job = works.submit({"a.pdf": ["one"]})

    assert works.until_ended(job).state is JobState.SUCCEEDED
    assert second.running


def test_a_job_says_which_worker_it_waits_for_and_goes_on_when_there_is_one(works: Works) -> None:
    works.start_worker("prepare", "assemble", slots=1)
    job = works.submit({"a.pdf": ["one"]})
    works.until(lambda: works.document(job).state is DocumentState.READING)

    def missing() -> str | None:
        capacity = works.work.tasks.capacity(alive_s=15)
        return waiting_for(job.queue, capacity, works.work.tenants.pauses(), tenant=job.tenant)

    assert missing() == "a worker serving trap"
    works.start_worker("read.trap", slots=1)
    works.until(lambda: missing() is None)
    assert works.until_ended(job).state is JobState.SUCCEEDED


def test_a_document_whose_original_is_pulled_from_under_it_fails_alone(works: Works) -> None:
    job = works.submit({"a.pdf": ["one"], "b.pdf": ["two"], "c.pdf": ["three"]})
    key = works.document(job, 1).original.blob_key
    assert key is not None
    works.stores.blobs.delete(key)

    works.start_worker(slots=2)
    ended = works.until_ended(job)

    assert ended.state is JobState.PARTIAL
    states = [works.document(job, place).state for place in range(3)]
    assert states == [DocumentState.NEEDS_REVIEW, DocumentState.FAILED, DocumentState.NEEDS_REVIEW]
    failure = works.document(job, 1).failure
    assert failure is not None
    assert failure.code is FailureCode.UNREADABLE


def test_words_that_are_pulled_from_under_a_document_are_made_again(works: Works) -> None:
    works.start_worker("prepare", slots=1)
    job = works.submit({"a.pdf": ["one", "two"]})
    works.until(lambda: works.document(job).state is DocumentState.READING)
    for key in works.stores.blobs.keys("local/words/"):
        works.stores.blobs.delete(key)

    works.start_worker("read.trap", "assemble", slots=1)

    assert works.until_ended(job).state is JobState.SUCCEEDED
    assert sorted(works.reads()) == ["one", "two"]
