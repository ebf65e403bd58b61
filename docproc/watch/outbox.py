"""The outbox: one JSON file a document, whole or not there, and delivered once. Knows no ledger."""

import errno
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from uuid import UUID

from docproc.domain.errors import UsageError
from docproc.domain.extraction import Extraction
from docproc.exports.json_writers import file_name
from docproc.services.ledger_records import Where
from docproc.watch.ignoring import ERROR
from docproc.watch.moving import fitting, sync, write_whole
from docproc.watch.ports import RecordText, trouble_at

#: below the outbox; hidden
STAGED = ".docproc"
#: nobody who looks for records takes what bears it for one
_STAGED = ".staged"


class OutboxInsideError(UsageError):
    """The outbox lies in the watched folder: its records would be taken for documents."""

    code = "outbox_inside"


class Outbox:
    """A folder of records, with the sub-folders that the files came from.

    Records are staged first, where nobody looks, and moved to their names once the ledger knows that they are whole:
    what is still staged is not delivered yet, what is gone from there is. So each is delivered once, also when its
    reader is quick to take it away and the watcher dies just then.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stage(self, entry_id: UUID, records: Iterable[RecordText]) -> int:
        """Write records where nobody looks; returns how many. Raises OSError."""
        staged = self._staged(entry_id)
        with trouble_at(Where.OUTBOX):
            staged.mkdir(parents=True, exist_ok=True)
        count = 0
        for record in records:
            with trouble_at(Where.OUTBOX):
                write_whole(staged / f"{record.name}{_STAGED}", (piece.encode() for piece in record.pieces))
            count += 1
        return count

    def publish(self, entry_id: UUID, path: str) -> None:
        """Those staged records that are not delivered yet, for the file that lay at `path`. Raises OSError."""
        # never from the root of this machine, whatever somebody called an object
        staged, folder = self._staged(entry_id), self._folder / Path(path.lstrip("/")).parent
        if not staged.is_dir():
            return
        with trouble_at(Where.OUTBOX):
            folder.mkdir(parents=True, exist_ok=True)
            for record in sorted(staged.iterdir()):
                record.replace(folder / record.name.removesuffix(_STAGED))
            sync(folder)
            staged.rmdir()

    def _staged(self, entry_id: UUID) -> Path:
        return self._folder / STAGED / entry_id.hex

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


def record_name(extraction: Extraction) -> str:
    """Of the file alone: its folder is a folder of the outbox."""
    return file_name(extraction.model_copy(update={"file": PurePosixPath(extraction.file).name}))


def error_name(path: str, entry_id: UUID) -> str:
    """Of what is told of the file that lay at `path`, with room for what it is called while it is staged."""
    return fitting(PurePosixPath(path).name, f"-{entry_id}", suffix=ERROR + _STAGED).removesuffix(_STAGED)


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
