"""Engines for SQLite and Postgres, and the two kinds of transaction; knows no table."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from docproc.domain.errors import StorageError, UsageError
from docproc.storage.troubles import translated

#: how long a writer waits for another process
BUSY_TIMEOUT_S = 30.0
#: of SQLite, for each connection; what lies in the file's pages beyond that the system remembers for all of them
_PAGE_CACHE_KIB = 512
#: a connection that was not used for so long is tried before it is used
RESTED_S = 2.0
#: a server that says nothing is given up after this, or at once when its machine says that nothing listens
_CONNECT_S = 10
#: of libpq: a connection whose other end vanished without a word is noticed within half a minute or so
_LIVENESS: Mapping[str, Any] = {
    "connect_timeout": _CONNECT_S,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
#: how long a statement waits for a lock that somebody else holds: a client that was stopped may hold it for ever, and
#: the server ends the transaction of one that says nothing for so long
LOCK_S, IDLE_S = 10.0, 120.0
#: execution options: of a transaction that may write, and of statements that are each a transaction of their own
WRITES = "docproc_writes"
ALONE = "docproc_alone"

_UNREADABLE = (
    "DOCPROC_DATABASE_URL cannot be read: it is postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, "
    "with signs such as @ : / in a password percent-encoded"
)

_NO_LIMIT = text("SET LOCAL statement_timeout = 0")


class Database:
    """An engine with read and write transactions that are safe on both databases."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # Writers of one process queue here instead of polling SQLite's file lock, which sleeps and is unfair.
        self._turn: AbstractContextManager[Any] = (
            threading.Lock() if engine.dialect.name == "sqlite" else contextlib.nullcontext()
        )

    @classmethod
    def open(cls, url: str, *, connections: int = 16, statement_s: float = 0.0) -> Self:
        """Raises UsageError for a URL that names no database that docproc can use.

        Args:
            url: SQLAlchemy's; what it says of a connection goes before what is set here.
            connections: kept open at most.
            statement_s: how long one statement may take on a server; 0: as long as the server lets it.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise UsageError(_UNREADABLE) from None  # the cause may show its password
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise UsageError("docproc keeps its rows in SQLite or Postgres: sqlite:///FILE or postgresql+psycopg://…")
        if parsed.get_backend_name() == "sqlite":
            return cls(_sqlite_engine(url, connections, file=parsed.database))
        try:
            return cls(_postgres_engine(parsed, connections, statement_s=statement_s))
        except (ModuleNotFoundError, NoSuchModuleError) as exc:
            raise UsageError("Postgres needs its driver: pip install 'docproc[service]'") from exc

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """To look and block nobody: on a server each statement by itself, one way there instead of three."""
        with translated(self.engine.url), self.engine.connect() as plain:
            connection = plain.execution_options(**{ALONE: True})
            with connection.begin():
                yield connection

    @contextmanager
    def long_read(self) -> Iterator[Connection]:
        """One transaction that reads, for cursors, and for statements that last: they look at everything there is."""
        with translated(self.engine.url), self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(_NO_LIMIT)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; it takes SQLite's write lock at once, for a lock is never upgraded in time."""
        with self._turn, translated(self.engine.url), self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    def now(self, connection: Connection) -> datetime:
        """The database's clock: one for all who lease. An embedded database's clock is this machine's."""
        if self.is_sqlite:
            return datetime.now(UTC)
        moment: datetime = connection.scalar(select(func.clock_timestamp())) or datetime.now(UTC)
        return moment.astimezone(UTC)

    def close(self) -> None:
        self.engine.dispose()


def _postgres_engine(url: URL, connections: int, *, statement_s: float) -> Engine:
    limits = {"lock_timeout": LOCK_S, "idle_in_transaction_session_timeout": IDLE_S, "statement_timeout": statement_s}
    told = [f"-c {name}={int(seconds * 1000)}" for name, seconds in limits.items() if seconds]
    own = {name: value for name, value in _LIVENESS.items() if name not in url.query}
    options = " ".join([*told, str(url.query.get("options", ""))]).strip()  # of two, the last one counts
    engine = create_engine(url, pool_size=connections, connect_args={**own, "options": options})
    event.listen(engine, "begin", _begin_postgres)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _try_rested)
    return engine


def _begin_postgres(connection: Connection) -> None:
    """The driver begins transactions by itself, unless it is told that each statement is one."""
    if connection.get_execution_options().get(ALONE, False):
        _set_alone(connection.connection.dbapi_connection, alone=True)


def _set_alone(connection: Any, *, alone: bool) -> None:  # noqa: ANN401 the driver's, which knows more than DBAPI does
    if connection.autocommit is not alone:
        connection.autocommit = alone


def _note_rest(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    if connection is not None:  # else it broke
        _set_alone(connection, alone=False)
    record.info["rests_since"] = time.monotonic()


def _try_rested(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that rested for long may be dead; to ask before every transaction would double the ways there."""
    if time.monotonic() - record.info.get("rests_since", float("inf")) < RESTED_S:
        return
    try:
        cursor = connection.cursor()  # raises too where the driver knows already that it is closed
        try:
            cursor.execute("SELECT 1")
            connection.rollback()
        finally:
            cursor.close()
    except Exception as exc:
        raise DisconnectionError from exc


def _sqlite_engine(url: str, connections: int, *, file: str | None) -> Engine:
    if file and file != ":memory:":
        try:
            Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            folder = Path(file).parent
            raise StorageError(f"folder {folder}: it cannot be made: {exc.strerror}; set DOCPROC_DATA_DIR") from exc
    # the driver's own waiting starts before the first pragma runs
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=connections, max_overflow=-1)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = {-_PAGE_CACHE_KIB}")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait when two processes switch a new file at once."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
