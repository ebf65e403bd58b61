"""A file as it is submitted: looked at, and copied when it is to be kept. Knows no job."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from os import SEEK_END
from pathlib import Path

from docproc.domain.document import MediaType
from docproc.domain.errors import ChangedError, DocumentError, UnreadableError
from docproc.intake import HEAD_BYTES, TAIL_BYTES, sniff
from docproc.services.blob_keys import original_key
from docproc.services.job_context import Accept
from docproc.services.ports import BlobStore
from docproc.services.records import Original

_PIECE_BYTES = 1 << 20


def look_at(path: Path, accept: Accept) -> Original:
    """What intake says of a file, with its time. Raises DocumentError."""
    try:
        # before hashing: a file that is written meanwhile then shows another time, and is hashed again
        modified_ns = path.stat().st_mtime_ns
    except OSError as exc:
        raise UnreadableError(f"the file cannot be opened: {exc.strerror}") from exc
    accepted = accept(path)
    return Original(
        path=str(path),
        sha256=accepted.sha256,
        media_type=accepted.media_type,
        byte_count=accepted.byte_count,
        modified_ns=modified_ns,
    )


def is_container(path: Path) -> bool:
    """Whether the file will be unpacked, as far as its first and last bytes tell; False when it cannot be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(max(0, stream.seek(0, SEEK_END) - TAIL_BYTES))
            return sniff(head, stream.read()).is_container
    except (OSError, DocumentError):
        return False


def container_type(original: Original) -> MediaType | None:
    """What it is when it holds documents and is none itself."""
    return original.media_type if original.media_type is not None and original.media_type.is_container else None


def keep(original: Original, *, tenant: str, blobs: BlobStore) -> Original:
    """Copy the bytes to the blob store, once per content. Raises ChangedError when they are no longer those hashed."""
    if original.sha256 is None:
        return original
    key = original_key(tenant, original.sha256)
    if blobs.size(key) != original.byte_count:
        blobs.put(key, _hashed(Path(original.path), original.sha256))
    return replace(original, blob_key=key)


def keep_again(original: Original, *, tenant: str, blobs: BlobStore) -> None:
    """Copy once more what another job's deletion took between `keep` and the row that speaks for it.

    Whoever deletes looks at the rows first and alone: after this the copy stays. One whose file is gone meanwhile is
    missing when the document is prepared, and that is said there.
    """
    if original.blob_key is not None:
        with suppress(DocumentError):
            keep(original, tenant=tenant, blobs=blobs)


def _hashed(path: Path, sha256: str) -> Iterator[bytes]:
    """The bytes of a file; raises at the end, before the blob appears, when they are others than expected."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
                yield piece
    except OSError as exc:
        raise UnreadableError(f"the file cannot be read: {exc.strerror}") from exc
    if digest.hexdigest() != sha256:
        raise ChangedError("the file changed while it was submitted")
