"""Originals that are written before their job is submitted, known by the sha256 of their bytes. Knows no request.

One that no job comes to name is deleted like any blob that no row names.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docproc.domain.errors import TooLargeError, UsageError
from docproc.services.blob_keys import original_key
from docproc.services.pieces import pieces_of
from docproc.services.ports import BlobStore


def is_there(blobs: BlobStore, tenant: str, sha256: str, *, byte_count: int) -> bool:
    """Whether the tenant has these bytes already."""
    return blobs.size(original_key(tenant, sha256)) == byte_count


def keep_upload(blobs: BlobStore, tenant: str, sha256: str, path: Path) -> None:
    """Keep the bytes that were sent. Raises UsageError when they are others than announced."""
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            raise UsageError("the upload is not what was announced: another sha256")
    blobs.put(original_key(tenant, sha256), pieces_of(path))


@contextmanager
def open_upload(blobs: BlobStore, tenant: str, sha256: str) -> Iterator[Path]:
    """The bytes as a file, held against what was announced: not every store checks what a link asks it to check.

    Raises BlobMissingError when nothing was written; UsageError, and deletes it, when something else was.
    """
    key = original_key(tenant, sha256)
    with blobs.as_file(key) as path:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != sha256:
            blobs.delete(key)
            raise UsageError("the upload is not what was announced: another sha256")
        yield path


def require_size(byte_count: int, *, max_bytes: int) -> None:
    """Raises TooLargeError."""
    if byte_count > max_bytes:
        raise TooLargeError(f"the file is larger than the limit of {max_bytes:,} bytes")
