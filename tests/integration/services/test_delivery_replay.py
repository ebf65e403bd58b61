"""Failed pages that are read again while their document is still worked on."""

import pytest
from doubles.delivery import BAD_PAGE, Depot, wrong_rows

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError
from docproc.services.records import Document, PageCounts

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot):
    yield
    assert wrong_rows(depot) == []


def test_a_page_is_not_replayed_while_a_worker_concludes_its_document(depot: Depot) -> None:
    document = _with_a_failed_page(depot)
    concluding = depot.claim(document.id)
    with pytest.raises(ConflictError, match="try again in a moment"):
        depot.replay(document.id, 2)
    assert depot.stores.documents.begin_assembling(concluding).state is DocumentState.ASSEMBLING
    assert depot.finish(document.id).pages == PageCounts(total=2, read=1, failed=1)


def test_a_page_is_replayed_though_a_message_to_conclude_its_document_is_out(depot: Depot) -> None:
    document = _with_a_failed_page(depot)
    assert [task.first_page for task in depot.enqueue("read.cpu")] == [0]
    depot.replay(document.id, 2)
    assert wrong_rows(depot) == []
    assert depot.work.leases.claim_document(document.id, owner="w", lease_s=60) is None  # the message comes
    assert [task.first_page for task in depot.enqueue("read.cpu")] == [2]
    done = depot.finish(document.id)
    assert (done.state, done.pages) == (DocumentState.SUCCEEDED, PageCounts(total=2, read=2))


def test_no_record_is_made_while_a_page_waits(depot: Depot) -> None:
    document = _with_a_failed_page(depot)
    concluding = depot.claim(document.id)
    # whatever brought it back
    depot.run("UPDATE pages SET state = 'waiting', failure = NULL WHERE number = 2")
    for table in ("documents", "jobs"):
        depot.run(f"UPDATE {table} SET pages_failed = 0, pages_open = 1")  # noqa: S608
    assert depot.stores.documents.begin_assembling(concluding).state is DocumentState.READING
    assert depot.finish(document.id).pages == PageCounts(total=2, read=2)


def _with_a_failed_page(depot: Depot) -> Document:
    """One page read, the other failed; that nothing is left to read was not said yet."""
    document = depot.prepared(2)
    depot.read(depot.window(document.id, 1))
    return depot.stores.pages.fail(depot.window(document.id, 2), 2, BAD_PAGE)
