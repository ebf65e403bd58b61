"""Fixtures of the tests of delivery."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.delivery import Depot
from doubles.postgres import empty_database

from docproc.storage.database import Database


@pytest.fixture
def depot(postgres_url: str, migrated_postgres: str, tmp_path: Path) -> Iterator[Depot]:
    """A service's database, empty."""
    with empty_database(postgres_url, template=migrated_postgres) as url:
        database = Database.open(url)
        yield Depot(database, tmp_path)
        database.close()
