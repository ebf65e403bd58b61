"""Errors of a database as StorageError: which database, what is wrong, what to do. Knows no query."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from docproc.domain.errors import RefusedError, StorageError

_ELSEWHERE = "or set DOCPROC_DATA_DIR to another folder"
#: by the beginning of SQLite's names of its errors
_SQLITE: Mapping[str, str] = {
    "SQLITE_READONLY": f"it cannot be written: make the file and its folder writable, {_ELSEWHERE}",
    "SQLITE_CANTOPEN": f"it cannot be opened: make the file and its folder readable and writable, {_ELSEWHERE}",
    "SQLITE_PERM": f"it cannot be opened: make the file and its folder readable and writable, {_ELSEWHERE}",
    "SQLITE_FULL": f"the disk is full: free some space, {_ELSEWHERE}",
    "SQLITE_IOERR": f"the disk cannot be read or written: check it, {_ELSEWHERE}",
    "SQLITE_BUSY": "another process holds it: try again, or look for one that hangs",
    "SQLITE_NOTADB": f"it is no SQLite database: restore it, {_ELSEWHERE}",
    "SQLITE_CORRUPT": f"it is damaged: restore it, {_ELSEWHERE}",
}


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """What the driver and SQLAlchemy raise, as StorageError.

    Of an error only its kind is told: its text may hold the statement with its values. A value that is refused is no
    outage, though the one who wrote it cannot go on either.
    """
    try:
        yield
    except (DataError, IntegrityError) as exc:
        raise RefusedError(f"database {place_of(url)}: it refuses a value: {type(exc.orig).__name__}") from exc
    except (SQLAlchemyError, sqlite3.Error) as exc:  # sqlite3's own come from setting a connection up
        raise StorageError(f"database {place_of(url)}: {_trouble(exc, url)}") from exc


def place_of(url: URL) -> str:
    """The file, or the server and the name on it; without user and password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    server = (url.host or "localhost") + (f":{url.port}" if url.port else "")
    return f"{server}/{url.database or ''}"


#: by the server's codes
_POSTGRES: Mapping[str, str] = {
    "55P03": "another process holds what is needed: try again, or look for one that hangs",
    "57014": "it took too long: see what else the server does",
}


def _trouble(exc: Exception, url: URL) -> str:
    cause = exc.orig if isinstance(exc, DBAPIError) else exc
    name = getattr(cause, "sqlite_errorname", None) or ""
    for beginning, trouble in _SQLITE.items():
        if name.startswith(beginning):
            return trouble
    if told := _POSTGRES.get(getattr(cause, "sqlstate", None) or ""):
        return told
    if isinstance(exc, OperationalError) and getattr(cause, "sqlstate", name) is None:  # there was no answer to judge
        return "the server cannot be reached or turns docproc away: see that it runs, and check DOCPROC_DATABASE_URL"
    if isinstance(exc, ProgrammingError) and exc.statement is None:  # the driver did not even try
        options = f" ({', '.join(sorted(url.query))})" if url.query else ""
        return f"an option behind the ? of DOCPROC_DATABASE_URL{options} is not known, or its value cannot be one"
    return f"it cannot be used: {type(cause).__name__}"
