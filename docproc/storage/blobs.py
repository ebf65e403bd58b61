"""Blobs as files in a folder: whole or absent; knows nothing of what they hold."""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from docproc.domain.errors import BlobMissingError, StorageError
from docproc.services.blob_keys import MADE_AGAIN, check_key, check_prefix, stem_of

_PIECE_BYTES = 1 << 20
#: a temporary file that is older belongs to nobody any more
_STALE_S = 24 * 3600.0
_TEMPORARY = ".part-"


class FolderBlobStore:
    """A blob `tenant/kind/name` is the file `tenant/kind/XX/name`; XX spreads the names over folders."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        _, kind, _ = check_key(key)
        path = self._path(key)
        with self._translated():
            _make_folder(path.parent)
            return _write(path, chunks, lasting=kind not in MADE_AGAIN)

    def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        with self._translated(), self._path(key).open("rb") as stream:
            stream.seek(offset)
            content = stream.read(-1 if length is None else length)
        if length is not None and len(content) < length:
            raise BlobMissingError("a stored blob is shorter than it was")
        return content

    def read_some(self, key: str, *, offset: int, length: int) -> bytes:
        with self._translated(), self._path(key).open("rb") as stream:
            stream.seek(offset)
            content = stream.read(length)
        if not content and length:
            raise BlobMissingError("a stored blob is shorter than it was")
        return content

    def stream(self, key: str) -> Iterator[bytes]:
        with self.as_file(key) as path, path.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                yield piece

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if not path.is_file():
            raise BlobMissingError
        yield path

    def size(self, key: str) -> int | None:
        path = self._path(key)
        with suppress(BlobMissingError), self._translated():
            return path.stat().st_size
        return None

    def keys(self, prefix: str) -> Iterator[str]:
        tenant, kind, _ = check_prefix(prefix)
        for path in self._listed(prefix):
            yield f"{tenant}/{kind}/{path.name}"

    def written_before(self, prefix: str, moment: datetime) -> Iterator[str]:
        tenant, kind, _ = check_prefix(prefix)
        for path in self._listed(prefix):
            with suppress(FileNotFoundError):  # deleted meanwhile
                if path.stat().st_mtime < moment.timestamp():
                    yield f"{tenant}/{kind}/{path.name}"

    def _listed(self, prefix: str) -> Iterator[Path]:
        tenant, kind, beginning = check_prefix(prefix)
        folder = self._root / tenant / kind
        # a whole stem tells the one folder to look into
        spread = stem_of(beginning)[-2:] if "." in beginning else "*"
        for path in sorted(folder.glob(f"{spread}/{beginning}*")):
            if not path.name.startswith(_TEMPORARY):
                yield path

    def delete(self, key: str) -> int | None:
        path = self._path(key)
        with suppress(BlobMissingError), self._translated():
            byte_count = path.stat().st_size
            path.unlink()
            return byte_count
        return None

    def sweep(self) -> int:
        """Delete what writers that died left behind; returns how many files."""
        swept = 0
        for path in self._root.glob(f"*/*/*/{_TEMPORARY}*"):
            with suppress(BlobMissingError), self._translated():  # another sweeper may be at it
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()
                    swept += 1
        return swept

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as exc:
            raise BlobMissingError from exc
        except OSError as exc:
            trouble = exc.strerror or type(exc).__name__
            raise StorageError(f"folder {self._root}: {trouble}; mend that, or set DOCPROC_DATA_DIR") from exc

    def _path(self, key: str) -> Path:
        tenant, kind, name = check_key(key)
        return self._root / tenant / kind / stem_of(name)[-2:] / name


def _make_folder(folder: Path) -> None:
    """With those above it, for their owner alone: blobs are what documents say. Folders that exist keep their modes."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _write(path: Path, chunks: Iterable[bytes], *, lasting: bool) -> int:
    temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    byte_count = 0
    try:
        with temporary.open("xb") as stream:
            for chunk in chunks:
                byte_count += stream.write(chunk)
            if lasting:
                stream.flush()
                os.fsync(stream.fileno())  # the name must never last longer than the bytes
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if lasting:
        _sync_folder(path.parent)
    return byte_count


def _sync_folder(folder: Path) -> None:
    """Make the new name last; Windows cannot open folders and does not need it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
