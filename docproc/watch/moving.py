"""Files moved so that they are whole wherever they are seen, also over the border of a file system. Knows no ledger."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: bytes of a name; what is longer no file system here takes
_LONGEST_NAME = 255


def fitting(name: str, extra: str, *, suffix: str = "") -> str:
    """`name` with `extra` before its suffix and `suffix` behind it, cut where it would be too long."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    tail = f"{extra}{dot}{ending}{suffix}"
    room = max(1, _LONGEST_NAME - len(os.fsencode(tail)))
    return os.fsdecode(os.fsencode(stem)[:room]) + tail


def move(source: Path, target: Path) -> None:
    """In the place of what may be at `target`: in one step, or copied, flushed, renamed and then removed here.

    Broken off at any moment it can be done again. Raises OSError.
    """
    try:
        source.rename(target)
    except OSError as exc:
        if exc.errno != errno.EXDEV:
            raise
        arriving = _copy(source, target)
        arriving.replace(target)
        sync(target.parent)
        source.unlink()


def move_to_free(source: Path, targets: Iterable[Path]) -> Path:
    """To the first of `targets` that nothing is at; the last one is `source`'s alone. Where it went.

    A rename would replace what somebody put there since one looked; a link refuses to.
    """
    *wanted, own = targets
    for target in wanted:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as exc:
            if exc.errno == errno.EEXIST and _is_same(source, target):  # linked before, and then broken off
                source.unlink()
                return target
            if exc.errno in {errno.ENOSPC, errno.EDQUOT, errno.ENOENT}:
                raise
            continue  # taken, or a file system without links, or another one
        source.unlink()
        return target
    move(source, own)
    return own


def write_whole(target: Path, pieces: Iterable[bytes]) -> None:
    """A file that is there whole or not at all. Raises OSError, with nothing left behind."""
    arriving = _arriving(target)
    try:
        with arriving.open("wb") as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        arriving.replace(target)
    except OSError:
        with suppress(OSError):
            arriving.unlink(missing_ok=True)
        raise
    sync(target.parent)


def sync(folder: Path) -> None:
    """What was renamed into `folder` is there after a power cut too, where the file system lets itself be asked."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> Path:
    arriving = _arriving(target)
    try:
        shutil.copyfile(source, arriving, follow_symlinks=False)
        with suppress(OSError):  # the time is worth having; a file system without it still takes the bytes
            shutil.copystat(source, arriving, follow_symlinks=False)
        descriptor = os.open(arriving, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        with suppress(OSError):
            arriving.unlink(missing_ok=True)
        raise
    return arriving


def _arriving(target: Path) -> Path:
    # hidden, so that nobody takes it for a file that is there; its name tells two that are on their way apart
    return target.with_name(f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:24]}.arriving")


def _is_same(source: Path, target: Path) -> bool:
    with suppress(OSError):
        return target.samefile(source)
    return False
