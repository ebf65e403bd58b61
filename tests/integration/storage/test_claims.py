"""Claims, leases and fencing: one contract for the stores in memory and on both databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
from doubles.jobs import Workplace
from sqlalchemy import text

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError, LeaseLostError, RefusedError, StorageError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.services.ports import Stores
from docproc.services.prepare import prepare
from docproc.services.records import Body, Claim, Preparation, StoredExtraction, StoredReading
from docproc.services.work_on import work_on
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED

pytestmark = pytest.mark.integration

FAILURE = Failure(
    code=FailureCode.CORRUPT,
    category=FailureCategory.DOCUMENT,
    message="damaged",
    retryable=False,
    phase=Phase.PREPARE,
)


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Workplace:
    return Workplace(stores, tmp_path)


def test_documents_are_claimed_once_each_in_submit_order(place: Workplace) -> None:
    job = place.submit({"a": "1", "b": "2"})
    assert [place.claim(job).document.file, place.claim(job).document.file] == ["a", "b"]
    assert place.stores.documents.claim(job.id, owner="me", lease_s=60) is None


def test_many_threads_never_claim_the_same_document(place: Workplace) -> None:
    job = place.submit({f"{index}": "page" for index in range(40)})
    claimed: list[str] = []

    def work(owner: str) -> None:
        while (claim := place.stores.documents.claim(job.id, owner=owner, lease_s=60)) is not None:
            claimed.append(claim.document.file)

    threads = [threading.Thread(target=work, args=(f"owner-{index}",)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 40


def test_an_expired_lease_lets_another_attempt_begin_and_fences_the_first(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    late = place.claim(job, owner="late", lease_s=-1)  # it slept for longer than it held it
    current = place.claim(job, owner="current")
    assert (late.attempt, current.attempt) == (1, 2)
    documents = place.stores.documents
    preparation = Preparation(fingerprint="f", page_count=0, words_key="k", attachments=(), pages=())
    reading = StoredReading(
        reading_key="k", reader="r", reader_version="1", pages=(), complete=True, body=Body(text="{}")
    )
    extraction = StoredExtraction(state=DocumentState.SUCCEEDED, body=Body(text="{}"))
    for write in (
        lambda: place.stores.pages.save_preparation(late, preparation, seconds=1),
        lambda: place.stores.readings.save(late, reading, seconds=1),
        lambda: place.stores.extractions.save(late, extraction, seconds=1),
        lambda: place.stores.pages.fail(late, 1, FAILURE),
        lambda: documents.fail(late, FAILURE),
        lambda: documents.cancel(late),
        lambda: documents.release(late),
        lambda: documents.restart(late),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert documents.get(late.document.id).state is DocumentState.PREPARING
    assert work_on(current, place.context(job), lambda: None) is DocumentState.SUCCEEDED


def test_a_renewed_lease_holds(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    place.claim(job, owner="slow", lease_s=-1)
    assert place.stores.documents.extend("slow", lease_s=60) == 1
    assert place.stores.documents.claim(job.id, owner="other", lease_s=60) is None


def test_leases_of_the_dead_are_free_at_once(place: Workplace) -> None:
    job = place.submit({"a": "1", "b": "2"})
    lost = place.claim(job, owner="dead", lease_s=600)
    place.claim(job, owner="alive", lease_s=600)
    assert place.stores.documents.owners(job.id) == {"dead", "alive"}
    assert place.stores.documents.void(["dead"]) == 1
    again = place.claim(job, owner="next")
    assert (again.document.file, again.attempt) == ("a", 2)
    with pytest.raises(LeaseLostError):
        place.stores.documents.fail(lost, FAILURE)


def test_a_document_that_kills_its_worker_three_times_is_given_up(place: Workplace) -> None:
    job = place.submit({"poison": "1", "good": "2"})
    for _ in range(MAX_STALLED):
        assert place.claim(job, owner="dies").document.file == "poison"
        place.stores.documents.void(["dies"])
        good = place.stores.documents.page_through(job.id, after=0)[0]
        if good.state is DocumentState.RECEIVED:
            assert work_on(place.claim(job), place.context(job), lambda: None) is DocumentState.SUCCEEDED
    assert place.stores.documents.claim(job.id, owner="next", lease_s=60) is None
    poison = place.stores.documents.page_through(job.id)[0]
    assert poison.state is DocumentState.FAILED
    assert poison.failure is not None
    assert (poison.failure.code, poison.failure.phase) == (FailureCode.CRASHED, Phase.PREPARE)
    assert place.stores.jobs.get(job.id).state is JobState.PARTIAL


def test_a_document_with_a_value_that_the_database_refuses_fails_and_is_not_tried_for_ever(place: Workplace) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> Callable[..., NoReturn]:
            def refuse(*_: object, **__: object) -> NoReturn:
                raise RefusedError

            return refuse

    job = place.submit({"a": "1"})
    claim = place.claim(job)
    context = place.context(job)
    context = replace(context, stores=replace(context.stores, pages=cast("Any", Refusing())))
    assert work_on(claim, context, lambda: None) is DocumentState.FAILED
    failure = place.stores.documents.get(claim.document.id).failure
    assert failure is not None
    assert (failure.code, failure.retryable) == (FailureCode.INTERNAL, True)


def test_progress_starts_the_count_of_vain_attempts_anew(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    for _ in range(MAX_STALLED + 2):
        claim = place.claim(job, owner="stopped")
        place.stores.documents.release(claim)
    assert place.claim(job).attempt == MAX_STALLED + 3


def test_a_released_document_goes_on_where_it_stopped(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    claim = place.claim(job)
    _prepare(place, claim)
    place.stores.documents.release(claim)
    again = place.claim(job)
    assert again.document.state is DocumentState.READING
    assert work_on(again, place.context(job), lambda: None) is DocumentState.SUCCEEDED
    assert len(place.source.opened) == 1


def _prepare(place: Workplace, claim: Claim) -> None:
    prepare(claim, claim.document, place.context(place.stores.jobs.get(claim.document.job_id)))


def test_nothing_is_claimed_once_the_job_is_canceled(place: Workplace) -> None:
    job = place.submit({"a": "1", "b": "2", "c": "3"})
    claim = place.claim(job)
    assert place.stores.jobs.cancel(job.id) == 3
    assert place.stores.documents.claim(job.id, owner="me", lease_s=60) is None
    assert place.stores.documents.is_canceled(job.id)
    assert place.stores.documents.cancel(claim).state is DocumentState.CANCELED
    found = place.stores.jobs.get(job.id)
    assert (found.state, found.documents.canceled) == (JobState.CANCELED, 3)


def test_a_job_that_is_worked_on_cannot_be_removed(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    claim = place.claim(job)
    with pytest.raises(ConflictError):
        place.stores.jobs.remove(job.id)
    place.stores.documents.release(claim)
    assert place.stores.jobs.remove(job.id).documents == 1


def test_the_database_refuses_counts_that_do_not_add_up(
    kept_stores: Stores, database: Database, tmp_path: Path
) -> None:
    Workplace(kept_stores, tmp_path).submit({"a": "1"})
    with pytest.raises(StorageError), database.write() as connection:
        connection.execute(text("UPDATE jobs SET documents_failed = documents_failed + 1"))
    with pytest.raises(StorageError), database.write() as connection:
        connection.execute(text("UPDATE documents SET pages_open = 1"))


def test_moments_come_back_with_their_zone(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    offset = job.created_at.utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
