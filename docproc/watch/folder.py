"""A watched folder: its files found, moved out of the way of others, and put away. Knows neither ledger nor job.

A file that a watcher claimed is moved to `processing/ENTRY/NAME` in one step: nobody writes to a name that is no longer
there, and after a crash the entry's id says where to look. Links are never followed: they may lead anywhere.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from uuid import UUID

from docproc.services.ledger_records import Entry, Sighting, Version, Where
from docproc.watch.companions import description_of, give_back, if_there, put_along, take_along
from docproc.watch.files_below import ORPHANED_S, FilesBelow, version_of
from docproc.watch.ignoring import ERROR, META, PARKED
from docproc.watch.moving import fitting, move, move_to_free, sha256_of, write_whole
from docproc.watch.ports import Fate, Fence, PlaceGoneError, ProcessingGoneError, Sidecar, VanishedError, trouble_at
from docproc.watch.rules import Rules
from docproc.watch.sidecars import read_sidecar


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The folders of a watched folder, all absolute."""

    root: Path
    processing: Path
    done: Path
    failed: Path


class FolderPlace:
    """Files are moved: to `processing` when they are taken, to `done` or `failed` in the end."""

    moves = clears = True

    def __init__(
        self, folders: Whereabouts, rules: Rules, *, ignore: tuple[str, ...] = (), orphaned_s: float = ORPHANED_S
    ) -> None:
        self._folders = folders
        own = (folders.processing, folders.done, folders.failed)
        self._files = FilesBelow(folders.root, rules, ignore=ignore, without=own, orphaned_s=orphaned_s)

    def prepare(self, *, is_new: bool) -> None:
        """Make the folders; in a place that is known already a missing one means a share that is not there."""
        if not is_new:
            self.require()
        self._files.require()
        for folder in (self._folders.processing, self._folders.done, self._folders.failed):
            folder.mkdir(parents=True, exist_ok=True)

    def require(self) -> None:
        self._files.require()
        if not self._folders.processing.is_dir():
            raise ProcessingGoneError(
                errno.ENOENT,
                "is not there: is the share connected? Make the folder if it is",
                str(self._folders.processing),
            )

    def look(self) -> Iterator[Sighting]:
        self.require()
        return self._files.look()

    def look_again(self, path: str) -> Sighting | None:
        return self._files.look_again(path)

    def secure(self, entry: Entry, fence: Fence) -> Version:
        if entry.is_folder:
            return self._files.secure_folder(entry)
        inside = self._inside(entry)
        with self._taking():
            if not os.path.lexists(inside):
                self._carry(entry, inside, fence)
            # of two that share a trigger and are taken at once, each saw the other one there
            source = self._folders.root / entry.path
            take_along(self._files.own_triggers(source, left=True), inside)
            return _as_entered(version_of(inside), entry)

    @contextmanager
    def _taking(self) -> Iterator[None]:
        """What goes wrong with a name in the place is told to be there, what else to be where it was to be moved to."""
        try:
            yield
        except PlaceGoneError:
            raise
        except OSError as exc:
            is_full = exc.errno in {errno.ENOSPC, errno.EDQUOT}
            is_named = exc.filename is not None and self._folders.processing not in Path(str(exc.filename)).parents
            with trouble_at(Where.WATCHED if is_named and not is_full else Where.PROCESSING):
                raise

    def _carry(self, entry: Entry, inside: Path, fence: Fence) -> None:
        source = self._folders.root / entry.path
        # hidden, where another file system begins between here and there: taken in one step, then carried over
        parked = source.with_name(PARKED + entry.id.hex)
        if not os.path.lexists(parked):
            try:
                _require(source, entry.version)
                inside.parent.mkdir(exist_ok=True)
                self._take(source, inside, parked=parked, fence=fence)
            except (FileNotFoundError, NotADirectoryError, VanishedError):
                self.require()
                self._give_back(inside, source)
                raise VanishedError from None
        if os.path.lexists(parked):
            inside.parent.mkdir(exist_ok=True)
            move(parked, inside)

    def _take(self, source: Path, inside: Path, *, parked: Path, fence: Fence) -> None:
        fence()
        # what lies beside it first: from here on it belongs to this version, and a new one may come with the next
        take_along((*self._files.own_triggers(source), description_of(source)), inside)
        try:
            source.rename(inside)
        except OSError as exc:
            if exc.errno != errno.EXDEV:
                raise
            source.rename(parked)

    def _give_back(self, inside: Path, source: Path) -> None:
        if os.path.lexists(inside):  # another watcher took it, with what belongs to it
            return
        give_back(inside, source)
        with suppress(OSError):
            inside.parent.rmdir()

    @contextmanager
    def bytes_of(self, entry: Entry) -> Iterator[Path]:
        inside = self._inside(entry)
        if not inside.exists():
            self.require()
            raise VanishedError
        yield inside

    def version_of(self, entry: Entry) -> Version:
        return _as_entered(version_of(self._inside(entry)), entry)

    def sidecar(self, entry: Entry) -> Sidecar:
        return read_sidecar(description_of(self._inside(entry)))

    def put_away(self, entry: Entry, fate: Fate, *, error: bytes | None = None) -> None:
        self.require()
        inside = self._inside(entry)
        folder = self._home(fate) / Path(entry.path).parent
        folder.mkdir(parents=True, exist_ok=True)
        targets = tuple(folder / name for name in _end_names(entry))
        told = _error_beside(inside)
        if not os.path.lexists(inside):  # done before, and then broken off
            target = targets[-1] if targets[-1].exists() else targets[0]
        else:
            if error is not None:  # where it is moved from with the file: what is gone from there was delivered
                with trouble_at(Where.PROCESSING):
                    write_whole(told, (error,))
            target = self._away(entry, inside, targets)
        put_along(inside, target)
        with if_there():
            move(told, target.with_name(target.name + ERROR))
        with suppress(OSError):
            inside.parent.rmdir()

    def _away(self, entry: Entry, inside: Path, targets: tuple[Path, ...]) -> Path:
        if _is_still(inside, entry):
            return move_to_free(inside, targets)
        # somebody who had it open all the while wrote on: that is another version, and lies in the place again
        with trouble_at(Where.WATCHED):
            self._lay_back(inside, Path(entry.path).parent, name=_own_name(entry))
        return targets[-1]

    def left_error(self, entry: Entry) -> bytes | None:
        inside = self._inside(entry)
        if os.path.lexists(inside):
            return None
        try:
            return _error_beside(inside).read_bytes()
        except FileNotFoundError:
            return None

    def left_behind(self) -> Iterator[UUID]:
        with os.scandir(self._folders.processing) as entries:
            for entry in entries:
                with suppress(ValueError):
                    yield UUID(hex=entry.name)
        # taken just when another watcher saw that the file was gone, and then left there
        yield from self._files.parked

    def _lay_back(self, path: Path, parent: Path, *, name: str) -> None:
        folder = self._folders.root / parent
        folder.mkdir(parents=True, exist_ok=True)
        own = folder / fitting(name, f"-{path.parent.name[-8:]}")
        move_to_free(path, (folder / name, own))

    def _inside(self, entry: Entry) -> Path:
        return self._folders.processing / entry.id.hex / PurePosixPath(entry.path).name

    def _home(self, fate: Fate) -> Path:
        return self._folders.done if fate is Fate.DONE else self._folders.failed


class FolderInPlace:
    """Files stay where they are and are never written to; the folder may be read-only."""

    moves = clears = False

    def __init__(
        self, root: Path, rules: Rules, *, ignore: tuple[str, ...] = (), orphaned_s: float = ORPHANED_S
    ) -> None:
        self._root = root
        self._files = FilesBelow(root, rules, ignore=ignore, orphaned_s=orphaned_s)

    def require(self) -> None:
        self._files.require()

    def look(self) -> Iterator[Sighting]:
        self.require()
        return self._files.look()

    def look_again(self, path: str) -> Sighting | None:
        return self._files.look_again(path)

    def secure(self, entry: Entry, fence: Fence) -> Version:  # noqa: ARG002 nothing is taken
        return self._files.secure_folder(entry) if entry.is_folder else self.version_of(entry)

    @contextmanager
    def bytes_of(self, entry: Entry) -> Iterator[Path]:
        self.version_of(entry)
        yield self._root / entry.path

    def version_of(self, entry: Entry) -> Version:
        try:
            _require(self._root / entry.path, entry.version)  # the next look at the place finds another one
        except (FileNotFoundError, NotADirectoryError):
            self.require()
            raise VanishedError from None
        return entry.version

    def sidecar(self, entry: Entry) -> Sidecar:
        return read_sidecar(description_of(self._root / entry.path))

    def put_away(self, entry: Entry, fate: Fate, *, error: bytes | None = None) -> None:
        """It stays where it is, and nothing is written beside it."""

    def left_error(self, entry: Entry) -> bytes | None:  # noqa: ARG002 nothing is moved
        return None

    def left_behind(self) -> Iterator[UUID]:
        return iter(())


def _error_beside(inside: Path) -> Path:
    return inside.with_name(fitting(inside.name, "", suffix=ERROR))


def _as_entered(found: Version, entry: Entry) -> Version:
    """Out of the way of others only size and time tell: a drive that is connected anew numbers its files anew."""
    return replace(found, identity=entry.version.identity)


def _is_still(path: Path, entry: Entry) -> bool:
    """Whether it is what was read."""
    found = version_of(path)
    if _as_entered(found, entry) != entry.version:
        return False
    return found == entry.version or entry.sha256 is None or sha256_of(path) == entry.sha256


def _require(path: Path, version: Version) -> None:
    """It is there as it was seen, and it opens. Raises OSError, VanishedError."""
    if version_of(path) != version:
        raise VanishedError
    with path.open("rb"):
        return


def _end_names(entry: Entry) -> tuple[str, ...]:
    """Its own name, and one that is nobody else's.

    Only that, where what lies beside it would have no room, or where by its name it would describe another file.
    """
    name, own = PurePosixPath(entry.path).name, _own_name(entry)
    return (own,) if fitting(name, "", suffix=ERROR) != name + ERROR or name.endswith(META) else (name, own)


def _own_name(entry: Entry) -> str:
    name, mark = PurePosixPath(entry.path).name, f"-{entry.id.hex[-8:]}"
    return fitting(name, mark, suffix=ERROR).removesuffix(ERROR)
