"""The folder that the processes of one worker count in; gone with it, or with the next one if it was killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PREFIX = "docproc-metrics-"
_LOCK = "lock"


@contextmanager
def counting_folder(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder, locked; the kernel unlocks it when this process dies, and the next worker sees that."""
    parent = parent or Path(tempfile.gettempdir())
    _remove_left_ones(parent)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "new").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "new").rename(folder / _LOCK)  # nobody sees it unlocked
            yield folder


def _remove_left_ones(parent: Path) -> None:
    for lock_file in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            with lock_file.open("r+") as lock:
                if _is_free(lock):
                    shutil.rmtree(lock_file.parent, ignore_errors=True)
        except OSError:  # another user's, or gone meanwhile
            continue


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
