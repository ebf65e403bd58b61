"""Who works on this machine: a locked file a process, which the kernel unlocks when it dies. Knows no job."""

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from docproc.domain.errors import StorageError

if os.name == "posix":
    import fcntl

_SUFFIX = ".lock"
#: of files that do not have their name yet; whoever makes one needs an instant, so an old one's maker is dead
_UNSEEN = ".new"
_STALE_S = 600.0
_ID = "id"
#: owners of this very process: it can lock its own files again, so the lock tells nothing about them
_ALIVE_HERE: set[str] = set()


class LocalOwners:
    """Owners that work on one data folder from one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def enter(self) -> "Owner":
        """Begin to own work; use it as a context."""
        with _translated(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            name = f"{self._mark() or self._settle()}-{os.getpid()}-{secrets.token_hex(4)}"
        return Owner(name, self._folder / f"{name}{_SUFFIX}")

    def dead(self, owners: frozenset[str]) -> frozenset[str]:
        """Those of `owners` that certainly live no more; of strangers nothing is certain."""
        mark = self._mark()
        own = {owner for owner in owners if mark is not None and owner.startswith(f"{mark}-")}
        return frozenset(owner for owner in own if self._is_dead(owner))

    def _mark(self) -> str | None:
        """What the names of all who work on this folder begin with; None before the first one.

        Strangers (another data folder on the same Postgres) are told by it. It comes from an id that lies in the
        folder: names of machines and of folders are the same in many containers.
        """
        try:
            return hashlib.sha256((self._folder / _ID).read_bytes()).hexdigest()[:16]
        except FileNotFoundError:
            return None

    def _settle(self) -> str:
        """Give the folder its id; when several try, the first one's stays."""
        written = self._folder / f"{secrets.token_hex(16)}{_UNSEEN}"
        written.write_text(secrets.token_hex(32))
        try:
            os.link(written, self._folder / _ID)  # whole or not there, and never in the place of another
        except FileExistsError:
            pass
        except OSError:  # no links here: the last one's stays, and an earlier one is a stranger, whom nobody judges
            written.replace(self._folder / _ID)
        written.unlink(missing_ok=True)
        mark = self._mark()
        if mark is None:
            raise StorageError(f"data folder {self._folder.parent}: the id of its workers cannot be kept")
        return mark

    def _sweep(self) -> None:
        """Remove the files of the dead, also of those who held nothing when they died or were just starting."""
        for path in self._folder.glob(f"*{_SUFFIX}"):
            self._is_dead(path.name.removesuffix(_SUFFIX))
        for path in self._folder.glob(f"*{_UNSEEN}"):
            with contextlib.suppress(FileNotFoundError):  # its owner, or another who sweeps, was faster
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()

    def _is_dead(self, owner: str) -> bool:
        if owner in _ALIVE_HERE or os.name != "posix":  # elsewhere leases expire by time
            return False
        path = self._folder / f"{owner}{_SUFFIX}"
        try:
            with path.open("r+b") as stream:
                # A record lock: unlike flock it is not shared with child processes, which may outlive their parent.
                fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except OSError:  # locked: it lives
            return False
        return True


@contextlib.contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """Errors of the file system as StorageError that names the folder."""
    try:
        yield
    except OSError as exc:
        raise StorageError(f"folder {folder}: {exc.strerror}; make it writable, or set DOCPROC_DATA_DIR") from exc


class Owner:
    """The name under which this process leases, and the lock that shows that it lives."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path

    def __enter__(self) -> Self:
        # Locked before it has its name: nobody ever sees the file of a living owner without its lock.
        unseen = self._path.with_suffix(_UNSEEN)
        with _translated(self._path.parent):
            self._stream = unseen.open("w+b")
            if os.name == "posix":
                fcntl.lockf(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _ALIVE_HERE.add(self.name)
            unseen.replace(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ALIVE_HERE.discard(self.name)
        self._stream.close()
        self._path.unlink(missing_ok=True)
