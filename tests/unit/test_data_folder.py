"""The data folder holds what documents say: only its owner may look into it."""

import os
import stat
from pathlib import Path

import pytest

from docproc.bootstrap import open_desk
from docproc.settings import Settings
from docproc.storage.blobs import FolderBlobStore
from docproc.storage.database import Database

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_data_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "up" / "data"
    open_desk(Settings(data_dir=folder))
    assert _mode(folder) == 0o700


def test_the_folder_of_a_new_database_is_private(tmp_path: Path) -> None:
    Database.open(f"sqlite:///{tmp_path / 'data' / 'docproc.db'}").close()
    assert _mode(tmp_path / "data") == 0o700


def test_a_data_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o750)
    open_desk(Settings(data_dir=folder))
    assert _mode(folder) == 0o750


def test_folders_of_blobs_are_private_wherever_they_lie(tmp_path: Path) -> None:
    FolderBlobStore(tmp_path / "far" / "blobs").put("local/words/0123456789abcdef.1", [b"abc"])
    folders = [tmp_path / "far", *(path for path in (tmp_path / "far").rglob("*") if path.is_dir())]
    assert [_mode(folder) for folder in folders] == [0o700] * 5


def test_a_folder_for_blobs_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o2770)
    FolderBlobStore(folder).put("local/words/0123456789abcdef.1", [b"abc"])
    assert _mode(folder) == 0o2770
