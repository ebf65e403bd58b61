"""Migrations on both databases."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from doubles.jobs import Workplace
from sqlalchemy import Connection, inspect, text

from docproc.domain.errors import StorageError
from docproc.storage.columns import Base
from docproc.storage.database import Database
from docproc.storage.migrate import HEAD, alembic_config, migrate, revision, without_foreign_keys
from docproc.storage.stores import stores_over

pytestmark = pytest.mark.integration


def test_head_is_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_an_empty_database_is_brought_to_head_once(empty_url: str) -> None:
    database = Database.open(empty_url)
    assert revision(database) is None
    assert migrate(database) is True
    assert revision(database) == HEAD
    assert migrate(database) is False
    database.close()


def test_migrations_make_the_tables_that_the_code_describes(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _same_moment})
        assert compare_metadata(context, Base.metadata) == []


def _same_moment(*arguments: object) -> bool | None:
    inspected, described = arguments[3], arguments[4]
    if type(described).__name__ == "UtcDateTime":
        return type(inspected).__name__ not in {"DATETIME", "TIMESTAMP"}
    return None


def test_migrations_make_the_checks_that_the_code_describes(database: Database) -> None:
    """Alembic does not compare checks, so they are compared here, by what a fresh `create_all` makes of them."""
    migrated = _checks(database)
    with database.write() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert migrated == _checks(database)
    assert sum(map(len, migrated.values())) > 12


def _checks(database: Database) -> dict[str, set[tuple[str, str]]]:
    found = inspect(database.engine)
    return {
        table: {
            (check["name"] or "", " ".join(check["sqltext"].split())) for check in found.get_check_constraints(table)
        }
        for table in Base.metadata.tables
    }


def test_the_way_down_leaves_nothing(database: Database) -> None:
    with database.write() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]


def test_a_database_of_a_newer_docproc_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer docproc"):
        migrate(database)


def test_rebuilding_a_parent_table_keeps_its_children(tmp_path: Path) -> None:
    """With foreign keys on, a batch operation on SQLite would drop the parent and cascade to every child."""
    database = Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")
    migrate(database)
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)
    job = place.submit({f"{index}.txt": "page" for index in range(5)})

    def rebuild(connection: Connection) -> None:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("jobs", recreate="always") as batch:
            batch.drop_constraint("ck_jobs_pages_add_up", type_="check")

    _run_like_a_migration(database, rebuild)
    assert place.stores.jobs.get(job.id).documents.total == 5
    assert len(place.stores.documents.page_through(job.id)) == 5
    assert "ck_jobs_pages_add_up" not in {name for name, _ in _checks(database)["jobs"]}
    with database.read() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


def _run_like_a_migration(database: Database, change: object) -> None:
    with without_foreign_keys(database) as connection:
        assert callable(change)
        change(connection)


def test_a_migration_that_would_orphan_rows_changes_nothing(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")
    migrate(database)
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)
    job = place.submit({"a.txt": "page"})
    with pytest.raises(StorageError, match="nothing was changed"):
        _run_like_a_migration(database, lambda connection: connection.execute(text("DELETE FROM jobs")))
    assert place.stores.jobs.get(job.id).documents.total == 1
    database.close()


_START = """
import sys
from docproc.storage.stores import open_own_database
open_own_database(sys.argv[1])
"""


def test_processes_that_start_together_on_an_empty_database_all_succeed(empty_url: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _START, empty_url]
    starting = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    outcomes = [(process.communicate()[1], process.returncode) for process in starting]
    assert outcomes == [("", 0)] * 4


def test_starting_at_head_does_not_load_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'docproc.db'}"
    database = Database.open(url)
    migrate(database)
    database.close()
    code = _START + "assert not [name for name in sys.modules if name.split('.')[0] == 'alembic']"
    subprocess.run([sys.executable, "-c", code, url, str(tmp_path)], check=True)
