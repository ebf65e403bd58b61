"""Files dropped as scanners, mail gateways and people do: slowly, renamed, overwritten, deleted. Knows no watcher.

Every version that is written has bytes of its own, so at the end each can be told from all others. What stood where and
for how long is written down; whether it had to be taken follows from that.
"""

import errno
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from watch_chaos.calm import Calm

_FOLDERS = 5
#: enough that those that wait until a file is old enough to be overwritten do not hold up the others
_THREADS = 160


@dataclass(slots=True)
class Version:
    """Bytes that were in the folder once."""

    sha256: str
    how: str
    #: since when it stood whole at a name that is no leftover; None: it never did
    stood_at: float | None = None
    #: when it was deleted or overwritten; None: never
    ended_at: float | None = None

    def is_owed(self, calm: Calm) -> bool:
        """It lay untouched for long enough that a watcher must have taken it."""
        return self.stood_at is not None and (
            not self.has_ended or calm.lies_between(self.stood_at, self.ended_at or 0)
        )

    @property
    def lay(self) -> str:
        """For people: how long."""
        return "to the end" if self.ended_at is None else f"for {self.ended_at - (self.stood_at or 0):.1f} s"

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None


def tiny_pdf(text: str) -> bytes:
    """A page with one line."""
    content = f"BT /F1 12 Tf 60 780 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(written)
    return written + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


@dataclass
class Drops:
    """Drops files from many threads, and remembers every version."""

    folder: Path
    settle_s: float
    #: how long those lie that are overwritten or deleted late
    late_s: tuple[float, float]
    source: random.Random
    #: of all files those that are documents; the others are refused, which takes little time
    documents: float = 0.15
    #: of all files those that come with a description; every second one is refused for what it says
    described: float = 0.15
    versions: list[Version] = field(default_factory=list)
    #: set while there is room for more to be dropped
    room: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _serial: int = 0

    def drop(self, count: int, *, a_second: float) -> None:
        """`count` files, so many a second at most; returns when the last one lies as it will stay."""
        for number in range(_FOLDERS):
            (self.folder / f"scanner {number}").mkdir()
        kinds = [
            self._plain,
            self._slowly,
            self._renamed,
            self._moved_on,
            self._overwritten,
            self._deleted,
            self._later,
        ]
        numbers = self._paced(range(count), a_second)

        def work(_: int) -> None:
            while (number := self._next(numbers)) is not None:
                path = self._path(number)
                self._describe(path)
                self._choice(kinds)(path)

        with ThreadPoolExecutor(max_workers=_THREADS) as pool:
            for _ in pool.map(work, range(_THREADS)):
                pass

    def _next(self, numbers: Iterator[int]) -> int | None:
        with self._turn:
            return next(numbers, None)

    def _paced(self, numbers: range, a_second: float) -> Iterator[int]:
        for number in numbers:
            time.sleep(1 / a_second)
            while not self.room.wait(timeout=0.2):
                if self.stopped.is_set():
                    return
            if self.stopped.is_set():
                return
            yield number

    def _choice(self, kinds: Sequence[Callable[[Path], None]]) -> Callable[[Path], None]:
        with self._lock:
            return self.source.choice(kinds)

    def _path(self, number: int) -> Path:
        folder = self.folder / f"scanner {number % _FOLDERS}" if number % 3 == 0 else self.folder
        return folder / f"file-{number:05}.pdf"

    def _content(self, how: str) -> tuple[bytes, Version]:
        with self._lock:
            self._serial += 1
            text = f"Version {self._serial} {self.source.getrandbits(64):016x}"
            is_document = self.source.random() < self.documents
        content = tiny_pdf(text) if is_document else text.encode()
        version = Version(sha256=sha256(content).hexdigest(), how=how)
        with self._lock:
            self.versions.append(version)
        return content, version

    def _describe(self, path: Path) -> None:
        with self._lock:
            drawn = self.source.random() / self.described
        if drawn < 1:
            content = b'{"external_id": "A-1"}' if drawn < 1 / 2 else b"no JSON"
            description = path.with_name(f"{path.name}.meta.json")
            self._put(description, lambda: description.write_bytes(content))

    def _random(self, low: float, high: float) -> float:
        with self._lock:
            return self.source.uniform(low, high)

    def _lie_s(self) -> float:
        """Half of those that are overwritten or deleted are so soon, perhaps while they are taken; the others late."""
        soon = self._random(-1, 1) < 0
        return self._random(0, 4) * self.settle_s if soon else self._random(*self.late_s)

    def _put(self, path: Path, write: Callable[[], object]) -> None:
        """Again and again while the disk is full; what is half written does not stay, as nobody would leave it."""
        while True:
            try:
                write()
            except OSError as exc:
                if exc.errno != errno.ENOSPC:
                    raise
                path.unlink(missing_ok=True)
                time.sleep(0.1)
            else:
                return

    def _write(self, path: Path, how: str) -> Version:
        content, version = self._content(how)
        self._put(path, lambda: path.write_bytes(content))
        version.stood_at = time.monotonic()
        return version

    def _plain(self, path: Path) -> None:
        self._write(path, "plain")

    def _slowly(self, path: Path) -> None:
        """Never still for as long as a file must be to be taken."""
        content, version = self._content("slowly")
        self._put(path, lambda: self._write_slowly(path, content))
        version.stood_at = time.monotonic()

    def _write_slowly(self, path: Path, content: bytes) -> None:
        pieces = 4
        with path.open("wb", buffering=0) as stream:
            for piece in range(pieces):
                stream.write(content[piece * len(content) // pieces : (piece + 1) * len(content) // pieces])
                time.sleep(self._random(0.05, 0.6) * self.settle_s)

    def _renamed(self, path: Path) -> None:
        """As browsers and most synchronisers do."""
        content, version = self._content("renamed")
        partial = path.with_name(path.name + ".part")
        self._put(partial, lambda: partial.write_bytes(content))
        time.sleep(self._random(0, 2 * self.settle_s))
        partial.rename(path)
        version.stood_at = time.monotonic()

    def _moved_on(self, path: Path) -> None:
        """By another name before it has settled."""
        version = self._write(path, "moved on")
        time.sleep(self._random(0, 0.6) * self.settle_s)
        other = path.with_name(f"moved-{path.name}")
        version.ended_at = time.monotonic()
        try:
            path.rename(other)
        except FileNotFoundError:  # the machine was short of breath, and it has settled
            return
        version.stood_at, version.ended_at = time.monotonic(), None

    def _overwritten(self, path: Path) -> None:
        """Before it has settled: in place, or by a file that takes its name."""
        first = self._write(path, "overwritten")
        time.sleep(self._random(0, 0.6) * self.settle_s)
        first.ended_at = time.monotonic()
        self._over(path)

    def _over(self, path: Path) -> None:
        content, version = self._content("over another")
        if self._random(-1, 1) < 0:
            self._put(path, lambda: path.write_bytes(content))
        else:
            arriving = path.with_name(f".{path.name}.arriving")
            self._put(arriving, lambda: arriving.write_bytes(content))
            arriving.replace(path)
        version.stood_at = time.monotonic()

    def _deleted(self, path: Path) -> None:
        version = self._write(path, "deleted")
        time.sleep(self._lie_s())
        version.ended_at = time.monotonic()
        path.unlink(missing_ok=True)

    def _later(self, path: Path) -> None:
        """Another version at the same name, at any moment: before the first is taken, while it is, or after."""
        first = self._write(path, "later another")
        time.sleep(self._lie_s())
        first.ended_at = time.monotonic()
        self._over(path)


def lying(folder: Path, *, without: frozenset[str], is_ignored: Callable[[str], bool]) -> set[str]:
    """Paths of files that are there to be taken; `without` are folders directly below it."""
    found = set()
    # os.walk shrugs at folders that go while it looks
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in without]
        below = Path(place).relative_to(folder)
        found |= {(below / name).as_posix() for name in names if not is_ignored(name)}
    return found
