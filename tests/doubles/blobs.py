"""A blob store in memory."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from docproc.domain.errors import BlobMissingError
from docproc.services.blob_keys import check_key, check_prefix


class MemoryBlobStore:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        check_key(key)
        content = b"".join(chunks)
        self.blobs[key], self.written[key] = content, datetime.now(UTC)
        return len(content)

    def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        content = self._get(key)[offset : None if length is None else offset + length]
        if length is not None and len(content) < length:
            raise BlobMissingError
        return content

    def read_some(self, key: str, *, offset: int, length: int) -> bytes:
        content = self._get(key)[offset : offset + length]
        if not content and length:
            raise BlobMissingError
        return content

    def stream(self, key: str) -> Iterator[bytes]:
        content = self._get(key)
        for start in range(0, len(content), 7):  # odd pieces: who joins lines must not count on their ends
            yield content[start : start + 7]

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        content = self._get(key)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "blob"
            path.write_bytes(content)
            yield path

    def size(self, key: str) -> int | None:
        check_key(key)
        return len(self.blobs[key]) if key in self.blobs else None

    def keys(self, prefix: str) -> Iterator[str]:
        check_prefix(prefix)
        yield from sorted(key for key in self.blobs if key.startswith(prefix))

    def written_before(self, prefix: str, moment: datetime) -> Iterator[str]:
        yield from [key for key in self.keys(prefix) if self.written[key] < moment]

    def delete(self, key: str) -> int | None:
        check_key(key)
        return len(self.blobs.pop(key)) if key in self.blobs else None

    def sweep(self) -> int:
        return 0

    def _get(self, key: str) -> bytes:
        check_key(key)
        if key not in self.blobs:
            raise BlobMissingError
        return self.blobs[key]
