"""Migrations of databases that hold rows and are in use: what was there stays, and nobody is kept waiting."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command
from doubles.delivery import at_once
from doubles.waiting import PATIENCE_S
from sqlalchemy import inspect, text

from docproc.domain.errors import StorageError
from docproc.storage.database import Database
from docproc.storage.migrate import HEAD, MIGRATION_LOCK, alembic_config, migrate, revision, without_foreign_keys

pytestmark = pytest.mark.integration

MOMENT = "2026-01-02 03:04:05.000006"
#: a job that is finished, one that is not, and a page of each document
_FIRST_ROWS = (
    "INSERT INTO schemas VALUES ('{schema}', 'note', 1, 'a', 'note', '{{}}')",
    "INSERT INTO jobs (id, tenant, schema_id, options, inputs, recursive, created_at, submitted_at, documents_total, "
    "documents_succeeded, documents_failed, pages_total, pages_read, pages_failed) "
    "VALUES ('{done}', 'acme', '{schema}', '{{}}', '[]', false, '{moment}', '{moment}', 2, 1, 1, 2, 1, 1)",
    "INSERT INTO jobs (id, schema_id, options, inputs, recursive, created_at, submitted_at, documents_total, "
    "documents_reading, pages_total, pages_open) "
    "VALUES ('{open}', '{schema}', '{{}}', '[]', false, '{moment}', '{moment}', 1, 1, 3, 3)",
    "INSERT INTO documents (id, job_id, tenant, position, file, path, state, pages_total, pages_read, created_at, "
    "finished_at) VALUES ('{good}', '{done}', 'acme', 0, 'a', '/a', 'succeeded', 1, 1, '{moment}', '{moment}')",
    "INSERT INTO documents (id, job_id, tenant, position, file, path, state, failure, pages_total, pages_failed, "
    "created_at, finished_at) VALUES ('{bad}', '{done}', 'acme', 1, 'b', '/b', 'failed', '{{\"code\": \"corrupt\"}}', "
    "1, 1, '{moment}', '{moment}')",
    "INSERT INTO documents (id, job_id, position, file, path, state, pages_total, pages_open, created_at, "
    "lease_owner, lease_expires_at) "
    "VALUES ('{half}', '{open}', 0, 'c', '/c', 'reading', 3, 3, '{moment}', 'me', '{moment}')",
    "INSERT INTO pages (document_id, number, state, rotation, words, source, ink, words_offset, words_length) VALUES "
    "('{good}', 1, 'read', 0, 1, 'text_layer', 0, 0, 1), ('{half}', 1, 'waiting', 0, 1, 'text_layer', 0, 0, 1), "
    "('{half}', 2, 'waiting', 0, 1, 'text_layer', 0, 0, 1), ('{half}', 3, 'waiting', 0, 1, 'text_layer', 0, 0, 1)",
    "INSERT INTO pages (document_id, number, state, rotation, words, source, ink, words_offset, words_length, failure) "
    "VALUES ('{bad}', 1, 'failed', 0, 1, 'text_layer', 0, 0, 1, '{{\"code\": \"corrupt\"}}')",
)


def _named(database: Database) -> dict[str, str]:
    """Ids as each kind of database writes them."""
    names = ("schema", "done", "open", "good", "bad", "half")
    ids = {name: f"{number:032x}" for number, name in enumerate(names, start=1)}
    if not database.is_sqlite:
        ids = {name: str(UUID(found)) for name, found in ids.items()}
    return {**ids, "moment": MOMENT if database.is_sqlite else f"{MOMENT}+00"}


@pytest.fixture
def first(empty_url: str) -> Iterator[Database]:
    """A database at the first revision, with rows."""
    database = Database.open(empty_url)
    migrate(database)
    _move(database, "0001", down=True)
    with database.write() as connection:
        for statement in _FIRST_ROWS:
            connection.exec_driver_sql(statement.format(**_named(database)))
    yield database
    database.close()


def _move(database: Database, to: str, *, down: bool) -> None:
    moving = command.downgrade if down else command.upgrade
    if database.is_sqlite:
        with without_foreign_keys(database) as connection:
            moving(alembic_config(connection), to)
    else:
        with database.write() as connection:
            moving(alembic_config(connection), to)


def _rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def _everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows by table; the columns by name, for a table that was rebuilt has them in another order."""
    found = {}
    for table in ("schemas", "jobs", "documents", "pages"):
        columns = ", ".join(sorted(column["name"] for column in inspect(database.engine).get_columns(table)))
        found[table] = sorted(_rows(database, f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608
    return found


def test_rows_of_the_first_revision_come_through(first: Database) -> None:
    assert migrate(first) is True
    ids = _named(first)
    assert [name for (name,) in _rows(first, "SELECT name FROM tenants ORDER BY name")] == ["acme", "local"]
    assert _rows(first, "SELECT DISTINCT tenant FROM pages p ORDER BY tenant") == [("acme",), ("local",)]
    assert _rows(first, "SELECT count(*) FROM pages WHERE first_page = number AND attempt = 0") == [(5,)]
    assert _rows(first, "SELECT count(*) FROM documents WHERE queue IS NULL AND priority = 0") == [(3,)]
    finished = {str(job).replace("-", ""): moment for job, moment in _rows(first, "SELECT id, finished_at FROM jobs")}
    assert finished[ids["open"].replace("-", "")] is None
    done = finished[ids["done"].replace("-", "")]
    assert done is not None
    assert datetime.fromisoformat(str(done)).microsecond == 6


def test_the_way_down_and_up_again_keeps_the_rows(first: Database) -> None:
    before = _everything(first)
    migrate(first)
    after = _everything(first)
    _move(first, "0001", down=True)
    assert _everything(first) == before
    migrate(first)
    assert _everything(first) == after


def test_jobs_of_the_first_revision_can_be_gone_on_with(first: Database) -> None:
    migrate(first)
    with first.write() as connection:
        moved = connection.execute(text("UPDATE pages SET state = 'read', reader = 'r' WHERE state = 'waiting'"))
        assert moved.rowcount == 3


@pytest.fixture
def used(empty_postgres: str) -> Iterator[Database]:
    """A Postgres database at the first revision."""
    database = Database.open(empty_postgres)
    migrate(database)
    _move(database, "0001", down=True)
    yield database
    database.close()


def _plain(database: Database) -> str:
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_a_table_that_others_hold_stops_the_migration_and_not_the_service(used: Database) -> None:
    with psycopg.connect(_plain(used)) as other:
        other.execute("SELECT * FROM pages")  # a transaction that is left open
        began = time.monotonic()
        with pytest.raises(StorageError, match="others hold its tables"):
            migrate(used, patience_s=0.5)
        assert time.monotonic() - began < 5
        assert revision(used) == "0001"
        assert "tenants" not in inspect(used.engine).get_table_names()
    assert migrate(used) is True


def _patience(used: Database) -> list[str]:
    with used.read() as connection:
        return [str(connection.scalar(text(f"SHOW {name}"))) for name in ("lock_timeout", "statement_timeout")]


def test_the_patience_ends_with_the_migration(used: Database) -> None:
    before = _patience(used)
    migrate(used)
    assert _patience(used) == before


def test_whoever_waits_for_another_that_migrates_is_patient(used: Database) -> None:
    """The lock of all who migrate may be held for longer than a table may."""
    holding = threading.Event()

    def hold() -> None:
        with psycopg.connect(_plain(used)) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            holding.set()
            time.sleep(1.0)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(PATIENCE_S)
    began = time.monotonic()
    assert migrate(used, patience_s=0.2) is True
    assert time.monotonic() - began > 0.5
    holder.join()
    assert revision(used) == HEAD


def test_many_that_migrate_at_once_migrate_once(used: Database) -> None:
    assert any(at_once([lambda: migrate(used) for _ in range(5)]))
    assert revision(used) == HEAD
