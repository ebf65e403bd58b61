"""A hundred thousand jobs and documents: each list begins at an index and looks at few rows, on both databases."""

# ruff: noqa: S608 every part of a statement is written here

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from doubles.plans import Explainer, faults
from doubles.postgres import empty_database
from sqlalchemy import Connection, event, text

from docproc.domain.document import DocumentState, JobState
from docproc.services.audit_book import AuditFilter
from docproc.services.catalog import DocumentFilter, JobFilter, JobPlace
from docproc.services.errand_ports import LogFilter
from docproc.services.review_records import ReviewFilter
from docproc.storage.audit import SqlAuditLog
from docproc.storage.catalog import SqlCatalog
from docproc.storage.database import Database
from docproc.storage.deliveries import SqlDeliveryStore
from docproc.storage.keeping import SqlKeepingStore
from docproc.storage.reviews import SqlReviewStore

pytestmark = [pytest.mark.slow, pytest.mark.integration]

JOBS, TENANTS = 100_000, 2
BIG_TABLES = {"jobs", "documents", "deliveries", "audit"}
#: rows that one list of 50 may look at
FEW = 1500
#: of the tenant whose lists are made
TENANT = "t0"
MIDDLE = JobPlace(created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=JOBS // 2), id=UUID(int=JOBS // 2))


def fill(connection: Connection) -> None:
    """One document a job; one job in 5,000 failed, one in 5,000 is running, one in 5,000 needs review."""
    sqlite = connection.dialect.name == "sqlite"
    series = (
        f"(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {JOBS - 1}) SELECT n FROM s)"
        if sqlite
        else f"generate_series(0, {JOBS - 1}) AS s(n)"
    )
    hexed = "printf('%032x', n)" if sqlite else "lpad(to_hex(n), 32, '0')::uuid"
    moment = (
        "strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01', n || ' seconds')"
        if sqlite
        else "timestamptz '2026-01-01 00:00+00' + n * interval '1 s'"
    )
    kind = "CASE n % 5000 WHEN 2 THEN 'failed' WHEN 4 THEN 'reading' WHEN 6 THEN 'needs_review' ELSE 'succeeded' END"
    metadata = "('{\"team\": \"team-' || (n % 5000) || '\"}')" + ("" if sqlite else "::jsonb")
    flags = ", ".join(f"CASE WHEN {kind} = '{state}' THEN 1 ELSE 0 END" for state in DocumentState)
    columns = ", ".join(f"documents_{state}" for state in DocumentState)
    one = "'00000000000000000000000000000001'" + ("" if sqlite else "::uuid")
    failure = "CASE n % 5000 WHEN 2 THEN '{}' END" + ("" if sqlite else "::jsonb")
    finished = f"CASE n % 5000 WHEN 4 THEN NULL ELSE {moment} END"
    for statement in (
        *(f"INSERT INTO tenants (name, created_at) VALUES ('t{each}', CURRENT_TIMESTAMP)" for each in range(TENANTS)),
        f"INSERT INTO schemas VALUES ({one}, 'note', 1, 'a', 'note', '{{}}')",
        f"INSERT INTO jobs (id, tenant, schema_id, options, inputs, recursive, external_id, metadata, created_at,"
        f" submitted_at, finished_at, documents_total, {columns})"
        f" SELECT {hexed}, 't' || (n % {TENANTS}), {one}, '{{}}', '[]', false, 'job-' || n, {metadata}, {moment},"
        f" {moment}, {finished}, 1, {flags} FROM {series}",
        f"INSERT INTO documents (id, job_id, tenant, position, file, path, external_id, metadata, state, failure,"
        f" created_at, finished_at) SELECT {hexed}, {hexed}, 't' || (n % {TENANTS}), 0, 'f', 'f' || n, 'doc-' || n,"
        f" {metadata}, {kind}, {failure}, {moment}, {finished} FROM {series}",
        f"INSERT INTO audit (id, tenant, actor, action, subject, happened_at) SELECT {hexed}, 't' || (n % {TENANTS}),"
        f" 'ada', 'record.read', 'x', {moment} FROM {series}",
        "INSERT INTO webhooks (id, tenant, url, secrets, kinds, created_at)"
        f" VALUES ({one}, 't0', 'https://x', '[]', '[]', CURRENT_TIMESTAMP)",
        f"INSERT INTO deliveries (id, webhook_id, tenant, job_id, event_number, state, due_at, created_at, finished_at)"
        f" SELECT {hexed}, {one}, 't0', {hexed}, 1, 'succeeded', {moment}, {moment}, {moment} FROM {series}",
        "ANALYZE",
    ):
        connection.execute(text(statement))


def calls(database: Database) -> Mapping[str, Callable[[], object]]:
    catalog, reviews = SqlCatalog(database), SqlReviewStore(database)
    (job,) = catalog.jobs(TENANT, wanted=JobFilter(), after=None, limit=1)

    def jobs(wanted: JobFilter = JobFilter(), *, after: JobPlace | None = None) -> Callable[[], object]:  # noqa: B008
        return lambda: catalog.jobs(TENANT, wanted=wanted, after=after, limit=50)

    def documents(wanted: DocumentFilter) -> Callable[[], object]:
        return lambda: catalog.documents(job, wanted=wanted, after=-1, limit=50)

    audit, deliveries, keeping = SqlAuditLog(database), SqlDeliveryStore(database), SqlKeepingStore(database)
    return {
        "newest jobs": jobs(),
        "jobs further on": jobs(after=MIDDLE),
        **{f"{state} jobs": jobs(JobFilter(state=state)) for state in JobState},
        "failed jobs further on": jobs(JobFilter(state=JobState.FAILED), after=MIDDLE),
        "jobs by external id": jobs(JobFilter(external_id="job-50000")),
        "jobs of a time": jobs(JobFilter(since=MIDDLE.created_at, before=MIDDLE.created_at + timedelta(minutes=1))),
        "jobs of a schema": jobs(JobFilter(schema="note@1")),
        "documents of a job": documents(DocumentFilter()),
        "its documents by external id": documents(DocumentFilter(external_id="doc-50000")),
        "its documents that need review": documents(DocumentFilter(state=DocumentState.NEEDS_REVIEW)),
        "waiting for review": lambda: reviews.waiting(TENANT, wanted=ReviewFilter(), limit=50),
        "audit further on": lambda: audit.page_through(TENANT, wanted=AuditFilter(), limit=50),
        "log of a webhook": lambda: deliveries.log(TENANT, wanted=LogFilter(webhook_id=UUID(int=1)), limit=50),
        "log": lambda: deliveries.log(TENANT, wanted=LogFilter(), limit=50),
        "what expired": lambda: keeping.expired(TENANT, limit=50),
    }


def by_metadata(database: Database) -> Mapping[str, Callable[[], object]]:
    """On Postgres alone: SQLite walks along the newest ones."""
    catalog, wanted = SqlCatalog(database), {"team": "team-8"}
    return {
        "jobs": lambda: catalog.jobs(TENANT, wanted=JobFilter(metadata=wanted), after=None, limit=50),
    }


@pytest.fixture(scope="module")
def postgres(postgres_url: str, migrated_postgres: str) -> Iterator[Database]:
    with (
        empty_database(postgres_url, template=migrated_postgres) as url,
        closing(Database.open(url)) as database,
    ):
        with database.write() as connection:
            fill(connection)
        yield database


def test_no_list_reads_a_big_table_through_on_postgres(postgres: Database) -> None:
    explainer = Explainer(postgres)
    wrong = {}
    for name, call in {**calls(postgres), **{f"{n} by metadata": c for n, c in by_metadata(postgres).items()}}.items():
        explainer.plans.clear()
        call()
        assert explainer.plans, name
        found = [fault for each, plan in explainer.plans for fault in faults(each, plan, big=BIG_TABLES, few=FEW)]
        if found:
            wrong[name] = found
    event.remove(postgres.engine, "before_cursor_execute", explainer._explain)
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())


def test_no_list_reads_a_big_table_through_on_sqlite(migrated_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "docproc.db"
    path.write_bytes(migrated_file.read_bytes())
    plans: list[str] = []
    with closing(Database.open(f"sqlite:///{path}")) as database:
        with database.write() as connection:
            connection.execute(text("PRAGMA foreign_keys = OFF"))
            fill(connection)

        def explain(_: object, cursor: sqlite3.Cursor, statement: str, parameters: tuple[object], *__: object) -> None:
            if statement.startswith("SELECT"):
                steps = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                plans.extend(f"{step[3]}: {statement[:200]}" for step in steps)

        event.listen(database.engine, "before_cursor_execute", explain)
        wrong = {}
        for name, call in calls(database).items():
            plans.clear()
            call()
            assert plans, name
            found = [plan for plan in plans if plan.split(":")[0] in {f"SCAN {table}" for table in BIG_TABLES}]
            if found:
                wrong[name] = found
        assert wrong == {}
