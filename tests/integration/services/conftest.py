"""Fixtures of the tests of delivery."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.delivery import Depot
from doubles.jobs import Workplace
from doubles.postgres import empty_database

from docproc.storage.database import Database
from docproc.storage.stores import stores_over


@pytest.fixture
def postgres(postgres_url: str, migrated_postgres: str) -> Iterator[Database]:
    """A service's database, empty."""
    with empty_database(postgres_url, template=migrated_postgres) as url:
        database = Database.open(url)
        yield database
        database.close()


@pytest.fixture
def depot(postgres: Database, tmp_path: Path) -> Depot:
    """The stores over it."""
    return Depot(postgres, tmp_path)


@pytest.fixture
def place(postgres: Database, tmp_path: Path) -> Workplace:
    """Where jobs are worked on over it."""
    return Workplace(stores_over(postgres, tmp_path / "blobs"), tmp_path)
