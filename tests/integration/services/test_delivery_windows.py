"""Windows of which something is lost or fails on the way: what is left of them is always due again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from doubles.delivery import BAD_PAGE, Depot, page, wrong_rows
from doubles.documents import FirstWordReader, accept_text
from doubles.jobs import Workplace

from docproc.domain.document import DocumentState
from docproc.domain.page import PageState
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.services.prepare import prepare
from docproc.services.read import read_claimed
from docproc.services.records import JobOptions, PageCounts
from docproc.services.submit import submit

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot) -> Iterator[None]:
    yield
    assert wrong_rows(depot) == []


def _heads(depot: Depot) -> list[int]:
    return [task.first_page for task in depot.enqueue("read.cpu")]


def test_lost_images_free_every_open_page_of_the_document(depot: Depot) -> None:
    document = depot.prepared(8, window_pages=2)
    depot.read(depot.window(document.id, 1, owner="a"), [1])
    mine = depot.window(document.id, 3, owner="b")
    depot.window(document.id, 5, owner="c")
    depot.enqueue("read.cpu", limit=1)
    depot.stores.documents.restart(mine, keep_words=True)
    states = [each.state for each in depot.stores.pages.pages(document.id)]
    assert states == [PageState.READ] + [PageState.WAITING] * 7
    assert depot.work.leases.standing("a") == depot.work.leases.standing("c") == frozenset()
    depot.stores.documents.keep_preparation(depot.claim(document.id))
    assert _heads(depot) == [2, 3, 5, 7]
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_the_rest_of_a_window_is_due_when_its_first_page_fails_while_images_are_drawn_again(depot: Depot) -> None:
    document = depot.prepared(4, window_pages=4)
    depot.stores.documents.restart(depot.window(document.id), keep_words=True)
    preparing = depot.claim(document.id)
    depot.stores.pages.fail(preparing, 1, BAD_PAGE)
    depot.stores.documents.keep_preparation(preparing)
    assert _heads(depot) == [2]
    assert depot.finish(document.id).pages == PageCounts(total=4, read=3, failed=1)


def test_the_first_page_that_is_printed_is_one_that_can_be_read(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    pages = [page(1, PageState.BLANK), page(2, PageState.FAILED), page(3), page(4)]
    depot.save_preparation(depot.claim(document.id), pages)
    assert depot.stores.pages.first_printed(document.id) == 3
    depot.finish(document.id)


class _LongWinded(FirstWordReader):
    """What it reads is too long for a row."""

    window_pages = 1

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        reading = super().read(window, schema)
        return replace(reading, record={**reading.record, "number": "x" * 500_000})


def test_a_reading_never_takes_the_place_of_one_of_an_earlier_preparation(depot: Depot) -> None:
    place = Workplace(depot.stores, depot.folder, reader=_LongWinded())
    new_job = replace(place.new_job(JobOptions(keep_originals=True)), queue="read.cpu")
    job = submit(depot.stores, new_job, place.write({"a.txt": "one\ntwo"}), accept=accept_text)
    (document,) = depot.documents(job)
    context = place.context(job)

    def first_page_read() -> set[str]:
        claim = depot.claim(document.id)
        prepare(claim, claim.document, context)
        read_claimed(depot.window(document.id, 1), context)
        return set(depot.stores.blobs.keys("local/reading/"))

    before = first_page_read()
    depot.stores.documents.restart(depot.window(document.id, 2))
    assert len(first_page_read() - before) == len(before) == 1
    depot.stores.jobs.cancel(job.id)


def test_a_page_that_fails_leaves_other_windows_whole_that_are_with_the_broker(depot: Depot) -> None:
    document = depot.prepared(8, window_pages=4)
    assert _heads(depot) == [1, 5]
    depot.stores.pages.fail(depot.window(document.id, 1), 2, BAD_PAGE)
    assert [each.facts.number for each in depot.window(document.id, 5).pages] == [5, 6, 7, 8]
