"""File systems for a run: a small one that is filled to the last block and inode, and proof that two are two."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotMetError(Exception):
    """The run could not take place under the conditions that its seed asks for; what it counted proves nothing."""


class SmallDisk:
    """A file system of its own, with room for a folder of the run and for ballast."""

    def __init__(self, mount: Path) -> None:
        self.folder = mount / "folder"
        self.folder.mkdir()
        self._ballast = mount / "ballast"

    def fill(self) -> None:
        """No room for a byte, and none for a file."""
        self._ballast.mkdir(exist_ok=True)
        try:
            with (self._ballast / "bytes").open("wb", buffering=0) as stream:
                while True:
                    stream.write(bytes(1 << 16))
        except OSError as exc:
            _require_full(exc)
        try:
            for number in range(1 << 20):
                (self._ballast / str(number)).touch()
        except OSError as exc:
            _require_full(exc)

    def make_room(self) -> None:
        shutil.rmtree(self._ballast, ignore_errors=True)


def _require_full(exc: OSError) -> None:
    if exc.errno != errno.ENOSPC:
        raise exc


@contextmanager
def small_disk(mount: Path, *, files: int) -> Iterator[SmallDisk]:
    """With room for so many small files, each in three copies. Raises NotMetError."""
    mount.mkdir()
    room = f"size={files * 12 + 4096}k,nr_inodes={files * 4 + 1000}"
    made = subprocess.run(  # noqa: S603 our own
        ["mount", "-t", "tmpfs", "-o", room, "tmpfs", str(mount)],  # noqa: S607 where the system has it
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise NotMetError(f"a small file system is needed, and only root may mount one: {made.stderr.strip()}")
    try:
        yield SmallDisk(mount)
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)  # noqa: S603, S607 our own


def require_two(one: Path, other: Path) -> None:
    """Raises NotMetError."""
    if one.stat().st_dev == other.stat().st_dev:
        raise NotMetError(f"{one} and {other} lie on one file system: the seed asks for two")
