"""Documents that rest until somebody can open them: whose fault it is not, nobody is charged with."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from doubles.delivery import Depot, page, wrong_rows
from doubles.documents import accept_text
from doubles.jobs import Workplace
from doubles.waiting import until
from doubles.working_alone import working

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import LeaseLostError
from docproc.services.cancel import cancel
from docproc.services.delete import delete
from docproc.services.records import Job, JobOptions
from docproc.services.submit_once import submit_once
from docproc.services.waiting import waiting_of
from docproc.storage.census import SqlCensus
from docproc.storage.database import Database
from docproc.storage.documents import MAX_STALLED
from docproc.storage.stores import stores_over

pytestmark = pytest.mark.integration
KEY = Fernet.generate_key().decode()


def test_what_is_put_off_is_due_again_later_and_no_worker_counts_as_dead(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    for _ in range(MAX_STALLED + 1):
        depot.work.leases.put_off(depot.claim(document.id), for_s=60)
        assert depot.work.leases.claim_document(document.id, owner="hasty", lease_s=60) is None
        depot.expire()
        assert depot.work.tasks.sweep().freed == depot.work.tasks.sweep().failed == 0
    assert depot.save_preparation(depot.claim(document.id), [page(1)]).attempt == MAX_STALLED + 2
    assert wrong_rows(depot) == []


def test_what_kills_its_workers_is_given_up_however_often_others_put_it_off(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    for _ in range(MAX_STALLED):
        for _ in range(2):
            depot.work.leases.put_off(depot.claim(document.id, owner="without the key"), for_s=60)
            depot.expire()
            assert depot.work.tasks.sweep().failed == 0
        depot.claim(document.id, owner="with the key")
        depot.lose()
    given_up = depot.stores.documents.get(document.id)
    assert given_up.state is DocumentState.FAILED
    assert given_up.failure is not None
    assert given_up.failure.code == "crashed"
    assert wrong_rows(depot) == []


def test_who_lost_the_lease_puts_nothing_off(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    late = depot.claim(document.id, owner="late")
    depot.stores.documents.release(late)
    with pytest.raises(LeaseLostError):
        depot.work.leases.put_off(late, for_s=60)


def test_what_rests_says_what_it_waits_for_and_can_be_canceled_at_once(depot: Depot) -> None:
    job = depot.submit(job=replace(depot.new_job(), options=JobOptions(passwords=True)))
    depot.work.leases.put_off(depot.claim(depot.documents(job)[0].id), for_s=60)

    assert "sealed" in str(waiting_of(depot.job(job), depot.work))
    # nobody works on it: no slot is taken, and nobody is to start workers for it
    assert depot.work.tasks.running() == 0
    assert SqlCensus(depot.database).leased() == {}
    assert depot.stores.documents.leased([job.id]) == {}
    depot.stores.jobs.cancel(job.id)
    assert depot.job(job).state is JobState.CANCELED
    assert wrong_rows(depot) == []


def handed_over(place: Workplace, name: str) -> Job:
    asked = replace(place.new_job(JobOptions(passwords=True, keep_originals=True)), passwords=("secret",))
    return submit_once(place.stores, asked, place.write({name: f"!locked\n{name}"}), accept=accept_text)


@pytest.fixture
def sealed(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs", sealing_keys=[KEY]), tmp_path)


@pytest.fixture
def in_memory(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


def test_alone_with_a_key_a_job_goes_on_after_a_restart_and_without_it_rests_meanwhile(
    sealed: Workplace, in_memory: Workplace, database: Database
) -> None:
    job = handed_over(sealed, "a.txt")
    with working(in_memory, database) as work:
        until(lambda: work.leases.resting(job.id))
        other = handed_over(in_memory, "b.txt")  # memory serves what was given to this process
        until(lambda: in_memory.stores.jobs.get(other.id).state is JobState.SUCCEEDED)
    assert "sealed" in str(waiting_of(sealed.stores.jobs.get(job.id), work))
    with working(sealed, database):
        until(lambda: sealed.stores.jobs.get(job.id).state is JobState.SUCCEEDED)


def test_alone_without_a_key_a_restart_forgets_the_password(in_memory: Workplace, database: Database) -> None:
    job = handed_over(in_memory, "a.txt")
    after = replace(in_memory, stores=stores_over(database, in_memory.folder / "blobs"))
    with working(after, database):
        until(lambda: after.stores.jobs.get(job.id).finished_at)
    (document,) = after.stores.documents.page_through(job.id)
    assert document.failure is not None
    assert document.failure.code == "password_required"


def test_what_rests_alone_can_be_canceled_and_deleted(
    sealed: Workplace, in_memory: Workplace, database: Database
) -> None:
    job = handed_over(sealed, "a.txt")
    with working(in_memory, database) as work:
        until(lambda: work.leases.resting(job.id))
        cancel(in_memory.stores, job.id, owners=in_memory.owners)
        until(lambda: in_memory.stores.jobs.get(job.id).state is JobState.CANCELED)
    (document,) = in_memory.stores.documents.page_through(job.id)
    assert document.state is DocumentState.CANCELED
    assert delete(in_memory.stores, job.id, owners=in_memory.owners).jobs == 1
