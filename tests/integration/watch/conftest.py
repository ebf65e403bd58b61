"""A watched folder with a ledger of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from doubles.watching import Watched

from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger

NOBODY = 65534


@pytest.fixture
def ledger(migrated_file: Path, tmp_path: Path) -> Iterator[SqlLedger]:
    (tmp_path / "docproc.db").write_bytes(migrated_file.read_bytes())
    database = Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")
    yield SqlLedger(database, tenant="local", place="scans")
    database.close()


@pytest.fixture
def watched_without_rights(migrated_file: Path) -> Iterator[Watched]:
    """Root may read everything: then this process is somebody else for as long as the test lasts."""
    with tempfile.TemporaryDirectory() as name:
        base, is_root = Path(name), os.geteuid() == 0
        shutil.copyfile(migrated_file, base / "docproc.db")
        if is_root:
            for path in (base, base / "docproc.db"):
                os.chown(path, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            with closing(Database.open(f"sqlite:///{base / 'docproc.db'}")) as database:
                yield Watched(base=base, ledger=SqlLedger(database, tenant="local", place="scans"))
        finally:
            if is_root:
                os.seteuid(0)


@pytest.fixture
def watched(ledger: SqlLedger, tmp_path: Path) -> Watched:
    return Watched(base=tmp_path, ledger=ledger)
