"""Jobs of workers that are canceled and deleted: nothing goes while it may still be worked on, and nothing stays."""

import pytest
from doubles.delivery import BAD_PAGE, Depot, page, wrong_rows

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError
from docproc.queueing.owners import LocalOwners
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.delete import delete
from docproc.services.prune import prune
from docproc.services.records import Job
from docproc.services.upkeep_records import DeadPlace
from docproc.storage.dead import SqlDeadStore
from docproc.storage.stores import errand_stores_over

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot):
    yield
    assert wrong_rows(depot) == []


def _owners(depot: Depot) -> LocalOwners:
    return LocalOwners(depot.folder / "owners")


@pytest.mark.parametrize("begun", ["received", "with the broker", "between two pages"])
def test_a_job_of_workers_is_deleted_only_when_nothing_of_it_is_left_to_do(depot: Depot, begun: str) -> None:
    job = depot.submit()
    document = depot.documents(job)[0]
    words = "local/words/kept"
    depot.stores.blobs.put(words, [b"words"])
    if begun == "with the broker":
        depot.enqueue("prepare")
    elif begun == "between two pages":
        depot.save_preparation(depot.claim(document.id), [page(1), page(2)])
        depot.read(depot.window(document.id, 1))
    with pytest.raises(ConflictError, match="cancel it first"):
        delete(depot.stores, job.id, owners=_owners(depot))
    assert prune(depot.stores, older_than_days=-1, unfinished=True, owners=_owners(depot)).jobs == 0
    depot.stores.jobs.cancel(job.id)
    assert delete(depot.stores, job.id, owners=_owners(depot)).documents == 1


def test_a_job_that_is_being_submitted_is_not_deleted(depot: Depot) -> None:
    job_id = depot.stores.jobs.create(depot.new_job())
    with pytest.raises(ConflictError):
        depot.stores.jobs.close(job_id)
    with pytest.raises(ConflictError):
        depot.stores.jobs.remove(job_id)


def _failed(depot: Depot) -> Job:
    job = depot.submit()
    depot.stores.documents.fail(depot.claim(depot.documents(job)[0].id), BAD_PAGE)
    return job


def test_a_job_that_is_being_deleted_is_not_worked_on_again(depot: Depot) -> None:
    job = _failed(depot)
    depot.stores.jobs.close(job.id)
    with pytest.raises(ConflictError):
        depot.stores.jobs.retry(job.id)
    with pytest.raises(ConflictError):
        SqlDeadStore(depot.database).replay("local", DeadPlace(depot.documents(job)[0].id), by="me")
    assert depot.stores.jobs.remove(job.id).jobs == 1


def test_a_canceled_job_is_not_tried_again_by_whoever_looked_before(depot: Depot) -> None:
    job = _failed(depot)
    depot.run("UPDATE jobs SET cancel_requested_at = now()")
    with pytest.raises(ConflictError, match="canceled"):
        depot.stores.jobs.retry(job.id)
    assert depot.documents(job)[0].state is DocumentState.FAILED


def test_exports_go_with_their_job_and_are_counted(depot: Depot) -> None:
    job = depot.submit()
    depot.finish(depot.documents(job)[0].id)
    exports = errand_stores_over(depot.database).exports
    export_id = exports.ask_for(job.id, tenant="local", export_format="csv", dialect="rfc4180")
    for attempt in (1, 2):  # the first died after it wrote
        depot.stores.blobs.put(document_key("local", BlobKind.EXPORT, export_id, attempt), [b"12345"])
    receipt = delete(depot.stores, job.id, owners=_owners(depot))
    assert (receipt.blobs, receipt.byte_count) == (2, 10)
    assert list(depot.stores.blobs.keys(f"local/{BlobKind.EXPORT}/")) == []


def test_what_somebody_began_to_cancel_and_left_is_canceled_by_others(depot: Depot) -> None:
    half, other = depot.submit(3), depot.submit(2)
    depot.run("UPDATE jobs SET cancel_requested_at = now() WHERE id = :id", id=half.id)
    assert depot.stores.jobs.finish_cancels() == 3
    assert depot.stores.jobs.finish_cancels() == 0
    assert depot.job(half).state is JobState.CANCELED
    assert depot.job(other).documents.open == 2
