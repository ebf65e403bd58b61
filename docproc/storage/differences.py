"""How a database differs from the tables that docproc knows: what somebody changed by hand. Changes nothing."""

from collections.abc import Iterator, Sequence
from typing import Any

from docproc.storage import ledger_table, service_tables, tables
from docproc.storage.columns import Base, UtcDateTime
from docproc.storage.database import Database

#: the modules whose tables belong to the database
_TABLES = (tables, service_tables, ledger_table)


def differences(database: Database) -> list[str]:
    """In words, without a value; nothing when the database is as it should be."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 slow to import
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": compare_type})
        return list(_in_words(compare_metadata(context, Base.metadata)))


def compare_type(
    _context: object, _inspected: object, _column: object, inspected_type: object, metadata_type: object
) -> bool | None:
    """None: let Alembic compare."""
    if isinstance(metadata_type, UtcDateTime):
        return type(inspected_type).__name__ not in {"DATETIME", "TIMESTAMP"}
    return None


def _in_words(found: Sequence[Any]) -> Iterator[str]:
    """Alembic says what it would do to the database: `add_column` means that one is missing."""
    for difference in found:
        if isinstance(difference, list):
            yield from _in_words(difference)
            continue
        action, *parts = difference
        names = (str(getattr(part, "name", None) or part) for part in parts if part is not None)
        kind, _, what = str(action).partition("_")
        verdict = {"add": "missing", "remove": "not of docproc"}.get(kind, "changed")
        yield f"{what.replace('_', ' ')} {verdict}: {' '.join(_short(name) for name in names)}"


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:77]}..."  # noqa: PLR2004 a line
