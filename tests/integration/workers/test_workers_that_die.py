import signal
from collections import Counter

import pytest
from doubles.command import write_pdf
from doubles.worker import kill_process
from doubles.works import Works

from docproc.domain.document import DocumentState, JobState
from docproc.domain.failure import FailureCode
from docproc.domain.page import PageState

pytestmark = pytest.mark.integration


def test_a_page_that_kills_its_worker_fails_after_three_attempts_and_the_others_are_read(works: Works) -> None:
    works.start_worker(slots=1)

    job = works.until_ended(works.submit({"a.pdf": ["one", "!die here", "three"]}))

    document = works.document(job)
    assert document.state is DocumentState.NEEDS_REVIEW
    states = {page.facts.number: page.facts.state for page in works.pages(document.id)}
    assert states == {1: PageState.READ, 2: PageState.FAILED, 3: PageState.READ}
    failure = works.pages(document.id)[1].failure
    assert failure is not None
    assert (failure.code, failure.page) == (FailureCode.CRASHED, 2)
    assert Counter(works.reads()) == {"one": 1, "!die here": 3, "three": 1}


def test_pages_that_were_read_together_with_a_deadly_one_are_read_without_it(works: Works) -> None:
    works.start_worker(slots=1)

    job = works.until_ended(works.submit({"a.pdf": ["one", "two", "!die", "four"]}, reader="trap4"))

    states = [page.facts.state for page in works.pages(works.document(job).id)]
    assert states == [PageState.READ, PageState.READ, PageState.FAILED, PageState.READ]


def test_a_document_whose_preparation_kills_its_worker_fails_after_three_attempts(works: Works) -> None:
    works.start_worker(slots=1)
    long = write_pdf(works.folder / "long.pdf", *[f"page {number}\n" * 40 for number in range(400)])
    victims: list[int] = []

    def killed_or_over() -> bool:
        document = works.document(job)
        owner = works.stores.documents.owners(job.id)
        if document.state is DocumentState.PREPARING and owner:
            # owners are named host/pid/mark
            victim = int(next(iter(owner)).split("/")[1])
            if victim not in victims:
                kill_process(victim)
                victims.append(victim)
        return document.state is DocumentState.FAILED

    job = works.submit_files([long])
    works.until(killed_or_over)

    document = works.document(job)
    assert document.failure is not None
    assert document.failure.code is FailureCode.CRASHED
    assert len(victims) == 3


def test_what_a_killed_worker_held_is_done_by_another(works: Works) -> None:
    first = works.start_worker("read.trap", "prepare", "assemble", slots=1)
    job = works.submit({"a.pdf": ["!nap then read"], "b.pdf": ["two"]})
    works.until(works.reads)
    second = works.start_worker(slots=1)

    first.kill()

    assert works.until_ended(job).state is JobState.SUCCEEDED
    assert second.running
    # the killed one held the role of handing out work, too
    works.until(lambda: all(worker.pid != first.pid for worker in works.work.workers.living(alive_s=2)))


def test_a_worker_stopped_past_its_lease_writes_nothing_when_it_wakes(works: Works) -> None:
    first = works.start_worker("read.trap", slots=1, pool="threads")
    works.start_worker("prepare", "assemble", slots=1)
    job = works.submit({"a.pdf": ["!nap and be late"]})
    works.until(works.reads)
    first.signal(signal.SIGSTOP)
    works.start_worker("read.trap", slots=1, pool="threads")

    ended = works.until_ended(job)
    document = works.document(ended)
    before = works.pages(document.id)
    first.signal(signal.SIGCONT)
    works.until(lambda: "lease_lost" in first.log.read_text())

    assert works.pages(document.id) == before
    assert len(list(works.stores.readings.of_document(document.id))) == 1
    assert works.document(job).attempt == document.attempt
    assert len(works.reads()) == 2


def test_a_page_at_which_its_reader_hangs_fails_and_its_slot_goes_on(works: Works) -> None:
    works.environment = {**works.environment, "DOCPROC_TASK_SECONDS": "5"}
    works.start_worker(slots=1)
    job = works.submit({"a.pdf": ["!hang for ever", "good"]})

    ended = works.until_ended(job)

    assert (ended.pages.read, ended.pages.failed) == (1, 1)
    assert works.reads().count("!hang for ever") == 3
