"""Who works on this machine: a locked file a process, which the kernel unlocks when it dies. Knows no job."""

import hashlib
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

if os.name == "posix":
    import fcntl

_SUFFIX = ".lock"
#: owners of this very process: it can lock its own files again, so the lock tells nothing about them
_ALIVE_HERE: set[str] = set()


class LocalOwners:
    """Owners that work on one data folder from one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Strangers (another machine, another data folder on the same Postgres) are told by this mark.
        place = f"{socket.gethostname()}:{folder.absolute()}"
        self._mark = hashlib.sha256(place.encode()).hexdigest()[:16]

    def enter(self) -> "Owner":
        """Begin to own work; use it as a context."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        name = f"{self._mark}-{os.getpid()}-{secrets.token_hex(4)}"
        return Owner(name, self._folder / f"{name}{_SUFFIX}")

    def dead(self, owners: frozenset[str]) -> frozenset[str]:
        """Those of `owners` that certainly live no more; of strangers nothing is certain."""
        own = {owner for owner in owners if owner.startswith(f"{self._mark}-")}
        return frozenset(owner for owner in own if self._is_dead(owner))

    def _sweep(self) -> None:
        """Remove the files of the dead, also of those who held nothing when they died."""
        for path in self._folder.glob(f"{self._mark}-*{_SUFFIX}"):
            self._is_dead(path.name.removesuffix(_SUFFIX))

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


class Owner:
    """The name under which this process leases, and the lock that shows that it lives."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path

    def __enter__(self) -> Self:
        # Locked before it has its name: nobody ever sees the file of a living owner without its lock.
        unseen = self._path.with_suffix(".new")
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
