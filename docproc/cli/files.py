"""Which files the arguments mean: files as they are, folders by what lies in them. Opens nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docproc.domain.errors import UsageError
from docproc.intake.member_names import LEFTOVERS


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file and its name relative to the argument that led to it."""

    path: Path
    name: str


def find_files(arguments: Sequence[Path], *, recursive: bool) -> Iterator[FoundFile]:
    """Every file that the arguments mean, once, folders in name order.

    A folder stands for the files in it (with `recursive`, in its sub-folders too), hidden files left out. What a file
    is, its bytes tell later: nothing is left out by its name.

    Raises UsageError when an argument does not exist.
    """
    seen: set[Path] = set()
    for argument in arguments:
        if not _exists(argument):
            raise UsageError(f"{argument}: no such file or folder")
        for found in _in_folder(argument, recursive=recursive) if argument.is_dir() else _alone(argument):
            place = found.path.resolve()
            if place not in seen:
                seen.add(place)
                yield found


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()  # a link to nothing is a file that cannot be opened
    except OSError:  # a name that no file can have
        return False


def _alone(path: Path) -> Iterator[FoundFile]:
    yield FoundFile(path=path, name=path.name)


def _in_folder(folder: Path, *, recursive: bool) -> Iterator[FoundFile]:
    for path in sorted(_walk(folder) if recursive else _entries(folder)):
        if not path.is_dir() and not _is_hidden(path.relative_to(folder)):
            yield FoundFile(path=path, name=path.relative_to(folder).as_posix())


def _walk(folder: Path) -> Iterator[Path]:
    """Files below `folder`; links to folders are not followed, so a loop of links ends nothing."""
    for path in _entries(folder):
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as exc:
        raise UsageError(f"{folder}: the folder cannot be read: {exc.strerror}") from exc


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts) or relative.name.lower() in LEFTOVERS
