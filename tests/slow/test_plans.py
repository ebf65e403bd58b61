"""A million pages: whatever a service does all day finds its rows by an index, and touches few."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from doubles.delivery import Depot
from doubles.many_pages import BIG_TABLES, Day, end_pages, fill
from doubles.postgres import empty_database
from psycopg import Cursor
from sqlalchemy import Connection, event

from docproc.storage.database import Database

pytestmark = [pytest.mark.slow, pytest.mark.integration]
#: rows that one statement may look at: what workers hold and the broker carries, and not what waits
FEW = 3000


@pytest.fixture(scope="module")
def depot(postgres_url: str, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    with empty_database(postgres_url, template=migrated_postgres) as url:
        database = Database.open(url)
        fill(database)
        yield Depot(database, tmp_path_factory.mktemp("blobs"))
        database.close()


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
        cursor.execute("SAVEPOINT explained")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
        [found] = cursor.fetchone() or ("[]",)
        cursor.execute("ROLLBACK TO explained")
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        self.plans.append((" ".join(statement.split()), plan))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def touched(node: dict[str, Any]) -> float:
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + dropped) * node["Actual Loops"])


def faults(statement: str, plan: dict[str, Any]) -> Iterator[str]:
    for node in nodes(plan):
        if node.get("Relation Name") not in BIG_TABLES or "Scan" not in node["Node Type"]:
            continue
        what = f"{node['Node Type']} of {node['Relation Name']}, {touched(node):.0f} rows: {statement[:400]}"
        if node["Node Type"] == "Seq Scan" or touched(node) > FEW:
            yield what


def check(depot: Depot) -> None:
    explainer = Explainer(depot.database)
    wrong: dict[str, list[str]] = {}
    seen = 0
    for name, call in Day(depot).calls().items():
        explainer.plans.clear()
        call()
        seen += len(explainer.plans)
        found = [fault for statement, plan in explainer.plans for fault in faults(statement, plan)]
        if found:
            wrong[name] = found
    assert wrong == {}
    assert seen > 40
    event.remove(depot.database.engine, "before_cursor_execute", explainer._explain)


def test_no_call_reads_a_big_table_through(depot: Depot) -> None:
    check(depot)


def test_nor_right_after_many_pages_ended_and_before_anybody_tidied_up(depot: Depot) -> None:
    end_pages(depot.database, count=100_000)
    check(depot)


def test_the_explainer_finds_a_table_that_is_read_through(depot: Depot) -> None:
    explainer = Explainer(depot.database)
    depot.rows("SELECT count(*) FROM documents WHERE file = 'nowhere'")
    found = [fault for statement, plan in explainer.plans for fault in faults(statement, plan)]
    assert len(found) == 1
    assert "Seq Scan of documents" in found[0]
    event.remove(depot.database.engine, "before_cursor_execute", explainer._explain)
