"""Which blob store a URL means, and whether one works; knows no store's ways."""

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from docproc.domain.errors import StorageError, UsageError
from docproc.services.ports import BlobStore
from docproc.storage.blobs import FolderBlobStore

if TYPE_CHECKING:
    from docproc.storage.s3_links import S3Links

_TRIED_BYTES = 4096


def open_blob_store(url: str | Path) -> BlobStore:
    """The store at `s3://bucket/prefix?…`, `file:///folder` or a plain path; nothing is connected yet.

    Raises UsageError for a URL that means none.
    """
    if isinstance(url, Path):
        return FolderBlobStore(url)
    if url.startswith("s3:"):
        try:
            from docproc.storage.s3 import S3BlobStore  # noqa: PLC0415 boto3 is in an extra, and takes long to import
            from docproc.storage.s3_place import S3Place  # noqa: PLC0415
        except ModuleNotFoundError as exc:
            raise _without_boto3() from exc
        return S3BlobStore(S3Place.parse(url))
    return FolderBlobStore(_folder(url))


def open_blob_links(url: str | Path) -> "S3Links | None":
    """What makes links that lead to blobs directly; None for a store that has none."""
    if isinstance(url, Path) or not url.startswith("s3:"):
        return None
    try:
        from docproc.storage.s3_links import S3Links  # noqa: PLC0415
        from docproc.storage.s3_place import S3Place  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        raise _without_boto3() from exc
    place = S3Place.parse(url)
    return S3Links(place) if place.links else None


def check_round_trip(blobs: BlobStore) -> float:
    """Write a blob, find it, read it back and delete it; returns the seconds. Raises StorageError."""
    began = time.monotonic()
    content = secrets.token_bytes(_TRIED_BYTES)
    key = f"docproc/check/{secrets.token_hex(8)}"
    blobs.put(key, [content])
    try:
        if key not in blobs.keys(key) or blobs.read(key) != content:
            raise StorageError("the blob store does not give back what was written")
    finally:
        deleted = blobs.delete(key)
    if deleted != _TRIED_BYTES or blobs.size(key) is not None:
        raise StorageError("the blob store keeps what was deleted")
    return time.monotonic() - began


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/") or parts.query:
            raise UsageError("blob store URL: a folder is file:///its/path; see docs/storage.md")
        return Path(unquote(parts.path))
    if "://" in url:
        raise UsageError(f"blob store URL: {parts.scheme}:// is not known, only s3:// and file://; see docs/storage.md")
    return Path(url)


def _without_boto3() -> UsageError:
    return UsageError("blobs in S3 need an extra: pip install 'docproc[service]'")
