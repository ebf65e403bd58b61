"""Files dropped as scanners, mail gateways and people do: slowly, renamed, overwritten, deleted. Knows no watcher.

Every version that is written has bytes of its own, so at the end each can be told from all others. What stood where and
for how long is written down; whether it had to be taken follows from that.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path


@dataclass(slots=True)
class Version:
    """Bytes that were in the folder once."""

    sha256: str
    how: str
    #: since when it stood whole at a name that is no leftover; None: it never did
    stood_at: float | None = None
    #: when it was deleted or overwritten; None: never
    ended_at: float | None = None

    def is_owed(self, in_time_s: float) -> bool:
        """It lay untouched for long enough that a watcher must have taken it."""
        if self.stood_at is None:
            return False
        return self.ended_at is None or self.ended_at - self.stood_at > in_time_s


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
    """Drops files from several threads, and remembers every version."""

    folder: Path
    settle_s: float
    source: random.Random
    #: of all files those that are documents; the others are refused, which takes little time
    documents: float = 0.3
    versions: list[Version] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _serial: int = 0

    def drop(self, count: int, *, threads: int, a_second: float, stopped: threading.Event) -> None:
        """`count` files, about so many a second; returns when the last one lies as it will stay."""
        numbers = iter(range(count))
        kinds = [
            self._plain,
            self._slowly,
            self._renamed,
            self._moved_on,
            self._overwritten,
            self._deleted,
            self._later,
        ]
        chosen = [self.source.choice(kinds) for _ in range(count)]
        began = time.monotonic()

        def work() -> None:
            for number in self._taken(numbers):
                while time.monotonic() - began < number / a_second and not stopped.is_set():
                    time.sleep(0.01)
                if stopped.is_set():
                    return
                chosen[number](self._path(number))

        running = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    def _taken(self, numbers: Iterator[int]) -> Iterator[int]:
        while True:
            with self._lock:
                number = next(numbers, None)
            if number is None:
                return
            yield number

    def _path(self, number: int) -> Path:
        folder = self.folder / f"scanner {number % 5}" if number % 3 == 0 else self.folder
        folder.mkdir(exist_ok=True)
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

    def _random(self, low: float, high: float) -> float:
        with self._lock:
            return self.source.uniform(low, high)

    def _write(self, path: Path, how: str) -> Version:
        content, version = self._content(how)
        path.write_bytes(content)
        version.stood_at = time.monotonic()
        return version

    def _plain(self, path: Path) -> None:
        self._write(path, "plain")

    def _slowly(self, path: Path) -> None:
        """Never still for as long as a file must be to be taken."""
        content, version = self._content("slowly")
        pieces = 4
        with path.open("wb") as stream:
            for piece in range(pieces):
                stream.write(content[piece * len(content) // pieces : (piece + 1) * len(content) // pieces])
                stream.flush()
                time.sleep(self._random(0.05, 0.6) * self.settle_s)
        version.stood_at = time.monotonic()

    def _renamed(self, path: Path) -> None:
        """As browsers and most synchronisers do."""
        content, version = self._content("renamed")
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(content)
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
            path.write_bytes(content)
        else:
            arriving = path.with_name(f".{path.name}.arriving")
            arriving.write_bytes(content)
            arriving.replace(path)
        version.stood_at = time.monotonic()

    def _deleted(self, path: Path) -> None:
        version = self._write(path, "deleted")
        time.sleep(self._random(0, 2) * self.settle_s)
        version.ended_at = time.monotonic()
        path.unlink(missing_ok=True)

    def _later(self, path: Path) -> None:
        """Another version at the same name, at any moment: before the first is taken, while it is, or after."""
        first = self._write(path, "later another")
        time.sleep(self._random(0, 4) * self.settle_s)
        first.ended_at = time.monotonic()
        self._over(path)


def waiting(folder: Path, is_ignored: Callable[[Path], bool]) -> int:
    """Files that still lie in the folder to be taken."""
    # os.walk shrugs at folders that go while it looks
    return sum(not is_ignored(Path(place) / name) for place, _, names in os.walk(folder) for name in names)
