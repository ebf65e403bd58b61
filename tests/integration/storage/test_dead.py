"""Dead pages and documents over both databases: found in order, given back, noted in the audit."""

from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace
from doubles.postgres import empty_database
from sqlalchemy import select, update

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, NotFoundError, UsageError
from docproc.domain.failure import FailureCode
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.services.dead import all_dead, place_of, replay, replay_all
from docproc.services.records import LOCAL_TENANT, Job
from docproc.services.upkeep_records import DeadFilter, DeadPlace
from docproc.services.work_records import CPU_QUEUE
from docproc.storage.database import Database
from docproc.storage.dead import SqlDeadStore
from docproc.storage.leases import SqlLeaseStore
from docproc.storage.service_tables import AUDIT
from docproc.storage.stores import stores_over
from docproc.storage.tables import DOCUMENTS, PAGES
from docproc.storage.tasks import SqlTaskStore

pytestmark = pytest.mark.integration

ANY = DeadFilter()


class ForgivingReader(FirstWordReader):
    """Reads what the other one cannot."""

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        del schema
        self.windows.append(window)
        return Reading(reader=self.name, reader_version="2", record={"number": "mended", "lines": []}, complete=False)


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


@pytest.fixture
def dead(database: Database) -> SqlDeadStore:
    return SqlDeadStore(database)


def failed_job(place: Workplace) -> Job:
    """One document of which the second page fails, one that fails whole, one that is good."""
    return place.run(place.submit({"a.txt": "fine\n!unreadable", "b.txt": "!locked", "c.txt": "good"}))


def listed(dead: SqlDeadStore, wanted: DeadFilter = ANY, tenant: str = LOCAL_TENANT) -> list[str]:
    return sorted(f"{each.file}:{each.place.page}" for each in all_dead(dead, tenant, wanted=wanted))


def test_failed_documents_and_failed_pages_of_others_are_listed(place: Workplace, dead: SqlDeadStore) -> None:
    job = failed_job(place)

    assert listed(dead) == ["a.txt:2", "b.txt:0"]
    assert listed(dead, DeadFilter(job_id=job.id)) == ["a.txt:2", "b.txt:0"]
    assert listed(dead, DeadFilter(job_id=uuid4())) == []
    assert listed(dead, DeadFilter(code=FailureCode.CORRUPT)) == ["a.txt:2"]
    assert listed(dead, tenant="another") == []


def test_a_list_goes_on_behind_any_place(place: Workplace, dead: SqlDeadStore) -> None:
    failed_job(place)
    whole = dead.page_through(LOCAL_TENANT, wanted=ANY)
    first = dead.page_through(LOCAL_TENANT, wanted=ANY, limit=1)
    rest = dead.page_through(LOCAL_TENANT, wanted=ANY, after=first[0].place)

    assert [*first, *rest] == list(whole)
    assert dead.page_through(LOCAL_TENANT, wanted=ANY, after=whole[-1].place) == []


def test_one_of_them_is_shown_whole(place: Workplace, dead: SqlDeadStore) -> None:
    job = failed_job(place)
    found = sorted(all_dead(dead, LOCAL_TENANT, wanted=ANY), key=lambda each: each.file)
    page, document = (dead.get(LOCAL_TENANT, each.place) for each in found)

    assert (page.job_id, page.page_count, page.words, page.state) == (job.id, 2, 1, DocumentState.NEEDS_REVIEW)
    assert [each.failure and each.failure.code for each in (page, document)] == [
        FailureCode.CORRUPT,
        FailureCode.PASSWORD_REQUIRED,
    ]
    with pytest.raises(NotFoundError):
        dead.get("another", page.place)
    with pytest.raises(NotFoundError):
        dead.get(LOCAL_TENANT, DeadPlace(page.place.document_id, 1))


def test_a_replayed_page_alone_is_read_again_and_who_asked_is_noted(
    place: Workplace, dead: SqlDeadStore, database: Database
) -> None:
    job = failed_job(place)
    (where,) = (each.place for each in all_dead(dead, LOCAL_TENANT, wanted=DeadFilter(code=FailureCode.CORRUPT)))
    place.reader = ForgivingReader()

    assert replay(dead, LOCAL_TENANT, where, by="ada@desk").pages == 1
    again = place.run(place.stores.jobs.get(job.id))

    assert (again.documents.succeeded, again.documents.failed, again.pages.failed) == (2, 1, 0)
    with database.read() as connection:
        rows = connection.execute(select(AUDIT.c.actor, AUDIT.c.action, AUDIT.c.subject)).all()
    assert [tuple(row) for row in rows] == [("ada@desk", "dead.replay", str(where))]


def test_everything_of_a_code_is_replayed_once_though_it_dies_again(place: Workplace, dead: SqlDeadStore) -> None:
    job = failed_job(place)
    done = replay_all(dead, LOCAL_TENANT, wanted=DeadFilter(code=FailureCode.CORRUPT), by="ada")
    place.run(place.stores.jobs.get(job.id))

    assert (done.documents, done.pages, done.left) == (0, 1, 0)
    assert listed(dead) == ["a.txt:2", "b.txt:0"]


def test_a_whole_document_is_received_again(place: Workplace, dead: SqlDeadStore) -> None:
    job = failed_job(place)
    (where,) = (
        each.place for each in all_dead(dead, LOCAL_TENANT, wanted=DeadFilter(code=FailureCode.PASSWORD_REQUIRED))
    )
    replay(dead, LOCAL_TENANT, where, by="ada")

    assert place.run(place.stores.jobs.get(job.id), passwords=("secret",)).documents.failed == 0


def test_what_is_not_dead_or_was_canceled_is_not_replayed(place: Workplace, dead: SqlDeadStore) -> None:
    job = failed_job(place)
    (good,) = (each for each in place.stores.documents.page_through(job.id) if each.file == "c.txt")

    with pytest.raises(NotFoundError):
        replay(dead, LOCAL_TENANT, DeadPlace(good.id), by="ada")
    with pytest.raises(NotFoundError):
        replay(dead, LOCAL_TENANT, DeadPlace(good.id, 1), by="ada")
    with pytest.raises(NotFoundError):
        replay(dead, "another", next(all_dead(dead, LOCAL_TENANT, wanted=ANY)).place, by="ada")

    waiting = place.submit({"d.txt": "!refused", "e.txt": "waits"})
    place.stores.jobs.cancel(waiting.id)
    (where,) = (each.place for each in all_dead(dead, LOCAL_TENANT, wanted=DeadFilter(job_id=waiting.id)))
    with pytest.raises(ConflictError, match="canceled"):
        replay(dead, LOCAL_TENANT, where, by="ada")
    assert replay_all(dead, LOCAL_TENANT, wanted=DeadFilter(job_id=waiting.id), by="ada").left == 1


@pytest.mark.parametrize("name", ["", "x", "0199", "{id}/", "{id}/0", "{id}/-1", "{id}/a"])
def test_a_name_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        place_of(name.format(id=uuid4()))


def test_a_place_is_written_as_it_is_read() -> None:
    for place in (DeadPlace(uuid4()), DeadPlace(uuid4(), 7)):
        assert place_of(str(place)) == place


def test_a_replayed_page_of_a_service_is_due_at_once_and_alone(
    postgres_url: str, migrated_postgres: str, tmp_path: Path
) -> None:
    with empty_database(postgres_url, template=migrated_postgres) as url, closing(Database.open(url)) as database:
        place, dead = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path), SqlDeadStore(database)
        failed_job(place)
        with database.write() as connection:
            for table in (DOCUMENTS, PAGES):  # as if workers had read it
                connection.execute(update(table).values(queue=CPU_QUEUE))
        (where,) = (each.place for each in all_dead(dead, LOCAL_TENANT, wanted=DeadFilter(code=FailureCode.CORRUPT)))
        replay(dead, LOCAL_TENANT, where, by="ada")

        assert SqlTaskStore(database).due() == {CPU_QUEUE: 1}
        assert place.stores.documents.get(where.document_id).state is DocumentState.READING
        claim = SqlLeaseStore(database).claim_window(where.document_id, where.page, owner="me", lease_s=30)
        assert claim is not None
        assert [(page.facts.number, page.attempt) for page in claim.pages] == [(2, 1)]
        with pytest.raises(NotFoundError):  # it is no longer dead
            replay(dead, LOCAL_TENANT, where, by="ada")
