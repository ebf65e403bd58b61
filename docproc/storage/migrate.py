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
HEAD = "0010"
#: names our migrations among the advisory locks of a Postgres server
MIGRATION_LOCK = 0x646F6370726F6300

#: how long a migration waits for one table: while it does, everybody else who needs the table waits behind it
TABLE_PATIENCE_S = 5.0
#: how long one of its statements may take, and how long replicas that start together wait for the one that migrates
STATEMENT_LIMIT_S = 1800.0
#: what Postgres says when it waited that long: lock_not_available, query_canceled
_OUT_OF_PATIENCE = frozenset({"55P03", "57014"})

_VERSIONS = text("SELECT version_num FROM alembic_version")


def migrate(database: Database, *, patience_s: float = TABLE_PATIENCE_S) -> bool:
    """Whether there was anything to do.

    Raises StorageError when the database is newer than this docproc, or others hold a table for longer than
    `patience_s`; then nothing was changed.
    """
    if revision(database) == HEAD:
        return False
    if database.is_sqlite:
        with without_foreign_keys(database) as connection:
            _upgrade(connection)
    else:
        with database.write() as connection:
            connection.execute(_LIMIT, {"name": "statement_timeout", "value": _milliseconds(STATEMENT_LIMIT_S)})
            for limit in ("lock_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(_LIMIT, {"name": limit, "value": "0"})
            # Replicas that start together would race: the others wait here and find the work done.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.execute(_LIMIT, {"name": "lock_timeout", "value": _milliseconds(patience_s)})
            with _patiently():
                _upgrade(connection)
    return True


#: until the end of the transaction
_LIMIT = text("SELECT set_config(:name, :value, true)")


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


@contextmanager
def _patiently() -> Iterator[None]:
    try:
        yield
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) in _OUT_OF_PATIENCE:
            raise StorageError(
                "the database could not be migrated, and nothing was changed: others hold its tables; "
                "stop the workers, or try again when less is going on"
            ) from exc
        raise


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
