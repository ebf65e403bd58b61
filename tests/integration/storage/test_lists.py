"""Lists of jobs and documents on both databases: every filter, page by page, for their tenant alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from doubles.documents import accept_text
from doubles.jobs import Workplace
from sqlalchemy import update

from docproc.domain.document import DocumentState, JobState
from docproc.domain.ids import new_id
from docproc.services.catalog import DocumentFilter, JobFilter, JobPlace
from docproc.services.job_context import schema_version
from docproc.services.records import Document, Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile, submit
from docproc.storage.catalog import SqlCatalog
from docproc.storage.database import Database
from docproc.storage.stores import stores_over
from docproc.storage.tables import DOCUMENTS, JOBS
from docproc.storage.tenants import SqlTenantStore

pytestmark = pytest.mark.integration

ODD = {'a"b': "x'; --", "ä.b[0]": "ß%", "count": 3, "share": 0.5, "deep": {"k": "v"}, "yes": True, "none": None}


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    SqlTenantStore(database).create("other")
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


@pytest.fixture
def catalog(database: Database) -> SqlCatalog:
    return SqlCatalog(database)


def handed_in(
    place: Workplace,
    texts: Mapping[str, str],
    *,
    tenant: str = "local",
    external_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Job:
    """Each document is called as its file."""
    files = [
        SubmittedFile(path=file.path, name=file.name, external_id=file.name, metadata={"name": file.name})
        for file in place.write(texts)
    ]
    new = NewJob(
        id=new_id(),
        schema=schema_version(place.schema),
        options=JobOptions(),
        tenant=tenant,
        external_id=external_id,
        metadata=metadata or {},
    )
    return submit(place.stores, new, files, accept=accept_text)


def all_jobs(catalog: SqlCatalog, wanted: JobFilter, *, tenant: str = "local", limit: int = 2) -> Iterator[Job]:
    after = None
    while found := catalog.jobs(tenant, wanted=wanted, after=after, limit=limit):
        yield from found
        after = JobPlace(created_at=found[-1].created_at, id=found[-1].id)


def ids(found: Iterator[Job] | Sequence[Document]) -> set[UUID]:
    listed = [each.id for each in found]
    assert len(listed) == len(set(listed))
    return set(listed)


def test_jobs_of_every_state_are_found_by_it_and_by_no_other(
    place: Workplace, catalog: SqlCatalog, database: Database
) -> None:
    good, bad, torn = "fine", "!refused", "one\n!unreadable"
    handed_in(place, {})
    handed_in(place, {"a": good})
    for texts in ({"b": good}, {"c": bad}, {"d": good, "e": bad}, {"f": torn}, {"g": torn, "h": bad}):
        place.run(handed_in(place, texts))
    for texts in ({}, {"i": good}, {"j": bad, "k": good}):
        place.stores.jobs.cancel(handed_in(place, texts).id)
    running = handed_in(place, {"l": good, "m": good})
    place.claim(running)
    half = handed_in(place, {"n": good, "o": good})
    with database.write() as connection:  # one document done, one canceled
        values = {"documents_received": 0, "documents_succeeded": 1, "documents_canceled": 1}
        connection.execute(update(JOBS).where(JOBS.c.id == half.id).values(**values))

    every = list(all_jobs(catalog, JobFilter()))
    assert len(every) == 12
    assert {job.state for job in every} == set(JobState)
    for state in JobState:
        assert ids(all_jobs(catalog, JobFilter(state=state))) == {job.id for job in every if job.state is state}


def test_jobs_are_found_by_what_their_senders_say_of_them(place: Workplace, catalog: SqlCatalog) -> None:
    odd = handed_in(place, {}, external_id="b-1", metadata=ODD)
    plain = handed_in(place, {}, external_id="b-2", metadata={"count": "3", "share": "1"})
    theirs = handed_in(place, {}, tenant="other", external_id="b-1", metadata=ODD)
    handed_in(place, {})
    for metadata, found in (
        ({'a"b': "x'; --"}, {odd.id}),
        ({"ä.b[0]": "ß%"}, {odd.id}),
        ({"count": "3"}, {odd.id, plain.id}),
        ({"share": "0.5"}, {odd.id}),
        ({"count": "3", "share": "1"}, {plain.id}),
        ({"deep": "v"}, set()),
        ({"nothing": "3"}, set()),
        ({}, {job.id for job in all_jobs(catalog, JobFilter())}),
    ):
        assert ids(all_jobs(catalog, JobFilter(metadata=metadata))) == found
    assert ids(all_jobs(catalog, JobFilter(external_id="b-1"))) == {odd.id}
    assert ids(all_jobs(catalog, JobFilter(external_id="b-1"), tenant="other")) == {theirs.id}
    for schema, count in (("note", 3), ("note@1", 3), ("note@2", 0), ("note@", 3), ("note@x", 0), ("invoice", 0)):
        assert len(ids(all_jobs(catalog, JobFilter(schema=schema)))) == count


def test_jobs_of_one_moment_are_told_apart_by_their_ids_and_time_bounds_hold(
    place: Workplace, catalog: SqlCatalog, database: Database
) -> None:
    jobs = [handed_in(place, {}) for _ in range(7)]
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id.in_([job.id for job in jobs[:5]])).values(created_at=moment))
    listed = [job.id for job in all_jobs(catalog, JobFilter())]
    assert set(listed) == {job.id for job in jobs}
    assert listed[2:] == sorted((job.id for job in jobs[:5]), reverse=True)
    later = moment + timedelta(seconds=1)
    for since, before, count in ((moment, None, 7), (None, moment, 0), (moment, later, 5), (later, None, 2)):
        assert len(ids(all_jobs(catalog, JobFilter(since=since, before=before)))) == count


def test_documents_are_found_in_their_job(place: Workplace, catalog: SqlCatalog, database: Database) -> None:
    first = place.run(handed_in(place, {"a": "1", "b": "2", "c": "!refused"}))
    second = place.run(handed_in(place, {"a": "3"}))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with database.write() as connection:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.job_id == first.id).values(created_at=moment))

    def found(job: Job, wanted: DocumentFilter) -> list[str]:
        return [each.file for each in catalog.documents(job, wanted=wanted, after=-1, limit=10)]

    for wanted, names in (
        (DocumentFilter(), ["a", "b", "c"]),
        (DocumentFilter(state=DocumentState.FAILED), ["c"]),
        (DocumentFilter(external_id="a"), ["a"]),
        (DocumentFilter(metadata={"name": "b"}), ["b"]),
        (DocumentFilter(schema="note@1", state=DocumentState.SUCCEEDED), ["a", "b"]),
        (DocumentFilter(schema="note@2"), []),
        (DocumentFilter(since=moment, before=moment + timedelta(days=1)), ["a", "b", "c"]),
        (DocumentFilter(before=moment), []),
    ):
        assert found(first, wanted) == names
    assert found(second, DocumentFilter(external_id="b")) == []
    assert found(second, DocumentFilter(since=moment + timedelta(days=1))) == ["a"]
