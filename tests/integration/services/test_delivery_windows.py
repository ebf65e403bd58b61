"""Windows of which something is lost or fails on the way: what is left of them is always due again."""

import pytest
from doubles.delivery import BAD_PAGE, Depot, page, wrong_rows

from docproc.domain.document import DocumentState
from docproc.domain.page import PageState
from docproc.services.records import PageCounts

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot):
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
