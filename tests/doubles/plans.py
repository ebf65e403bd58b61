"""The plans of statements on Postgres as they are really run, and what is wrong with them."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from psycopg import Cursor
from sqlalchemy import Connection, event

from docproc.storage.database import Database


class Explainer:
    """Explains each statement before it is run, really running it, and taking that back."""

    def __init__(self, database: Database) -> None:
        self.plans: list[tuple[str, dict[str, Any]]] = []
        event.listen(database.engine, "before_cursor_execute", self._explain)

    def _explain(
        self, _connection: Connection, cursor: Cursor, statement: str, parameters: dict[str, Any], _: object, many: bool
    ) -> None:
        if many or not statement.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")):
            return
        # what only reads is in no transaction
        begin, back = ("BEGIN", "ROLLBACK") if cursor.connection.autocommit else ("SAVEPOINT e", "ROLLBACK TO e")
        cursor.execute(begin)
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
        [found] = cursor.fetchone() or ("[]",)
        cursor.execute(back)
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        self.plans.append((" ".join(statement.split()), plan))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def touched(node: dict[str, Any]) -> float:
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + dropped) * node["Actual Loops"])


def faults(statement: str, plan: dict[str, Any], *, big: Collection[str], few: int) -> Iterator[str]:
    """Where a big table is read through, or more rows of one are looked at than `few`."""
    for node in nodes(plan):
        if node.get("Relation Name") not in big or "Scan" not in node["Node Type"]:
            continue
        what = f"{node['Node Type']} of {node['Relation Name']}, {touched(node):.0f} rows: {statement[:400]}"
        if node["Node Type"] == "Seq Scan" or touched(node) > few:
            yield what
