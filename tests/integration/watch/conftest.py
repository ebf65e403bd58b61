"""A watched folder with a ledger of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.watching import Watched

from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger


@pytest.fixture
def ledger(migrated_file: Path, tmp_path: Path) -> Iterator[SqlLedger]:
    (tmp_path / "docproc.db").write_bytes(migrated_file.read_bytes())
    database = Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")
    yield SqlLedger(database, tenant="local", place="scans")
    database.close()


@pytest.fixture
def watched(ledger: SqlLedger, tmp_path: Path) -> Watched:
    return Watched(base=tmp_path, ledger=ledger)
