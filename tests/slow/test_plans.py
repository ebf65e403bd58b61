"""A million pages: whatever a service does all day finds its rows by an index, and touches few."""

from collections.abc import Iterator

import pytest
from doubles.delivery import Depot
from doubles.many_pages import BIG_TABLES, Day, end_pages, fill
from doubles.plans import Explainer, faults
from doubles.postgres import empty_database
from sqlalchemy import event

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


def check(depot: Depot) -> None:
    explainer = Explainer(depot.database)
    wrong: dict[str, list[str]] = {}
    seen = 0
    for name, call in Day(depot).calls().items():
        explainer.plans.clear()
        call()
        seen += len(explainer.plans)
        found = [
            fault for statement, plan in explainer.plans for fault in faults(statement, plan, big=BIG_TABLES, few=FEW)
        ]
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
    found = [fault for statement, plan in explainer.plans for fault in faults(statement, plan, big=BIG_TABLES, few=FEW)]
    assert len(found) == 1
    assert "Seq Scan of documents" in found[0]
    event.remove(depot.database.engine, "before_cursor_execute", explainer._explain)
