"""A service for each test; its workers are processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.works import Works, running_works


@pytest.fixture
def works(postgres_url: str, migrated_postgres: str, tmp_path: Path) -> Iterator[Works]:
    with running_works(postgres_url, migrated_postgres, tmp_path) as works:
        yield works
