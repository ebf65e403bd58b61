"""The outbox: one JSON file a document, whole or not there, by the same name when it is written again."""

import errno
from pathlib import Path

from docproc.domain.errors import UsageError
from docproc.watch.moving import write_whole
from docproc.watch.ports import Outcome


class OutboxInsideError(UsageError):
    """The outbox lies in the watched folder: its records would be taken for documents."""

    code = "outbox_inside"


class Outbox:
    """A folder of records, with the sub-folders that the files came from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, path: str, outcome: Outcome) -> int:
        """The records of the file that lay at `path`; returns how many. Raises OSError."""
        folder = self._folder / Path(path).parent
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for record in outcome.records:
            write_whole(folder / record.name, (piece.encode() for piece in record.pieces))
            count += 1
        return count

    def rehearse(self) -> None:
        """Make the folder, and see that it can be written. Raises UsageError."""
        probe = self._folder / ".docproc-probe"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink(missing_ok=True)
        except OSError as exc:
            if exc.errno == errno.ENOSPC:  # it may have room again by the time there is a record
                return
            raise UsageError(f"outbox {self._folder}: it cannot be written: {exc.strerror}") from exc


def require_outside(root: Path, folder: Path, *, what: str) -> None:
    """Raises OutboxInsideError when `folder` lies in the watched folder, or the other way round, by whatever name."""
    real_root, real_folder = root.resolve(), folder.resolve()
    for inner, outer in ((real_folder, real_root), (real_root, real_folder)):
        if any(_is_same(place, outer) for place in (inner, *inner.parents)):
            raise OutboxInsideError(
                f"{OutboxInsideError.code}: the {what} {folder} and the watched folder {root} lie in one another, "
                "so what is written there would be taken for documents: choose a folder beside it"
            )


def _is_same(place: Path, other: Path) -> bool:
    try:
        return place == other or place.samefile(other)
    except OSError:  # one of them is not there yet
        return False
