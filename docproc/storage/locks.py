"""Locks by name, held to the end of a transaction; SQLite needs none, for whoever writes there is alone. Knows no row.

Two names may happen to share a lock: then one waits for the other without need, and nothing worse.
"""

from collections.abc import Collection

from sqlalchemy import Connection, text

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_TOGETHER = text(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name"
)


def lock_alone(connection: Connection, name: str) -> None:
    """Wait until nobody else holds it."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE, {"name": name})


def lock_together(connection: Connection, names: Collection[str]) -> None:
    """Wait until nobody holds one of them alone."""
    if names and connection.dialect.name == "postgresql":
        connection.execute(_TOGETHER, {"names": sorted(names)})
