"""Blobs as objects of an S3 bucket, whole or absent; knows nothing of what they hold.

A put whose answer is lost with the network may have left the blob, whole: its writer fails, and the blob goes with
those that no row speaks for.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from docproc.domain.errors import BlobMissingError, StorageError
from docproc.services.blob_keys import BlobKind, check_key, check_prefix, is_ours
from docproc.storage.s3_place import ClientOfProcess, S3Place
from docproc.storage.s3_troubles import ABSENT, TAKEN, UNCONDITIONAL, code_of, translated

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef, ObjectTypeDef

#: S3 takes at most 10,000 parts: blobs of up to 80 GB
_PART_BYTES = 8 << 20
_PIECE_BYTES = 1 << 20
#: an upload that is older belongs to nobody any more
_STALE = timedelta(hours=24)
#: S3 tells the second of writing, without its part
_RESOLUTION = timedelta(seconds=1)
#: boto3 repeats requests, but does not take up a download that breaks on the way
_BROKEN = (IncompleteReadError, ResponseStreamingError)
_TAKEN_UP = 2


class S3BlobStore:
    """A blob `tenant/kind/name` is the object `<prefix>tenant/kind/name`."""

    def __init__(self, place: S3Place, *, part_bytes: int = _PART_BYTES, stale_after: timedelta = _STALE) -> None:
        self.place = place
        self._client = ClientOfProcess(place, endpoint=place.endpoint)
        self._part_bytes = part_bytes
        self._stale_after = stale_after
        self._conditional = True

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        _, kind, _ = check_key(key)
        # the name of an original is its content: who comes second need not write it again
        once = kind == BlobKind.ORIGINAL
        parts = _parts(chunks, self._part_bytes)
        first, is_all = next(parts)
        if not is_all:
            return self._put_in_parts(key, chain([first], (part for part, _ in parts)), once=once)
        with translated(self.place):
            write = partial(self._client().put_object, **self._at(key), **self.place.encryption, Body=first)
            self._write(write, key, len(first), once=once)
        return len(first)

    def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        if length == 0 or (length is None and offset):
            byte_count = self.size(key)
            if byte_count is None:
                raise BlobMissingError
            if length == 0 or offset >= byte_count:  # S3 has no empty ranges
                return b""
        content = b"".join(self._pieces(key, offset, length))
        if length is not None and len(content) < length:
            raise BlobMissingError("a stored blob is shorter than it was")
        return content

    def read_some(self, key: str, *, offset: int, length: int) -> bytes:
        check_key(key)
        return b"".join(self._pieces(key, offset, length))

    def stream(self, key: str) -> Iterator[bytes]:
        check_key(key)
        return self._pieces(key, 0, None)

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        pieces = self.stream(key)
        with _temporary_folder() as folder:
            path = folder / "blob"
            _fill(path, pieces)
            yield path

    def size(self, key: str) -> int | None:
        check_key(key)
        with translated(self.place):
            try:
                return self._client().head_object(**self._at(key))["ContentLength"]
            except ClientError as exc:
                if code_of(exc) not in ABSENT:
                    raise
        return None

    def keys(self, prefix: str) -> Iterator[str]:
        for found in self._listed(prefix):
            yield found["Key"].removeprefix(self.place.prefix)

    def written_before(self, prefix: str, moment: datetime) -> Iterator[str]:
        for found in self._listed(prefix):
            if found["LastModified"] + _RESOLUTION <= moment:
                yield found["Key"].removeprefix(self.place.prefix)

    def delete(self, key: str) -> int | None:
        byte_count = self.size(key)
        if byte_count is not None:
            with translated(self.place):
                self._client().delete_object(**self._at(key))
        return byte_count

    def sweep(self) -> int:
        """Abort uploads in parts whose writers died; returns how many."""
        stale = datetime.now(UTC) - self._stale_after
        swept = 0
        with translated(self.place):
            pages = self._client().get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.prefix):
                for upload in page.get("Uploads", []):
                    ours = is_ours(upload["Key"].removeprefix(self.place.prefix))  # others may share the bucket
                    if ours and upload["Initiated"] < stale:
                        self._abort(upload["Key"], upload["UploadId"])
                        swept += 1
        return swept

    def _put_in_parts(self, key: str, parts: Iterator[bytes], *, once: bool) -> int:
        at = self._at(key)
        summed: dict[str, Any] = {"ChecksumAlgorithm": "CRC32"} if self.place.checksums else {}
        with translated(self.place):
            client = self._client()
            upload_id = client.create_multipart_upload(**at, **self.place.encryption, **summed)["UploadId"]
        written = False
        try:
            done: list[CompletedPartTypeDef] = []
            byte_count = 0
            for number, part in enumerate(parts, start=1):
                byte_count += len(part)
                with translated(self.place):
                    sent = client.upload_part(**at, UploadId=upload_id, PartNumber=number, Body=part, **summed)
                done.append({"PartNumber": number, "ETag": sent["ETag"]})
                if "ChecksumCRC32" in sent:
                    done[-1]["ChecksumCRC32"] = sent["ChecksumCRC32"]
            complete = partial(
                client.complete_multipart_upload, **at, UploadId=upload_id, MultipartUpload={"Parts": done}
            )
            with translated(self.place):
                written = self._write(complete, key, byte_count, once=once)
        finally:
            if not written:
                with suppress(StorageError):  # what cannot be aborted now is swept later
                    self._abort(at["Key"], upload_id)
        return byte_count

    def _write(self, write: Callable[..., object], key: str, byte_count: int, *, once: bool) -> bool:
        """Make the object; `once`: only if there is none of that size. Returns whether it was made."""
        if once and self._conditional:
            try:
                write(IfNoneMatch="*")
            except ClientError as exc:
                code = code_of(exc)
                if code in UNCONDITIONAL:
                    self._conditional = False
                elif code not in TAKEN:
                    raise
                elif self.size(key) == byte_count:
                    return False
            else:
                return True
        write()
        return True

    def _pieces(self, key: str, offset: int, length: int | None) -> Iterator[bytes]:
        """From `offset`, `length` bytes or to the end; what breaks on the way is taken up where it stood."""
        position, end = offset, None if length is None else offset + length
        same: dict[str, Any] = {}
        for left in reversed(range(_TAKEN_UP + 1)):
            try:
                with translated(self.place):
                    answer = self._client().get_object(**self._at(key), **_range(position, end), **same)
                    same = {"IfMatch": answer["ETag"]}
                    with closing(answer["Body"]) as body:
                        for piece in body.iter_chunks(_PIECE_BYTES):
                            position += len(piece)
                            yield piece
            except StorageError as exc:
                if not left or not isinstance(exc.__cause__, _BROKEN):
                    raise
            else:
                return

    def _listed(self, prefix: str) -> Iterator["ObjectTypeDef"]:
        check_prefix(prefix)
        with translated(self.place):
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.prefix + prefix):
                yield from page.get("Contents", [])

    def _abort(self, name: str, upload_id: str) -> None:
        with translated(self.place):
            try:
                self._client().abort_multipart_upload(Bucket=self.place.bucket, Key=name, UploadId=upload_id)
            except ClientError as exc:
                if code_of(exc) != "NoSuchUpload":
                    raise

    def _at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self.place.bucket, "Key": self.place.prefix + key}


def _parts(chunks: Iterable[bytes], part_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in parts of one size, as some servers want them, but for the last, which is marked."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        while len(gathered) > part_bytes:
            with memoryview(gathered) as view:
                part = bytes(view[:part_bytes])
            del gathered[:part_bytes]
            yield part, False
    yield bytes(gathered), True


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        folder = tempfile.mkdtemp(prefix="docproc-blob-")
    except OSError as exc:
        raise _no_room(exc) from exc
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(pieces)
    except OSError as exc:
        raise _no_room(exc) from exc


def _no_room(exc: OSError) -> StorageError:
    return StorageError(f"folder of temporary files: {exc.strerror}; make room, or set TMPDIR")


def _range(position: int, end: int | None) -> Mapping[str, Any]:
    if position == 0 and end is None:
        return {}
    return {"Range": f"bytes={position}-{'' if end is None else end - 1}"}
