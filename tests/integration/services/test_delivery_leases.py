"""Leases of documents and pages: fenced, counted before the work, given up after three deaths."""

from functools import partial

import pytest
from doubles.delivery import BAD_PAGE, Depot, at_once, page, wrong_rows
from sqlalchemy import text

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError, LeaseLostError
from docproc.domain.failure import FailureCode, Phase
from docproc.domain.page import PageState
from docproc.services.records import Document, PageCounts
from docproc.services.work_records import Held
from docproc.storage.documents import MAX_STALLED

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot):
    yield
    assert wrong_rows(depot) == []


def _states(depot: Depot, document: Document) -> list[PageState]:
    return [each.state for each in depot.stores.pages.pages(document.id)]


def test_a_document_is_claimed_once_and_for_one_step(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    claims = at_once(
        [lambda: depot.work.leases.claim_document(document.id, owner="each", lease_s=60) for _ in range(8)]
    )
    [claim] = [claim for claim in claims if claim is not None]
    assert (claim.attempt, claim.document.state, claim.one_step) == (1, DocumentState.PREPARING, True)
    depot.save_preparation(claim, [page(1)])
    with pytest.raises(LeaseLostError):
        depot.stores.documents.fail(claim, BAD_PAGE)


def test_a_window_is_claimed_once(depot: Depot) -> None:
    document = depot.prepared(4, window_pages=2)
    claims = at_once(
        [lambda: depot.work.leases.claim_window(document.id, 3, owner="each", lease_s=60) for _ in range(8)]
    )
    [claim] = [claim for claim in claims if claim is not None]
    assert [(each.facts.number, each.attempt) for each in claim.pages] == [(3, 1), (4, 1)]
    assert _states(depot, document) == [PageState.WAITING] * 2 + [PageState.LEASED] * 2


def test_a_document_with_open_pages_is_claimed_page_by_page_only(depot: Depot) -> None:
    document = depot.prepared(2)
    assert depot.work.leases.claim_document(document.id, owner="w", lease_s=60) is None
    assert depot.work.leases.claim_window(document.id, 7, owner="w", lease_s=60) is None


def test_a_worker_that_slept_past_the_lease_of_its_document_writes_nothing(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    late = depot.claim(document.id, owner="late")
    depot.expire()
    assert depot.work.tasks.sweep().freed == 1
    assert depot.stores.documents.get(document.id).state is DocumentState.RECEIVED
    current = depot.claim(document.id, owner="current")
    before = depot.rows("SELECT * FROM documents")
    for write in (
        lambda: depot.save_preparation(late, [page(1)]),
        lambda: depot.read(late, []),
        lambda: depot.assemble(late),
        lambda: depot.stores.documents.fail(late, BAD_PAGE),
        lambda: depot.stores.documents.release(late),
        lambda: depot.stores.documents.restart(late),
        lambda: depot.stores.documents.cancel(late),
        lambda: depot.stores.pages.fail(late, 1, BAD_PAGE),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert depot.rows("SELECT * FROM documents") == before
    assert current.attempt == 2


@pytest.mark.parametrize("same_owner", [True, False], ids=["same owner", "another owner"])
def test_a_worker_that_slept_past_the_lease_of_its_window_writes_nothing(depot: Depot, same_owner: bool) -> None:
    document = depot.prepared(2)
    late = depot.window(document.id, owner="late")
    depot.expire()
    assert depot.work.tasks.sweep().freed == 1
    current = depot.window(document.id, owner="late" if same_owner else "current")
    before = depot.rows("SELECT * FROM pages ORDER BY number")
    for write in (
        lambda: depot.read(late),
        lambda: depot.read(late, complete=True),
        lambda: depot.stores.pages.fail(late, 1, BAD_PAGE),
        lambda: depot.stores.documents.fail(late, BAD_PAGE),
        lambda: depot.stores.documents.release(late),
        lambda: depot.stores.documents.restart(late),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert depot.rows("SELECT * FROM pages ORDER BY number") == before
    assert depot.rows("SELECT * FROM readings") == depot.rows("SELECT * FROM usage") == []
    assert depot.read(current).pages.read == 1


def test_a_window_of_an_earlier_preparation_is_fenced_off(depot: Depot) -> None:
    document = depot.prepared(2)
    late, restarting = depot.window(document.id, 1, owner="me"), depot.window(document.id, 2, owner="me")
    depot.stores.documents.restart(restarting)
    depot.save_preparation(depot.claim(document.id), [page(1), page(2)])
    current = depot.window(document.id, 1, owner="me")
    assert late.attempt == current.attempt == 1
    with pytest.raises(LeaseLostError):
        depot.read(late)
    depot.read(current)


def test_renewed_leases_stand_and_the_others_are_swept(depot: Depot) -> None:
    document, other = depot.prepared(2), depot.documents(depot.submit())[0]
    depot.window(document.id, 1, owner="beating")
    depot.window(document.id, 2, owner="silent")
    depot.claim(other.id, owner="beating")
    held = [Held(id=document.id, first_page=1), Held(id=other.id), Held(id=document.id, first_page=2)]
    depot.work.leases.extend("beating", held, lease_s=3600)
    depot.expire(after_s=600)
    assert depot.work.tasks.sweep().freed == 1
    assert depot.work.leases.standing("beating") == {Held(id=document.id, first_page=1), Held(id=other.id)}
    assert depot.work.leases.standing("silent") == frozenset()


def test_a_lease_that_is_in_nobodys_hand_expires_though_its_owner_lives(depot: Depot) -> None:
    document, other = depot.prepared(2), depot.documents(depot.submit())[0]
    depot.window(document.id, 1, owner="beating")
    depot.window(document.id, 2, owner="beating")
    depot.claim(other.id, owner="beating")
    depot.work.leases.extend("beating", [Held(id=document.id, first_page=1)], lease_s=3600)
    depot.work.leases.extend("beating", [], lease_s=3600)
    depot.expire(after_s=600)
    assert depot.work.tasks.sweep().freed == 2
    assert depot.work.leases.standing("beating") == {Held(id=document.id, first_page=1)}


def test_what_workers_do_now_is_counted_by_tasks(depot: Depot) -> None:
    document, other = depot.prepared(4, window_pages=2), depot.documents(depot.submit())[0]
    assert depot.work.tasks.running() == 0
    depot.read(depot.window(document.id, 1), [1])
    depot.window(document.id, 3)
    depot.claim(other.id)
    assert depot.work.tasks.running() == 3


def test_what_a_stopped_client_locks_does_not_keep_the_rest_from_being_swept(depot: Depot) -> None:
    held, free = depot.prepared(1), depot.prepared(1)
    for document in (held, free):
        depot.window(document.id)
    others = [depot.documents(depot.submit(job=depot.new_job()))[0] for _ in range(2)]
    for document in others:
        depot.claim(document.id)
    depot.expire()
    with depot.database.write() as stopped:
        for job_id in (held.job_id, others[0].job_id):
            stopped.execute(text("SELECT 1 FROM jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        assert depot.work.tasks.sweep().freed == 3  # to free a page needs no job's row
    assert depot.work.tasks.sweep().freed == 1


def test_a_page_lost_three_times_fails_and_its_document_goes_on(depot: Depot) -> None:
    document = depot.prepared(3)
    depot.read(depot.window(document.id, 1))
    for attempt in range(1, MAX_STALLED + 1):
        assert depot.window(document.id, 2).attempt == attempt
        depot.lose()
    assert _states(depot, document) == [PageState.READ, PageState.FAILED, PageState.WAITING]
    failure = depot.stores.pages.pages(document.id)[1].failure
    assert failure is not None
    assert (failure.code, failure.page, failure.phase) == (FailureCode.CRASHED, 2, Phase.READ)
    assert depot.work.leases.claim_window(document.id, 2, owner="w", lease_s=60) is None
    depot.read(depot.window(document.id, 3))
    done = depot.finish(document.id)
    assert (done.state, done.pages) == (DocumentState.NEEDS_REVIEW, PageCounts(total=3, read=2, failed=1))


def test_a_document_of_which_every_page_kills_its_worker_ends(depot: Depot) -> None:
    document = depot.prepared(2)
    for _ in range(MAX_STALLED):
        depot.window(document.id, 1)
        depot.window(document.id, 2)
        depot.lose()
    assert _states(depot, document) == [PageState.FAILED] * 2
    claim = depot.claim(document.id)  # to say so is the reading step's
    assert claim.document.state is DocumentState.READING
    assert depot.stores.documents.fail(claim, BAD_PAGE).state is DocumentState.FAILED


def test_a_document_lost_three_times_fails(depot: Depot) -> None:
    job = depot.submit(2)
    poison, good = depot.documents(job)
    for attempt in range(1, MAX_STALLED + 1):
        assert depot.claim(poison.id).attempt == attempt
        depot.lose()
    found = depot.stores.documents.get(poison.id)
    assert found.state is DocumentState.FAILED
    assert found.failure is not None
    assert found.failure.code is FailureCode.CRASHED
    depot.finish(good.id)
    assert depot.job(job).state is JobState.PARTIAL


def test_a_document_that_is_lost_while_it_is_assembled_fails_too(depot: Depot) -> None:
    document = depot.prepared(1)
    depot.read(depot.window(document.id))
    for _ in range(MAX_STALLED):
        depot.claim(document.id)
        depot.lose()
    found = depot.stores.documents.get(document.id)
    assert found.failure is not None
    assert (found.state, found.failure.phase) == (DocumentState.FAILED, Phase.ASSEMBLE)


def test_a_window_that_was_lost_is_read_page_by_page(depot: Depot) -> None:
    document = depot.prepared(6, window_pages=3)
    depot.window(document.id, 1)
    depot.lose()
    heads = [task.first_page for task in depot.enqueue("read.cpu")]
    assert heads == [1, 2, 3, 4]  # the other window was not to blame
    for attempt in range(2, MAX_STALLED + 1):
        assert depot.window(document.id, 2).attempt == attempt
        depot.lose()
    depot.finish(document.id)
    assert [state is PageState.FAILED for state in _states(depot, document)] == [False, True] + [False] * 4


def test_what_is_left_of_a_window_is_due_again_when_its_worker_leaves(depot: Depot) -> None:
    document = depot.prepared(4, window_pages=4)
    claim = depot.window(document.id, 1)
    depot.read(claim, [1, 2])
    depot.stores.pages.fail(claim, 3, BAD_PAGE)
    depot.stores.documents.release(claim)
    assert [task.first_page for task in depot.enqueue("read.cpu")] == [4]
    with pytest.raises(LeaseLostError):
        depot.stores.documents.release(claim)
    assert depot.finish(document.id).pages == PageCounts(total=4, read=3, failed=1)


@pytest.mark.parametrize("left", [1, 2], ids=["one page", "two pages"])
def test_what_is_left_of_a_window_is_due_again_when_its_worker_dies(depot: Depot, left: int) -> None:
    document = depot.prepared(4, window_pages=4)
    depot.read(depot.window(document.id, 1), range(1, 5 - left))
    depot.lose()
    assert [task.first_page for task in depot.enqueue("read.cpu")] == [4, 3][:left][::-1]
    assert depot.finish(document.id).pages == PageCounts(total=4, read=4)


def test_a_reader_that_is_missing_fails_the_document_also_when_some_pages_are_done(depot: Depot) -> None:
    document = depot.prepared(4, window_pages=4)
    claim = depot.window(document.id, 1)
    depot.read(claim, [1, 2])
    failed = depot.stores.documents.fail(claim, BAD_PAGE)
    assert (failed.state, failed.pages) == (DocumentState.FAILED, PageCounts(total=4, read=2, failed=2))


def test_work_that_is_handed_back_does_not_count_as_lost(depot: Depot) -> None:
    job = depot.submit()
    document = depot.documents(job)[0]
    for _ in range(MAX_STALLED + 1):
        depot.stores.documents.release(depot.claim(document.id))
    depot.save_preparation(depot.claim(document.id), [page(1), page(2)], window_pages=2)
    for _ in range(MAX_STALLED + 1):
        depot.stores.documents.release(depot.window(document.id))
    depot.lose()
    claim = depot.window(document.id)
    assert claim.attempt == MAX_STALLED + 2
    assert [each.facts.number for each in claim.pages] == [1, 2]


def test_a_worker_that_ends_lets_go_of_all_it_holds_and_of_nothing_else(depot: Depot) -> None:
    document, other = depot.prepared(6, window_pages=2), depot.documents(depot.submit())[0]
    begun = depot.window(document.id, 1, owner="ending")
    depot.read(begun, [1])
    depot.window(document.id, 3, owner="ending")
    depot.window(document.id, 5, owner="staying")
    depot.claim(other.id, owner="ending")
    assert depot.work.leases.let_go("ending") == 2
    assert depot.work.leases.standing("ending") == frozenset()
    assert depot.work.leases.standing("staying") == {Held(id=document.id, first_page=5)}
    assert [task.first_page for task in depot.enqueue("read.cpu")] == [2, 3]
    assert depot.stores.documents.get(other.id).state is DocumentState.RECEIVED


def test_a_complete_reading_overrules_windows_that_are_read_meanwhile(depot: Depot) -> None:
    document = depot.prepared(4)
    first, second, third = (depot.window(document.id, head, owner=f"w{head}") for head in (1, 2, 3))
    depot.read(second)
    done = depot.read(first, complete=True)
    assert (done.state, done.pages) == (DocumentState.ASSEMBLING, PageCounts(total=4, read=4))
    assert depot.rows("SELECT first_page FROM readings") == [(1,)]
    with pytest.raises(LeaseLostError):
        depot.read(third)


def test_two_windows_that_end_at_the_same_time_let_the_document_be_assembled_once(depot: Depot) -> None:
    for _ in range(5):
        document = depot.prepared(6)
        claims = [depot.window(document.id, head, owner=f"w{head}") for head in range(1, 7)]
        at_once([partial(depot.read, claim) for claim in claims])
        assert depot.stores.documents.get(document.id).state is DocumentState.ASSEMBLING


def test_lost_words_send_the_document_back_to_be_prepared(depot: Depot) -> None:
    document = depot.prepared(3)
    depot.read(depot.window(document.id, 1))
    depot.stores.documents.restart(depot.window(document.id, 2))
    found = depot.stores.documents.get(document.id)
    assert (found.state, found.pages, found.words_key) == (DocumentState.RECEIVED, PageCounts(), None)
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_canceling_ends_what_is_leased_too_and_fences_its_workers(depot: Depot) -> None:
    job = depot.submit(3)
    reading, preparing, new = depot.documents(job)
    depot.save_preparation(depot.claim(reading.id), [page(number) for number in range(1, 5)])
    depot.read(depot.window(reading.id, 1))
    window, claim = depot.window(reading.id, 2, owner="a"), depot.claim(preparing.id, owner="b")
    depot.enqueue("read.cpu", limit=1)
    assert depot.stores.jobs.cancel(job.id) == 3
    found = depot.job(job)
    assert (found.state, found.pages) == (JobState.CANCELED, PageCounts(total=4, read=1, canceled=3))
    assert depot.work.leases.standing("a") == depot.work.leases.standing("b") == frozenset()
    for write in (
        lambda: depot.read(window),
        lambda: depot.stores.documents.release(window),
        lambda: depot.save_preparation(claim, [page(1)]),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert depot.work.leases.claim_document(new.id, owner="w", lease_s=60) is None
    assert dict(depot.work.tasks.queued()) == dict(depot.work.tasks.due()) == {}


def test_a_job_of_which_pages_are_read_cannot_be_removed(depot: Depot) -> None:
    document = depot.prepared(2)
    claim = depot.window(document.id)
    with pytest.raises(ConflictError):
        depot.stores.jobs.remove(document.job_id)
    depot.stores.documents.release(claim)
    depot.stores.jobs.cancel(document.job_id)
    assert depot.stores.jobs.remove(document.job_id).documents == 1


def test_only_failed_pages_are_read_again_and_make_a_new_revision(depot: Depot) -> None:
    document = depot.prepared(6, window_pages=3)
    depot.read(depot.window(document.id, 1))
    claim = depot.window(document.id, 4)
    for number in (4, 6):
        depot.stores.pages.fail(claim, number, BAD_PAGE)
    depot.read(claim, [5])
    assert depot.finish(document.id).state is DocumentState.NEEDS_REVIEW
    assert depot.stores.jobs.retry(document.job_id) == 1
    again = depot.stores.documents.get(document.id)
    assert (again.state, again.pages) == (DocumentState.READING, PageCounts(total=6, read=4, open=2))
    assert (again.failure, again.finished_at) == (None, None)
    assert [task.first_page for task in depot.enqueue("read.cpu")] == [4, 6]
    done = depot.finish(document.id)
    assert (done.state, done.pages.read) == (DocumentState.SUCCEEDED, 6)
    assert depot.stores.extractions.latest([document.id])[document.id].revision == 2
    assert depot.stores.jobs.retry(document.job_id) == 0


def test_a_document_of_blank_pages_is_read_and_assembled_also_a_second_time(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    depot.save_preparation(depot.claim(document.id), [page(1, PageState.BLANK)])
    depot.read(depot.claim(document.id), [], complete=False)
    depot.stores.documents.fail(depot.claim(document.id), BAD_PAGE)
    assert depot.stores.jobs.retry(document.job_id) == 1
    assert depot.read(depot.claim(document.id), []).state is DocumentState.ASSEMBLING
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_every_reading_is_metered_once(depot: Depot) -> None:
    document = depot.prepared(4, window_pages=2, job=None)
    depot.read(depot.window(document.id, 1))
    depot.read(depot.window(document.id, 3))
    metered = "SELECT tenant, reader, pages, tiles, prompt_tokens, output_tokens, seconds FROM usage"
    assert depot.rows(metered) == [("local", "first_word", 2, 2, 30, 4, 0.5)] * 2
