"""A watched prefix of a bucket: its objects found, fetched and put away. Knows neither ledger nor job.

An object appears whole, and its ETag tells one version from the next, so nothing is moved while it is read: every step
asks for the version that was claimed, and one that was replaced meanwhile is another file.
"""

import errno
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID

from docproc.domain.errors import BlobMissingError, StorageError, TooLargeError
from docproc.services.ledger_records import Entry, Sighting, Version, Where
from docproc.storage.s3_objects import ObjectVersion, S3Objects
from docproc.watch.ignoring import ERROR, META, READY, is_ignored
from docproc.watch.moving import fitting
from docproc.watch.ports import (
    Fate,
    Fence,
    PlaceGoneError,
    RefusedFileError,
    Sidecar,
    SidecarError,
    VanishedError,
    trouble_at,
)
from docproc.watch.rules import Rules
from docproc.watch.sidecars import parse_sidecar

_NS = 1_000_000_000
_MOST_SIDECAR_BYTES = 1 << 20
#: of objects that stay where they are
_TAG = "docproc"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPrefixes:
    """Where objects are put in the end, below the watched prefix; None: they stay, with a tag."""

    done: str
    failed: str

    def of(self, fate: Fate) -> str:
        return self.done if fate is Fate.DONE else self.failed

    @property
    def beginnings(self) -> tuple[str, ...]:
        """Of the paths of what was put away."""
        return (f"{self.done}/", f"{self.failed}/")


class BucketPlace:
    """Objects stay where they are until the end."""

    moves = False

    def __init__(
        self,
        objects: S3Objects,
        rules: Rules,
        *,
        ends: EndPrefixes | None,
        ignore: tuple[str, ...] = (),
        most_bytes: int | None = None,
    ) -> None:
        """A larger object than `most_bytes` is refused without being fetched; None: whoever reads says so."""
        self._objects = objects
        self._rules = rules
        self._ends = ends
        self._own = () if ends is None else ends.beginnings
        self._ignore = ignore
        self._most_bytes = most_bytes
        self.clears = ends is not None

    def require(self) -> None:
        with _place_errors():
            self._objects.require()

    def look(self) -> Iterator[Sighting]:
        ready = self._ready()
        with _place_errors():
            for found in self._objects.listed(without=self._own):
                if self._is_wanted(found.path, ready):
                    yield self._sighting(found)

    def look_again(self, path: str) -> Sighting | None:
        if not self._is_wanted(path, None):
            return None
        with _place_errors():
            found = self._objects.head(path)
        return None if found is None else self._sighting(found)

    def _sighting(self, found: ObjectVersion) -> Sighting:
        return Sighting(path=found.path, version=self._version(found))

    def _version(self, found: ObjectVersion) -> Version:
        # one that stays is tagged, and to some servers that is a change of its time
        modified_s = 0 if self._ends is None else found.modified_s
        return Version(identity=found.etag, byte_count=found.byte_count, modified_ns=modified_s * _NS)

    def _ready(self) -> Collection[str]:
        """The triggers, gathered before the files: lists are sorted, and not so that one stands by the other."""
        if not any(rule.trigger for rule in self._rules.by_folder.values()):
            return ()
        with _place_errors():
            return {found.path for found in self._objects.listed(without=self._own) if found.path.endswith(READY)}

    def _is_wanted(self, path: str, ready: Collection[str] | None) -> bool:
        """`ready` None: ask for its trigger."""
        if path.endswith("/") or path.startswith(self._own) or is_ignored(path, self._ignore):
            return False
        rule = self._rules.of(path)
        if rule is None or not rule.trigger:
            return rule is not None
        if ready is not None:
            return any(trigger in ready for trigger in _triggers(path))
        with _place_errors():
            return any(self._objects.head(trigger) is not None for trigger in _triggers(path))

    def secure(self, entry: Entry, fence: Fence) -> Version:  # noqa: ARG002 nothing is taken
        return self.version_of(entry)

    @contextmanager
    def bytes_of(self, entry: Entry) -> Iterator[Path]:
        found = self._claimed(entry)
        if self._most_bytes is not None and found.byte_count > self._most_bytes:
            raise RefusedFileError(
                f"the file is larger than the limit of {self._most_bytes:,} bytes", code=TooLargeError.code
            )
        with tempfile.TemporaryDirectory(prefix="docproc-watch-") as folder:
            path = Path(folder) / "object"
            with trouble_at(Where.TEMP), _place_errors():
                self._objects.fetch(found, path)
            yield path

    def version_of(self, entry: Entry) -> Version:
        return self._version(self._claimed(entry))

    def _claimed(self, entry: Entry) -> ObjectVersion:
        """Raises VanishedError when it was deleted or replaced."""
        with _place_errors():
            found = self._objects.head(entry.path)
        if found is None or self._version(found) != entry.version:
            raise VanishedError
        return found

    def sidecar(self, entry: Entry) -> Sidecar:
        path = entry.path + META
        with _place_errors():
            content = self._objects.read(path, most_bytes=_MOST_SIDECAR_BYTES + 1)
        if content is None:
            return Sidecar()
        name = PurePosixPath(path).name
        if len(content) > _MOST_SIDECAR_BYTES:
            raise SidecarError(f"{name}: larger than {_MOST_SIDECAR_BYTES:,} bytes")
        return parse_sidecar(content, name=name)

    def put_away(self, entry: Entry, fate: Fate, *, error: bytes | None = None) -> None:
        try:
            found = self._claimed(entry)
            with _place_errors():
                if self._ends is None:
                    self._objects.tag(found, {_TAG: fate.value})
                else:
                    self._carry(found, self._ends.of(fate), entry, error)
        except VanishedError:  # put away before, and then broken off; or replaced: that one is a file of its own
            return

    def _carry(self, found: ObjectVersion, end: str, entry: Entry, error: bytes | None) -> None:
        target = self._free(found, f"{end}/{entry.path}", entry)
        self._objects.copy(found, target)
        if error is not None:
            self._objects.write(target + ERROR, error)
        self._carry_sidecar(entry.path + META, target + META)
        # the object last: until it is gone all of this is done again
        self._objects.delete(found)
        for trigger in _triggers(entry.path):
            if not self._is_awaited(trigger):
                self._drop(trigger)

    def _is_awaited(self, trigger: str) -> bool:
        """Whether another object waits for it to be taken."""
        rule = self._rules.of(trigger)
        if rule is None or not rule.trigger:
            return False
        with _place_errors():
            alike = self._objects.listed(below=trigger.removesuffix(READY))
            return any(self._is_wanted(found.path, {trigger}) for found in alike)

    def _free(self, found: ObjectVersion, target: str, entry: Entry) -> str:
        """`target`, or a name of its own where another object lies there."""
        there = self._objects.head(target)
        if there is None or (there.etag, there.byte_count) == (found.etag, found.byte_count):
            return target
        folder, _, name = target.rpartition("/")
        return f"{folder}/{fitting(name, f'-{entry.id.hex[-8:]}')}"

    def _carry_sidecar(self, source: str, target: str) -> None:
        found = self._objects.head(source)
        if found is not None:
            with suppress(BlobMissingError):  # replaced meanwhile: that one is for the next object
                self._objects.copy(found, target)
                self._objects.delete(found)

    def _drop(self, path: str) -> None:
        found = self._objects.head(path)
        if found is not None:
            with suppress(BlobMissingError):
                self._objects.delete(found)

    def left_error(self, entry: Entry) -> bytes | None:  # noqa: ARG002 its object goes last of all
        return None

    def left_behind(self) -> Iterator[UUID]:
        return iter(())


@contextmanager
def _place_errors() -> Iterator[None]:
    """What the store says as the watcher understands it."""
    try:
        yield
    except BlobMissingError:
        raise VanishedError from None
    except StorageError as exc:
        raise PlaceGoneError(errno.EIO, exc.message) from exc


def _triggers(path: str) -> tuple[str, ...]:
    """`NAME.pdf.ready`, or `NAME.ready`."""
    folder, slash, name = path.rpartition("/")
    return tuple(dict.fromkeys((path + READY, f"{folder}{slash}{PurePosixPath(name).stem}{READY}")))
