"""An export that was fetched becomes the files that it is. Knows no connection."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from zipfile import BadZipFile, ZipFile

from docproc.domain.errors import ConflictError, StorageError, UsageError
from docproc.domain.file_format import FileFormat

#: of the target that the scratch folder's name tells; a whole long name would be too long
_NAME_CHARACTERS = 60
#: what the documents' table is called in an archive of CSV, and how the name of each list's begins
_CSV_STEM = "records"


def format_of(target: Path | str) -> FileFormat:
    """What the name asks for: its suffix, or JSON for a folder (a trailing slash, an existing one, no suffix).

    Raises UsageError for a suffix that is none.
    """
    path = Path(target)
    if str(target).endswith(("/", "\\")) or path.is_dir() or not path.suffix:
        return FileFormat.JSON
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in {*FileFormat} - {FileFormat.JSON}:
        raise UsageError(f"{path.name}: an export is .jsonl, .csv, .xlsx, .html, or a folder of JSON (DIR/)")
    return FileFormat(suffix)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A hidden folder on the target's file system, gone at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name[:_NAME_CHARACTERS]}."
    scratch = Path(tempfile.mkdtemp(prefix=prefix, suffix=".tmp", dir=target.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def place(fetched: Path, target: Path, *, file_format: FileFormat, overwrite: bool) -> None:
    """Move what was fetched to `target`: of an archive its files, called after the target as the writers call them.

    `fetched` lies in a folder of its own, see `beside`. Raises ConflictError when something is there already, unless
    `overwrite`, and for an archive that is none of ours; UsageError where it cannot lie; StorageError when a move
    failed, which says what is there now.
    """
    if not file_format.is_zipped:
        move_together({fetched: target}, overwrite=overwrite)
        return
    unpacked = fetched.parent / "files"
    unpacked.mkdir()
    names = _unpack(fetched, unpacked)
    if file_format is FileFormat.CSV:
        places = {unpacked / name: target.with_name(_csv_name(name, target)) for name in names}
        move_together(places, overwrite=overwrite)
    elif target.is_dir() and (target.is_symlink() or any(target.iterdir())):
        if not overwrite and any(target.iterdir()):
            raise _exists(target)
        move_together({unpacked / name: target / name for name in names}, overwrite=overwrite)
    else:
        move_together({unpacked: target}, overwrite=overwrite or target.is_dir())


def _unpack(archive: Path, folder: Path) -> list[str]:
    try:
        with ZipFile(archive) as zipped:
            for member in zipped.infolist():
                name = member.filename
                if name.startswith(".") or not name == PurePosixPath(name).name == PureWindowsPath(name).name:
                    raise ConflictError("the server's archive holds something that is no file of an export")
                with zipped.open(member) as source, (folder / name).open("xb") as made:
                    shutil.copyfileobj(source, made)
            return zipped.namelist()
    except (BadZipFile, FileExistsError) as exc:
        raise ConflictError("the server's answer is no archive of an export") from exc


def _csv_name(name: str, target: Path) -> str:
    """`records.line_items.csv` is `bills.line_items.csv` beside `bills.csv`. Raises ConflictError."""
    stem, rest, suffix = name[: len(_CSV_STEM)], name[len(_CSV_STEM) : -len(".csv")], name[-len(".csv") :]
    if stem != _CSV_STEM or suffix != ".csv" or rest[:1] not in {"", "."}:
        raise ConflictError("the server's archive holds something that is no file of an export")
    return f"{target.stem}{rest}{target.suffix}"


def move_together(places: Mapping[Path, Path], *, overwrite: bool) -> None:
    """Move each, which is whole and on its target's file system, or none.

    What is there is looked at before the first. Of a move that fails all the same, those before it go back, but for
    what has taken the place of something: that is named.
    """
    for made, target in places.items():
        _require_room(made, target, overwrite=overwrite)
    moved: dict[Path, Path] = {}
    replaced: list[Path] = []
    for made, target in places.items():
        was_there = target.exists()
        try:
            made.replace(target)
        except OSError as exc:
            left = [*replaced, *(there for staged, there in moved.items() if not _moved_back(staged, there))]
            raise _half_moved(target, exc, left) from exc
        if was_there:
            replaced.append(target)
        else:
            moved[made] = target


def _require_room(made: Path, target: Path, *, overwrite: bool) -> None:
    try:
        is_there, is_folder = target.exists() or target.is_symlink(), target.is_dir() and not target.is_symlink()
    except OSError as exc:  # as of a name that is too long
        raise UsageError(f"{target} cannot be written: {exc.strerror}") from exc
    if is_there and not overwrite:
        raise _exists(target)
    if made.is_dir() and is_there and not is_folder:
        raise UsageError(f"{target} is a file, and this export is a folder: choose another name")
    if is_folder and not made.is_dir():
        raise UsageError(f"{target} is a folder, and this export needs a file there: choose another name")


def _moved_back(staged: Path, target: Path) -> bool:
    try:
        target.replace(staged)
    except OSError:
        return False
    return True


def _half_moved(target: Path, error: OSError, left: Sequence[Path]) -> StorageError:
    trouble = f"{target} cannot be written: {error.strerror}"
    if not left:
        return StorageError(f"{trouble}; nothing of the export is there")
    return StorageError(f"{trouble}; of the export there are now: {', '.join(map(str, left))}")


def _exists(target: Path) -> ConflictError:
    return ConflictError(f"{target} exists already: choose another name, or overwrite it")
