"""Passwords of jobs: one contract for memory and for the sealed table, and what the table alone promises."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from doubles.jobs import Workplace
from sqlalchemy import text, update

from docproc.domain.errors import NotFoundError, SealedError
from docproc.services.delete import delete
from docproc.services.passwords import Passwords, PasswordsInMemory
from docproc.services.records import JobOptions
from docproc.storage.database import Database
from docproc.storage.passwords import SqlPasswords
from docproc.storage.receipts import SqlReceiptStore
from docproc.storage.sealing import Seal, key_id
from docproc.storage.stores import stores_over
from docproc.storage.tables import SEALED_PASSWORDS

pytestmark = pytest.mark.integration

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
MARKER = "opensesame-4f1c"


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs", sealing_keys=[OLD]), tmp_path)


@pytest.fixture
def job(place: Workplace) -> uuid.UUID:
    return place.submit({"a.txt": "one"}, JobOptions(passwords=True)).id


@pytest.fixture
def sealed_with(database: Database) -> Callable[..., SqlPasswords]:
    return lambda *keys: SqlPasswords(database, Seal(keys))


@pytest.fixture(params=["memory", "sealed"])
def passwords(request: pytest.FixtureRequest, place: Workplace) -> Passwords:
    return PasswordsInMemory() if request.param == "memory" else place.stores.passwords


def test_what_is_given_now_is_tried_first_and_the_earlier_stays(passwords: Passwords, job: uuid.UUID) -> None:
    assert passwords.of(job) == ()
    passwords.give(job, ["one", "two"])
    passwords.give(job, ["three", "one"])

    assert passwords.of(job) == ("three", "one", "two")


def test_what_is_forgotten_is_gone(passwords: Passwords, job: uuid.UUID) -> None:
    passwords.give(job, ["one"])
    passwords.forget(job)
    passwords.forget(job)

    assert passwords.of(job) == ()


def test_many_that_give_at_once_lose_none(place: Workplace, job: uuid.UUID) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: place.stores.passwords.give(job, [str(number)]), range(8)))

    assert sorted(place.stores.passwords.of(job)) == [str(number) for number in range(8)]


def test_a_job_that_is_gone_is_given_nothing(place: Workplace) -> None:
    with pytest.raises(NotFoundError):
        place.stores.passwords.give(uuid.uuid4(), ["one"])


def test_passwords_go_with_their_job_and_are_counted(place: Workplace, database: Database, job: uuid.UUID) -> None:
    plain = place.submit({"b.txt": "two"})
    receipts = SqlReceiptStore(database)
    before = receipts.rows_left(job, [])
    place.stores.passwords.give(job, [MARKER])
    assert receipts.rows_left(job, []) == before + 1
    for each in (job, plain.id):
        delete(place.stores, each, owners=place.owners)

    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sealed_passwords")) == 0
    assert [each.facts["rows"]["sealed_passwords"] for each in receipts.page_through("local")] == [0, 1]
    assert receipts.rows_left(job, []) == 0


def test_nothing_of_a_password_is_in_the_database(place: Workplace, database: Database, job: uuid.UUID) -> None:
    place.stores.passwords.give(job, [MARKER])

    with database.read() as connection:
        (row,) = connection.execute(text("SELECT * FROM sealed_passwords"))
    assert key_id(OLD) in row
    assert MARKER not in str(row)
    assert OLD not in str(row)


def test_a_reader_without_the_key_is_told_which_one_is_missing(
    place: Workplace, job: uuid.UUID, sealed_with: Callable[..., SqlPasswords]
) -> None:
    place.stores.passwords.give(job, [MARKER])

    for keys in ((), (NEW,)):
        with pytest.raises(SealedError, match=key_id(OLD)):
            sealed_with(*keys).of(job)
    assert sealed_with(NEW, OLD).of(job) == (MARKER,)


def test_where_the_key_was_taken_away_memory_does_not_hide_what_is_sealed(
    place: Workplace, database: Database, job: uuid.UUID, tmp_path: Path
) -> None:
    place.stores.passwords.give(job, [MARKER])

    with pytest.raises(SealedError):
        stores_over(database, tmp_path / "blobs").passwords.of(job)


def test_a_password_given_again_takes_the_place_of_what_no_key_opens(
    place: Workplace, job: uuid.UUID, sealed_with: Callable[..., SqlPasswords]
) -> None:
    place.stores.passwords.give(job, ["lost with its key"])
    sealed_with(NEW).give(job, [MARKER])

    assert sealed_with(NEW).of(job) == (MARKER,)
    assert sealed_with(NEW).counts() == {key_id(NEW): 1}


def test_all_is_sealed_again_with_the_newest_key_and_the_older_one_can_go(
    place: Workplace, database: Database, sealed_with: Callable[..., SqlPasswords]
) -> None:
    jobs = [place.submit({f"{number}.txt": "one"}).id for number in range(5)]
    for each in jobs:
        place.stores.passwords.give(each, [MARKER, str(each)])
    damage = update(SEALED_PASSWORDS).where(SEALED_PASSWORDS.c.job_id == jobs[0]).values(sealed="gAAAA")
    with database.write() as connection:
        connection.execute(damage)
    both = sealed_with(NEW, OLD)

    assert both.seal_again(batch=2) == 4
    assert both.counts() == {key_id(OLD): 1, key_id(NEW): 4}
    assert [sealed_with(NEW).of(each) for each in jobs[1:]] == [(MARKER, str(each)) for each in jobs[1:]]
    sealed_with(NEW).try_it()
    with pytest.raises(SealedError, match="damaged"):
        both.try_it()


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 500])
def test_however_many_are_damaged_the_others_behind_them_are_sealed_again(
    place: Workplace, database: Database, sealed_with: Callable[..., SqlPasswords], batch: int
) -> None:
    jobs = sorted(place.submit({f"{number}.txt": "one"}).id for number in range(5))
    for each in jobs:
        place.stores.passwords.give(each, [MARKER])
    with database.write() as connection:
        connection.execute(
            update(SEALED_PASSWORDS).where(SEALED_PASSWORDS.c.job_id.in_(jobs[:3])).values(sealed="gAAA")
        )

    both = sealed_with(NEW, OLD)

    assert [both.seal_again(batch=batch) for _ in range(2)] == [2, 0]
    assert both.counts() == {key_id(OLD): 3, key_id(NEW): 2}
