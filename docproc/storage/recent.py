"""A blob store that remembers what it read a moment ago: pages of one document lie in one blob, and come one by one."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from docproc.domain.errors import BlobMissingError
from docproc.services.blob_keys import BlobKind, check_key
from docproc.services.ports import BlobStore

#: read at once and remembered as one
BLOCK_BYTES = 256 * 1024
#: blocks of one process
KEPT_BLOCKS = 64
#: so short that a blob which is deleted is soon missed
KEPT_FOR_S = 5.0


class RecentReads:
    """Over another store: short reads of words are cut out of blocks that are kept for a few seconds.

    Only words: their names carry the attempt that wrote them, so the bytes under one name never change.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._blocks: OrderedDict[tuple[str, int], tuple[float, bytes]] = OrderedDict()
        self._turn = threading.Lock()

    def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """As BlobStore.read."""
        _, kind, _ = check_key(key)
        if kind != BlobKind.WORDS or length is None or length > BLOCK_BYTES:
            return self._blobs.read(key, offset=offset, length=length)
        number, start = divmod(offset, BLOCK_BYTES)
        content = self._block(key, number)
        if start + length > BLOCK_BYTES:
            content += self._block(key, number + 1)
        if len(content) < start + length:
            raise BlobMissingError("a stored blob is shorter than it was")
        return content[start : start + length]

    def _block(self, key: str, number: int) -> bytes:
        name = (key, number)
        with self._turn:
            since, content = self._blocks.get(name, (float("-inf"), b""))
        if time.monotonic() - since < KEPT_FOR_S:
            return content
        content = self._read_block(key, number)
        self._remember(name, content)
        return content

    def _remember(self, name: tuple[str, int], content: bytes) -> None:
        with self._turn:
            self._blocks[name] = (time.monotonic(), content)
            self._blocks.move_to_end(name)
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)

    def _read_block(self, key: str, number: int) -> bytes:
        offset = number * BLOCK_BYTES
        return self._blobs.read_some(key, offset=offset, length=BLOCK_BYTES)

    def read_some(self, key: str, *, offset: int, length: int) -> bytes:
        return self._blobs.read_some(key, offset=offset, length=length)

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        """The first block of words is remembered as it goes by: who prepares a document often reads it next."""
        _, kind, _ = check_key(key)
        if kind != BlobKind.WORDS:
            return self._blobs.put(key, chunks)
        first = bytearray()
        byte_count = self._blobs.put(key, _noting(chunks, first))
        self._remember((key, 0), bytes(first))
        return byte_count

    def stream(self, key: str) -> Iterator[bytes]:
        return self._blobs.stream(key)

    def as_file(self, key: str) -> AbstractContextManager[Path]:
        return self._blobs.as_file(key)

    def size(self, key: str) -> int | None:
        return self._blobs.size(key)

    def keys(self, prefix: str) -> Iterator[str]:
        return self._blobs.keys(prefix)

    def written_before(self, prefix: str, moment: datetime) -> Iterator[str]:
        return self._blobs.written_before(prefix, moment)

    def delete(self, key: str) -> int | None:
        with self._turn:
            for name in [name for name in self._blocks if name[0] == key]:
                del self._blocks[name]
        return self._blobs.delete(key)

    def sweep(self) -> int:
        return self._blobs.sweep()


def _noting(chunks: Iterable[bytes], first: bytearray) -> Iterator[bytes]:
    """The chunks as they are, while `first` is filled up to a block."""
    for chunk in chunks:
        first += chunk[: BLOCK_BYTES - len(first)]
        yield chunk
