"""The files below a folder that somebody may want read: found, and told apart by version. Moves nothing."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from docproc.services.ledger_records import Entry, Sighting, Version
from docproc.watch.companions import is_triggered, mark_of, triggers_of
from docproc.watch.ignoring import META, PARKED, READY, is_description, is_ignored, is_ignored_folder
from docproc.watch.in_hand import now
from docproc.watch.orphans import Orphans
from docproc.watch.ports import PlaceGoneError, VanishedError
from docproc.watch.rules import Rules

#: a description that lies alone for so long waits for no file; the next one of that name is not what it describes
ORPHANED_S = 3600.0
#: of 64 bits
_LAST_NS = (1 << 63) - 1


class FilesBelow:
    """The files below a folder that somebody may want read."""

    def __init__(
        self,
        root: Path,
        rules: Rules,
        *,
        ignore: tuple[str, ...] = (),
        without: tuple[Path, ...] = (),
        orphaned_s: float = ORPHANED_S,
    ) -> None:
        """`without`: folders of our own. Where there are some, a trigger is taken with its files, and never stale."""
        self._root = root
        self._takes_triggers = bool(without)
        self._rules = rules
        self._ignore = ignore
        self._without = frozenset(map(str, without))
        self._orphans = Orphans(orphaned_s)
        #: entries whose files were on their way to another file system at the last look
        self.parked: frozenset[UUID] = frozenset()

    def require(self) -> None:
        """Raises PlaceGoneError."""
        try:
            with os.scandir(self._root):
                return
        except OSError as exc:
            raise PlaceGoneError(exc.errno, exc.strerror, str(self._root)) from exc

    def look(self) -> Iterator[Sighting]:
        """Folders that go away meanwhile are left out; one that cannot be looked into is a sighting of its own."""
        folders, alone, parked = [""], set[str](), set[UUID]()
        while folders:
            folder = folders.pop()
            try:
                yield from self._look_into(folder, folders, alone, parked)
            except (FileNotFoundError, NotADirectoryError) as exc:
                if not folder:
                    raise PlaceGoneError(exc.errno, exc.strerror, str(self._root)) from exc
            except OSError as exc:
                if not folder:
                    raise PlaceGoneError(exc.errno, exc.strerror, str(self._root)) from exc
                shut = self._shut(folder)
                if shut is not None:
                    yield shut
        self._orphans.keep_only(alone)
        self.parked = frozenset(parked)

    def _look_into(self, folder: str, folders: list[str], alone: set[str], parked: set[UUID]) -> Iterator[Sighting]:
        """Its files; `folders` gets those in it, `alone` lone descriptions, `parked` entries. Raises OSError."""
        with os.scandir(self._root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not is_ignored_folder(entry.name) and entry.path not in self._without:
                        folders.append(path)
                elif entry.name.startswith(PARKED):
                    with suppress(ValueError):
                        parked.add(UUID(hex=entry.name.removeprefix(PARKED)))
                else:
                    sighting = self._wanted(path, alone)
                    if sighting is not None:
                        yield sighting

    def _wanted(self, path: str, alone: set[str] | None = None) -> Sighting | None:
        """Raises PermissionError."""
        if is_description(path, self._ignore):
            lone = self._lone(path)
            if lone is None:
                return None
            if alone is not None:
                alone.add(path)
            return lone if self._orphans.see(path, lone.version, now()) else None
        return None if is_ignored(path, self._ignore) else self._seen(path)

    def look_again(self, path: str) -> Sighting | None:
        """One file below the folder, by its path."""
        if path.endswith("/"):
            return self._shut(path.removesuffix("/"))
        if self._is_own(path):
            return None
        with suppress(PermissionError):
            return self._wanted(path)
        return None

    def own_triggers(self, file: Path, *, left: bool = False) -> list[Path]:
        """Those of a file that no other one waits for; `left`: the file itself no longer lies there either."""
        there = (trigger for trigger in triggers_of(file) if os.path.lexists(trigger))
        return [trigger for trigger in there if not self._is_awaited(trigger, None if left else file)]

    def _is_awaited(self, trigger: Path, file: Path | None) -> bool:
        rule = self._rules.of(self._path_of(trigger))
        if rule is None or not rule.trigger:
            return False
        begin = trigger.name.removesuffix(READY)
        with os.scandir(trigger.parent) as entries:
            alike = [trigger.with_name(entry.name) for entry in entries if entry.name.startswith(begin)]
        others = (other for other in alike if other != file and trigger in triggers_of(other))
        return any(self.look_again(self._path_of(other)) is not None for other in others)

    def _path_of(self, place: Path) -> str:
        return place.relative_to(self._root).as_posix()

    def secure_folder(self, entry: Entry) -> Version:
        """Raises OSError while it cannot be looked into, and then VanishedError: its files are what counts."""
        try:
            _require_open(self._root / entry.path)
        except (FileNotFoundError, NotADirectoryError):  # deleted, or the whole place is away
            self.require()
        raise VanishedError

    def _shut(self, folder: str) -> Sighting | None:
        """A folder that cannot be looked into, where somebody wants its files read."""
        if not self._rules.concern(folder):
            return None
        try:
            number = (self._root / folder).lstat().st_ino
        except OSError:  # it is gone, or the folder above it is shut
            return None
        try:
            _require_open(self._root / folder)
        except OSError:
            return Sighting(path=f"{folder}/", version=Version(identity=str(number), byte_count=0, modified_ns=0))
        return None

    def _is_own(self, path: str) -> bool:
        return any(str(parent) in self._without for parent in (self._root / path).parents)

    def _lone(self, path: str) -> Sighting | None:
        """A description that lies here without its file."""
        place = self._root / path
        if self._rules.of(path) is None or os.path.lexists(place.with_name(place.name.removesuffix(META))):
            return None
        try:
            return Sighting(path=path, version=version_of(place))
        except (OSError, VanishedError):
            return None

    def _seen(self, path: str) -> Sighting | None:
        rule = self._rules.of(path)
        if rule is None:
            return None
        file = self._root / path
        if rule.trigger and not is_triggered(file):
            return None
        try:
            version, beside = version_of(file), mark_of(file)
        except PermissionError:  # its folder may be listed, and not entered
            raise
        except (OSError, VanishedError):
            return None
        return Sighting(path=path, version=version, beside=beside, is_ready=rule.trigger and self._takes_triggers)


def version_of(path: Path) -> Version:
    """Raises OSError; VanishedError when a folder, a link or a pipe is in its place."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise VanishedError
    # file systems keep times that no ledger does; the last moment of all stands for all behind it
    modified_ns = max(-_LAST_NS, min(_LAST_NS, found.st_mtime_ns))
    return Version(identity=str(found.st_ino), byte_count=found.st_size, modified_ns=modified_ns)


def _require_open(folder: Path) -> None:
    """It can be listed and entered. Raises OSError."""
    with os.scandir(folder):
        (folder / "..").lstat()
