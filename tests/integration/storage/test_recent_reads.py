"""Words read page by page out of a store behind which each read costs a way there and back."""

import pytest
from doubles.blobs import MemoryBlobStore

from docproc.domain.errors import BlobMissingError
from docproc.storage.recent import BLOCK_BYTES, RecentReads

KEY = "local/words/a.1"


class Counting(MemoryBlobStore):
    """Counts reads."""

    reads = 0

    def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        self.reads += 1
        return super().read(key, offset=offset, length=length)

    def read_some(self, key: str, *, offset: int, length: int) -> bytes:
        self.reads += 1
        return super().read_some(key, offset=offset, length=length)


def _content(count: int) -> bytes:
    return bytes(number * 7 % 251 for number in range(count))


def test_neighbours_are_read_at_once_and_every_piece_is_right() -> None:
    blobs, content = Counting(), _content(2 * BLOCK_BYTES + 100)
    blobs.put(KEY, [content])
    recent = RecentReads(blobs)
    for start in range(0, len(content) - 1000, 50_000):
        assert recent.read(KEY, offset=start, length=1000) == content[start : start + 1000]
    assert recent.read(KEY, offset=len(content) - 50, length=50) == content[-50:]
    assert recent.read(KEY, offset=BLOCK_BYTES - 5, length=10) == content[BLOCK_BYTES - 5 : BLOCK_BYTES + 5]
    assert blobs.reads == 3


def test_what_is_longer_than_the_blob_or_gone_is_missing() -> None:
    blobs = Counting()
    blobs.put(KEY, [b"short"])
    recent = RecentReads(blobs)
    assert recent.read(KEY, offset=1, length=4) == b"hort"
    with pytest.raises(BlobMissingError):
        recent.read(KEY, offset=1, length=5)
    recent.delete(KEY)
    with pytest.raises(BlobMissingError):
        recent.read(KEY, offset=1, length=4)


def test_other_kinds_and_whole_blobs_are_never_remembered() -> None:
    blobs = Counting()
    recent = RecentReads(blobs)
    for key in ("local/reading/a.1", KEY):
        recent.put(key, [b"before"])
        assert recent.read(key) == b"before"
        blobs.put(key, [b"behind"])
        assert recent.read(key) == b"behind"


def test_who_wrote_words_has_their_beginning_at_hand() -> None:
    blobs, content = Counting(), _content(BLOCK_BYTES + 100)
    recent = RecentReads(blobs)
    assert recent.put(KEY, [content[:70_000], content[70_000:]]) == len(content)
    assert recent.read(KEY, offset=60_000, length=20_000) == content[60_000:80_000]
    assert blobs.reads == 0
    assert recent.read(KEY, offset=BLOCK_BYTES - 5, length=10) == content[BLOCK_BYTES - 5 : BLOCK_BYTES + 5]
    assert blobs.reads == 1
