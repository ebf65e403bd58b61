"""An export that was fetched becomes the files that it is. Knows no connection."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from zipfile import BadZipFile, ZipFile

from docproc.domain.errors import ConflictError, UsageError
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
    `overwrite`, and for an archive that is none of ours.
    """
    if not file_format.is_zipped:
        _move({fetched: target}, overwrite=overwrite)
        return
    unpacked = fetched.parent / "files"
    unpacked.mkdir()
    names = _unpack(fetched, unpacked)
    if file_format is FileFormat.CSV:
        _move({unpacked / name: target.with_name(_csv_name(name, target)) for name in names}, overwrite=overwrite)
    elif target.is_dir() and any(target.iterdir()):
        if not overwrite:
            raise _exists(target)
        _move({unpacked / name: target / name for name in names}, overwrite=True)
    else:
        _move({unpacked: target}, overwrite=overwrite or target.is_dir())


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


def _move(places: dict[Path, Path], *, overwrite: bool) -> None:
    if not overwrite:
        for target in places.values():
            if target.exists() or target.is_symlink():
                raise _exists(target)
    for made, target in places.items():
        made.replace(target)


def _exists(target: Path) -> ConflictError:
    return ConflictError(f"{target} exists already: choose another name, or overwrite it")
