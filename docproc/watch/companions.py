"""What lies beside a file and belongs to it: its triggers and its description. Knows neither place nor ledger.

A trigger may be of several files: `a.ready` of `a.pdf` and of `a.xml`. It goes with the last of them.

A file's own name may be so long that no companion's name fits any more; such a companion is not there.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from docproc.watch.ignoring import META, READY
from docproc.watch.moving import move

NOT_THERE = frozenset({errno.ENOENT, errno.ENAMETOOLONG})


def description_of(file: Path) -> Path:
    return file.with_name(file.name + META)


def triggers_of(file: Path) -> tuple[Path, ...]:
    """`NAME.pdf.ready`, or `NAME.ready`."""
    names = dict.fromkeys((file.name + READY, file.stem + READY))
    return tuple(file.with_name(name) for name in names)


def is_triggered(file: Path) -> bool:
    return any(map(os.path.exists, triggers_of(file)))


def mark_of(file: Path) -> str:
    """Changes when the description does. Raises OSError."""
    try:
        found = description_of(file).lstat()
    except OSError as exc:
        if exc.errno in NOT_THERE:
            return ""
        raise
    return f"{found.st_size} {found.st_mtime_ns}"


def take_along(companions: Iterable[Path], target: Path) -> None:
    """They come to lie beside `target`. Raises OSError."""
    for companion in companions:
        with if_there():
            move(companion, target.with_name(companion.name))


def give_back(taken: Path, source: Path) -> None:
    """The file that was to be taken is gone: what was taken with it lies in the place again, unless a newer does."""
    for companion in (*triggers_of(taken), description_of(taken)):
        with if_there():
            if os.path.lexists(source.with_name(companion.name)):
                companion.unlink()
            else:
                move(companion, source.with_name(companion.name))


def put_along(source: Path, target: Path) -> None:
    """The description comes to lie beside the file, wherever that went; triggers have told what they had to."""
    with if_there():
        move(description_of(source), description_of(target))
    for trigger in triggers_of(source):
        with if_there():
            trigger.unlink()


@contextmanager
def if_there() -> Iterator[None]:
    """What is done with a companion, where there is one."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in NOT_THERE:
            raise
