"""Brings a database to the newest revision, on SQLite and Postgres; quick when it is there. Knows no table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import docproc
from docproc.domain.errors import StorageError
from docproc.storage.database import WRITES, Database
from docproc.storage.troubles import translated

if TYPE_CHECKING:
    import sqlite3

    from alembic.config import Config

#: kept beside the revisions so that starting need not load Alembic; a test holds them together
HEAD = "0002"
#: names our migrations among the advisory locks of a Postgres server
MIGRATION_LOCK = 0x646F6370726F6300

_VERSIONS = text("SELECT version_num FROM alembic_version")


def migrate(database: Database) -> bool:
    """Whether there was anything to do. Raises StorageError when the database is newer than this docproc."""
    if revision(database) == HEAD:
        return False
    if database.is_sqlite:
        with without_foreign_keys(database) as connection:
            _upgrade(connection)
    else:
        with database.write() as connection:
            # Replicas that start together would race: the others wait here and find the work done.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            _upgrade(connection)
    return True


def revision(database: Database) -> str | None:
    """The revision that the database is at; None when it is empty."""
    with translated(database.engine.url), database.engine.connect() as connection:
        try:
            found: str | None = connection.scalar(_VERSIONS)
        except DBAPIError as exc:
            if "alembic_version" in str(exc.orig):  # no such table
                return None
            raise
        return found


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings, with the migrations that this installation carries and not a folder of the same name here."""
    from alembic.config import Config  # noqa: PLC0415 a tenth of a second that most starts need not spend

    settings = Config()
    folder = Path(docproc.__file__).resolve().parent.parent / "migrations"
    settings.set_main_option("script_location", str(folder).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


@contextmanager
def without_foreign_keys(database: Database) -> Iterator[Connection]:
    """A transaction on SQLite in which tables may be rebuilt.

    Batch operations drop and rebuild tables: with foreign keys on, dropping a parent deletes its children.
    Raises StorageError, and changes nothing, when rows would be left without their parents.
    """
    with translated(database.engine.url), database.engine.connect() as plain:
        raw: sqlite3.Connection = plain.connection.driver_connection  # type: ignore[assignment]  # typed as any driver's
        # The pragma does nothing inside a transaction, so it is set on the raw connection before one begins.
        raw.execute("PRAGMA foreign_keys = OFF")
        connection = plain.execution_options(**{WRITES: True})
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise StorageError("the migration would leave rows without their parents: nothing was changed")
        finally:
            raw.execute("PRAGMA foreign_keys = ON")


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as exc:
        raise StorageError(
            "the database was made by a newer docproc: update docproc, or choose another data folder"
        ) from exc
