"""An insert that leaves alone what is there already: SQLAlchemy has one for each kind of database. Knows no table."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_leave(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Whether the row is new; waits for whoever is inserting the same."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(table).values(values).on_conflict_do_nothing()
    # of an insert the driver's row count is not handed through: what comes back tells
    return connection.execute(statement.returning(*table.primary_key.columns)).first() is not None
