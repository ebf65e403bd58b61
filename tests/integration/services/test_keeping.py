"""Retention, holds and receipts over both databases: what goes, what stays, and whether the receipt is true."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from doubles.jobs import Workplace
from sqlalchemy import delete as delete_rows
from sqlalchemy import update

from docproc.domain.errors import ConflictError, HeldError, NotFoundError, UsageError
from docproc.services.delete import delete
from docproc.services.job_context import SystemClock
from docproc.services.keeping import delete_expired, keep_job, lift_hold, place_hold
from docproc.services.limits import Limits
from docproc.services.prune import prune
from docproc.services.receipts import ReceiptCheck, Untruth
from docproc.services.records import Job, JobOptions
from docproc.services.upkeep import keep_house
from docproc.storage.audit import SqlAuditLog
from docproc.storage.database import Database
from docproc.storage.keeping import SqlKeepingStore
from docproc.storage.limits import SqlLimitStore
from docproc.storage.receipts import SqlReceiptStore
from docproc.storage.service_tables import RECEIPTS
from docproc.storage.stores import stores_over, upkeep_stores_over, work_stores_over
from docproc.storage.tables import DOCUMENTS, JOBS
from docproc.storage.tenants import SqlTenantStore

pytestmark = pytest.mark.integration

NAME = "Ada-Lovelace-1815"


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


@pytest.fixture
def keeping(database: Database) -> SqlKeepingStore:
    return SqlKeepingStore(database)


@pytest.fixture
def check(place: Workplace, database: Database) -> ReceiptCheck:
    names = upkeep_stores_over(database).names
    return ReceiptCheck(receipts=SqlReceiptStore(database), blobs=place.stores.blobs, names=names)


def done(place: Workplace, text: str = NAME, *, keep: bool = True) -> Job:
    return place.run(place.submit({f"{NAME}.txt": text}, JobOptions(keep_originals=keep)))


def erase(place: Workplace, job: Job, by: str = "ada") -> None:
    delete(place.stores, job.id, owners=place.owners, by=by)


def aged(database: Database, job: Job, days: float) -> None:
    with database.write() as connection:
        moment = database.now(connection) - timedelta(days=days)
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(finished_at=moment))


def kept(place: Workplace, *jobs: Job) -> list[bool]:
    left = {job.id for job in place.stores.jobs.newest()}
    return [job.id in left for job in jobs]


def test_a_deletion_leaves_a_receipt_that_says_what_went_and_no_name_or_value(
    place: Workplace, check: ReceiptCheck
) -> None:
    job = done(place, f"{NAME}\n{NAME} two")
    (document,) = place.stores.documents.page_through(job.id)
    erase(place, job)

    (receipt,) = check.receipts.page_through("local")
    facts = receipt.facts
    assert (facts["job_id"], facts["by"], facts["number"]) == (str(job.id), "ada", 1)
    assert facts["rows"] == {
        "jobs": 1,
        "documents": 1,
        "pages": 2,
        "readings": 1,
        "extractions": 1,
        "exports": 0,
        "webhooks": 0,
        "sealed_passwords": 0,
        "schemas": 1,
    }
    assert facts["documents"] == [[str(document.id), document.original.sha256]]
    assert facts["blobs"] >= 2
    assert facts["byte_count"] > 0
    assert NAME not in receipt.body
    assert check.untruths("local", 1) == []
    with pytest.raises(NotFoundError):
        check.untruths("other", 1)
    assert list(check.receipts.page_through("other")) == []


def test_a_receipt_that_is_not_true_is_found_out(place: Workplace, check: ReceiptCheck, database: Database) -> None:
    jobs = [done(place, f"text {number}") for number in range(4)]
    documents = [place.stores.documents.page_through(job.id)[0] for job in jobs]
    for job in jobs:
        erase(place, job)
    assert [check.untruths("local", number) for number in (1, 2, 3, 4)] == [[], [], [], []]

    for key in (f"local/words/{documents[0].id.hex}.1", f"local/original/{documents[1].original.sha256}"):
        place.stores.blobs.put(key, [b"left"])
        assert Untruth.BLOBS_LEFT in check.untruths("local", 1 if "words" in key else 2)
    done(place, "text 1")  # handed in once more: the bytes are that job's
    assert check.untruths("local", 2) == []
    other = place.submit({"other.txt": "x"})
    with database.write() as connection:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.job_id == other.id).values(id=documents[2].id))
    assert check.untruths("local", 3) == [Untruth.ROWS_LEFT]
    with database.write() as connection:
        body = json.dumps({**check.receipts.get("local", 4).facts, "by": "eve"})
        connection.execute(update(RECEIPTS).where(RECEIPTS.c.number == 4).values(body=body))
        connection.execute(delete_rows(RECEIPTS).where(RECEIPTS.c.number == 3))
    assert check.untruths("local", 4) == [Untruth.CHANGED, Untruth.CHAIN_BROKEN]


def test_nothing_under_a_hold_is_deleted_by_anybody(
    place: Workplace, keeping: SqlKeepingStore, database: Database
) -> None:
    audit = SqlAuditLog(database)
    held, free = done(place), done(place)
    hold = place_hold(keeping, tenant="local", job_id=held.id, reason="case 12", by="ada", audit=audit)
    with pytest.raises(HeldError, match="lift it first"):
        erase(place, held)
    SqlLimitStore(database).set("local", Limits(keep_days=1))
    for job in (held, free):
        aged(database, job, 5)
    delete_expired(place.stores, keeping, tenant="local", owners=place.owners)
    assert kept(place, held, free) == [True, False]
    prune(place.stores, older_than_days=0, owners=place.owners)
    assert kept(place, held) == [True]

    with pytest.raises(NotFoundError):
        lift_hold(keeping, hold, tenant="other", by="eve", audit=audit)
    lift_hold(keeping, hold, tenant="local", by="bob", audit=audit)
    with pytest.raises(NotFoundError, match="that stands"):
        lift_hold(keeping, hold, tenant="local", by="bob", audit=audit)
    (told,) = keeping.holds("local")
    assert (told.reason, told.placed_by, told.lifted_by) == ("case 12", "ada", "bob")
    delete_expired(place.stores, keeping, tenant="local", owners=place.owners)
    assert kept(place, held) == [False]


def test_a_hold_on_a_tenant_covers_what_comes_and_nobody_else(
    place: Workplace, keeping: SqlKeepingStore, database: Database
) -> None:
    SqlTenantStore(database).create("other")
    audit = SqlAuditLog(database)
    job = done(place)
    foreign = place_hold(keeping, tenant="other", job_id=None, reason="theirs", by="eve", audit=audit)
    with pytest.raises(NotFoundError, match="there is no job"):
        place_hold(keeping, tenant="other", job_id=job.id, reason="x", by="eve", audit=audit)
    assert [hold.id for hold in keeping.holds("other")] == [foreign]
    place_hold(keeping, tenant="local", job_id=None, reason="ours", by="ada", audit=audit)
    later = done(place)
    for each in (job, later):
        with pytest.raises(HeldError):
            erase(place, each)
    for reason in ("", " ", "a\nb", "x" * 501):
        with pytest.raises(UsageError, match="has a reason"):
            place_hold(keeping, tenant="local", job_id=None, reason=reason, by="ada", audit=audit)


def test_a_hold_comes_too_late_for_a_job_that_is_being_deleted(place: Workplace, keeping: SqlKeepingStore) -> None:
    job = done(place)
    place.stores.jobs.close(job.id)
    with pytest.raises(ConflictError, match="too late"):
        keeping.place("local", job_id=job.id, reason="x", by="ada")
    keeping.place("local", job_id=None, reason="x", by="ada")
    erase(place, job)  # what was begun goes on
    assert kept(place, job) == [False]


def test_of_a_hold_and_a_deletion_at_the_same_time_one_wins(place: Workplace, keeping: SqlKeepingStore) -> None:
    outcomes = []
    for _ in range(5):
        job, ready = done(place), threading.Barrier(2)
        refused: list[str] = []

        def hold(job_id: UUID = job.id, ready: threading.Barrier = ready, refused: list[str] = refused) -> None:
            ready.wait()
            try:
                keeping.place("local", job_id=job_id, reason="x", by="ada")
            except (ConflictError, NotFoundError):
                refused.append("hold")

        thread = threading.Thread(target=hold)
        thread.start()
        ready.wait()
        try:
            erase(place, job)
        except HeldError:
            refused.append("deletion")
        thread.join()
        assert kept(place, job) == [refused == ["deletion"]]
        outcomes.append(refused)
    assert all(len(refused) == 1 for refused in outcomes)


def test_jobs_are_deleted_when_their_time_is_over_and_not_before(
    place: Workplace, keeping: SqlKeepingStore, database: Database
) -> None:
    audit = SqlAuditLog(database)
    old, young, own, longer, running = done(place), done(place), done(place), done(place), place.submit({"r.txt": "1"})
    for job, days in ((old, 31), (young, 29), (own, 3), (longer, 31)):
        aged(database, job, days)
    assert list(keeping.expired("local", limit=10)) == []  # nobody asked for it
    SqlLimitStore(database).set("local", Limits(keep_days=30))
    keep_job(keeping, own.id, tenant="local", days=2, by="ada", audit=audit)
    keep_job(keeping, longer.id, tenant="local", days=365, by="ada", audit=audit)
    with pytest.raises(UsageError, match="at least a day"):
        keep_job(keeping, own.id, tenant="local", days=0, by="ada", audit=audit)
    with pytest.raises(NotFoundError):
        keep_job(keeping, own.id, tenant="other", days=1, by="eve", audit=audit)
    assert list(keeping.expired("other", limit=10)) == []
    assert len(keeping.expired("local", limit=1)) == 1

    removed = delete_expired(place.stores, keeping, tenant="local", owners=place.owners)
    assert removed.jobs == 2
    assert kept(place, old, young, own, longer, running) == [False, True, False, True, True]
    facts = [receipt.facts["by"] for receipt in SqlReceiptStore(database).page_through("local")]
    assert facts == ["docproc:retention"] * 2


def test_upkeep_deletes_what_expired_and_ends_what_a_dead_process_began(
    place: Workplace, database: Database, check: ReceiptCheck
) -> None:
    work, names = work_stores_over(database), upkeep_stores_over(database).names
    expired, begun, canceled = done(place), done(place), place.submit({"c.txt": "1"})
    with database.write() as connection:
        long_ago = database.now(connection) - timedelta(days=9)
        connection.execute(update(JOBS).where(JOBS.c.id == begun.id).values(deleting_at=long_ago))
        values = {"cancel_requested_at": long_ago, "submitted_at": None}
        connection.execute(update(JOBS).where(JOBS.c.id == canceled.id).values(values))
    aged(database, expired, 9)
    SqlLimitStore(database).set("local", Limits(keep_days=7))
    work.keeping.place("local", job_id=canceled.id, reason="wait", by="ada")
    removed = keep_house(place.stores, names, work, holder="me", clock=SystemClock())
    assert removed is not None
    assert removed.jobs == 2
    assert kept(place, expired, begun, canceled) == [False, False, True]
    assert [check.untruths("local", number) for number in (1, 2)] == [[], []]
    work.keeping.lift(work.keeping.holds("local")[0].id, tenant="local", by="ada")
    keep_house(place.stores, names, work, holder="me", clock=SystemClock())
    assert kept(place, canceled) == [False]
