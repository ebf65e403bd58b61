"""An insert that leaves alone what is there already: SQLAlchemy has one for each kind of database. Knows no table."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_leave(connection: Connection, table: Table) -> Any:  # noqa: ANN401 an insert of either kind
    """Waits for whoever is inserting the same; a row count of 0 says that it was there."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    return kind.insert(table).on_conflict_do_nothing()
