"""Pages that workers hand on to a model's queue: fenced, due there and nowhere else, found again after every loss."""

from collections.abc import Iterator

import pytest
from doubles.delivery import Depot, wrong_rows

from docproc.domain.document import DocumentState
from docproc.domain.errors import LeaseLostError
from docproc.domain.page import PageState
from docproc.services.records import Body, Document, StoredReading, WindowClaim

pytestmark = pytest.mark.integration

MODEL = "read.model"


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot) -> Iterator[None]:
    yield
    assert wrong_rows(depot) == []


def hand_over(depot: Depot, heads: dict[int, int]) -> Document:
    """A worker reads a window of six, saves what is sure and hands on the rest."""
    document = depot.prepared(6, window_pages=6)
    claim = depot.window(document.id)
    depot.read(claim, [number for number in range(1, 7) if number not in heads])
    return depot.stores.pages.hand_over(claim, heads, reader="model", queue=MODEL)


def test_pages_are_due_where_the_model_reads_and_nowhere_else(depot: Depot) -> None:
    document = hand_over(depot, {2: 2, 5: 2, 6: 6})
    pages = depot.stores.pages.pages(document.id)

    assert (document.state, document.pages.open, document.pages.read) == (DocumentState.READING, 3, 3)
    assert [page.facts.reader for page in pages if page.state is PageState.WAITING] == ["model"] * 3
    assert depot.enqueue("read.cpu") == []
    assert [task.first_page for task in depot.enqueue(MODEL)] == [2, 6]
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_the_first_page_of_a_window_may_go_while_the_rest_stays(depot: Depot) -> None:
    document = hand_over(depot, {1: 1})
    (task,) = depot.enqueue(MODEL)
    claim = depot.window(document.id, task.first_page)

    assert [page.facts.number for page in claim.pages] == [1]
    assert depot.read(claim).state is DocumentState.ASSEMBLING


def test_a_late_worker_hands_nothing_over(depot: Depot) -> None:
    document = depot.prepared(2, window_pages=2)
    late = depot.window(document.id)
    depot.lose()

    with pytest.raises(LeaseLostError):
        depot.stores.pages.hand_over(late, {1: 1}, reader="model", queue=MODEL)
    assert [task.queue for task in depot.enqueue("read.cpu")] == ["read.cpu"] * 2


def test_a_worker_that_dies_with_the_models_pages_leaves_them_to_the_model(depot: Depot) -> None:
    document = hand_over(depot, {2: 2, 5: 2})
    depot.window(document.id, 2)
    depot.lose()

    assert [task.first_page for task in depot.enqueue(MODEL)] == [2, 5]
    assert depot.enqueue("read.cpu") == []


def test_images_that_are_drawn_again_leave_pages_with_the_model(depot: Depot) -> None:
    document = hand_over(depot, {3: 3, 4: 3})
    depot.stores.documents.restart(depot.window(document.id, 3), keep_words=True)
    depot.stores.documents.keep_preparation(depot.claim(document.id))

    assert [task.first_page for task in depot.enqueue(MODEL)] == [3]
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_a_document_that_is_prepared_anew_begins_with_its_first_reader(depot: Depot) -> None:
    document = hand_over(depot, {3: 3})
    depot.stores.documents.restart(depot.window(document.id, 3))
    claim = depot.claim(document.id)
    depot.save_preparation(claim, [])

    assert depot.enqueue(MODEL) == []


def test_pages_are_counted_by_who_read_them(depot: Depot) -> None:
    document = hand_over(depot, {2: 2})
    job = depot.stores.jobs.get(document.job_id)

    assert depot.stores.pages.readers(job.id) == {"first_word": 5}


def assembling(depot: Depot, window_pages: int = 2) -> Document:
    """Every page of four is read, two together."""
    document = depot.prepared(4, window_pages=window_pages)
    for head in range(1, 5, window_pages):
        depot.read(depot.window(document.id, head))
    return depot.stores.documents.get(document.id)


def test_windows_that_are_read_again_wait_where_they_were_read(depot: Depot) -> None:
    document = assembling(depot)
    reopened = depot.stores.readings.reopen(depot.claim(document.id), [(3, 4)])

    assert (reopened.state, reopened.pages.open, reopened.pages.read) == (DocumentState.READING, 2, 2)
    (task,) = depot.enqueue("read.cpu")
    claim = depot.window(document.id, task.first_page)
    assert [page.facts.reader for page in claim.pages] == ["first_word"] * 2
    depot.stores.readings.save(claim, again_of(claim), seconds=0.1, again=True)
    readings = list(depot.stores.readings.of_document(document.id))
    assert [(reading.pages, reading.reading_key) for reading in readings][1] == ((3, 4), "again")
    assert len(readings) == 2
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_a_window_that_is_lost_while_it_is_read_again_keeps_what_was_read(depot: Depot) -> None:
    document = assembling(depot)
    depot.stores.readings.reopen(depot.claim(document.id), [(3, 4)])
    depot.window(document.id, 3)
    depot.lose()
    heads = [task.first_page for task in depot.enqueue("read.cpu")]
    assert heads == [3, 4]
    kept = [depot.stores.readings.keep(depot.window(document.id, head), [head]) for head in heads]

    assert kept[-1].state is DocumentState.ASSEMBLING
    assert [reading.pages for reading in depot.stores.readings.of_document(document.id)] == [(1, 2), (3, 4)]


def again_of(claim: WindowClaim) -> StoredReading:
    return StoredReading(
        reading_key="again",
        reader="first_word",
        reader_version="1",
        pages=tuple(page.facts.number for page in claim.pages),
        complete=False,
        body=Body(text="{}"),
    )
