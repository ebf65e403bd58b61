"""A service for the tests of its commands: a database of its own, a broker, a folder of blobs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from doubles.command import Command
from doubles.postgres import empty_database

from docproc.storage.database import Database


@pytest.fixture
def service_url(postgres_url: str, migrated_postgres: str) -> Iterator[str]:
    """The URL of a database at the newest revision."""
    with empty_database(postgres_url, template=migrated_postgres) as url:
        yield url


@pytest.fixture
def service(tmp_path: Path, service_url: str, valkey_url: str) -> Command:
    """`docproc` as somebody starts it who has a service."""
    settings = {"database_url": service_url, "broker_url": valkey_url, "blob_url": tmp_path / "blobs"}
    return Command(place=tmp_path, settings=settings)


@pytest.fixture
def service_database(service_url: str) -> Iterator[Database]:
    """What the commands see, for tests that look behind them."""
    with closing(Database.open(service_url, connections=2)) as database:
        yield database
