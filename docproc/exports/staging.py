"""Files that appear whole or not at all: written in a hidden folder beside the target, then renamed."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from docproc.domain.errors import ConflictError, UsageError

_MANY_FILES = 64
#: of the target that the scratch folder's name tells; a whole long name and a suffix would be too long
_NAME_CHARACTERS = 60


def refuse_existing(target: Path) -> None:
    """Raise ConflictError when something is at `target` already; an empty folder is nothing."""
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise ConflictError(f"{target} exists already: choose another name or pass --overwrite")


def rehearse(*targets: Path) -> None:
    """Make and remove what staging makes. Raises UsageError when a target could not be written."""
    try:
        with staged(*targets, overwrite=True, publish=False) as scratch:
            for target in targets:
                (scratch / target.name).touch()
    except OSError as error:
        raise UsageError(f"{targets[0]}: cannot be written: {error.strerror}") from error


@contextmanager
def staged(*targets: Path, overwrite: bool, publish: bool = True) -> Iterator[Path]:
    """Yield a scratch folder; what lies in it under the name of a target replaces that target when the block ends.

    All targets share one folder. An error, Ctrl-C included, leaves every target as it was.
    """
    if not overwrite:
        for target in targets:
            refuse_existing(target)
    folder = targets[0].parent
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{targets[0].name[:_NAME_CHARACTERS]}.", suffix=".tmp", dir=folder))
    try:
        yield scratch
        for target in targets if publish else ():
            _publish(scratch / target.name, target, overwrite=overwrite)
        _sync(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _publish(source: Path, target: Path, *, overwrite: bool) -> None:
    if source.is_dir():
        _publish_folder(source, target)
        return
    _sync(source)
    if overwrite:
        source.replace(target)
    else:
        _rename_to_free_name(source, target)


def _publish_folder(source: Path, target: Path) -> None:
    """A new folder in one step; into an existing one file by file, leaving files of other names alone."""
    files = sorted(source.iterdir())
    _sync_all(files)
    if not target.exists() or not any(target.iterdir()):
        source.replace(target)
    else:
        for file in files:
            file.replace(target / file.name)
    _sync(target)


def _rename_to_free_name(source: Path, target: Path) -> None:
    # A rename would replace a file that somebody made since the check; a link refuses to.
    try:
        os.link(source, target)
    except FileExistsError as error:
        raise ConflictError(f"{target} exists already: choose another name or pass --overwrite") from error
    except OSError:  # a file system without hard links
        refuse_existing(target)
        source.replace(target)


def _sync_all(files: Sequence[Path]) -> None:
    if len(files) > _MANY_FILES:
        os.sync()  # one flush of everything takes less time than thousands of small ones
        return
    for file in files:
        _sync(file)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
