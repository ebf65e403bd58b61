"""One contract for every blob store."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from doubles.blobs import MemoryBlobStore

from docproc.domain.errors import BlobMissingError, StorageError, UsageError
from docproc.services.blob_keys import BlobKind, document_key, document_prefix, original_key
from docproc.services.ports import BlobStore
from docproc.storage.blobs import FolderBlobStore

KEY = "local/words/0123456789abcdef.1"


@pytest.fixture(params=["memory", "folder"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return MemoryBlobStore() if request.param == "memory" else FolderBlobStore(tmp_path / "blobs")


def test_a_blob_comes_back_as_it_was_put(blobs: BlobStore) -> None:
    assert blobs.put(KEY, iter([b"ab", b"", b"cde"])) == 5
    assert blobs.read(KEY) == b"abcde"
    assert b"".join(blobs.stream(KEY)) == b"abcde"
    assert blobs.size(KEY) == 5
    with blobs.as_file(KEY) as path:
        assert path.read_bytes() == b"abcde"


def test_a_part_of_a_blob_can_be_read(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"abcdefgh"])
    assert blobs.read(KEY, offset=2, length=3) == b"cde"
    assert blobs.read(KEY, offset=6) == b"gh"
    assert blobs.read(KEY, offset=8, length=0) == b""


def test_a_part_that_is_not_there_is_missing(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    with pytest.raises(BlobMissingError):
        blobs.read(KEY, offset=2, length=2)


def test_what_was_never_put_is_missing(blobs: BlobStore) -> None:
    assert blobs.size(KEY) is None
    assert blobs.delete(KEY) is None
    with pytest.raises(BlobMissingError):
        blobs.read(KEY)
    with pytest.raises(BlobMissingError):
        list(blobs.stream(KEY))
    with pytest.raises(BlobMissingError), blobs.as_file(KEY):
        pass


def test_a_second_put_replaces_the_first(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"first"])
    blobs.put(KEY, [b"2"])
    assert blobs.read(KEY) == b"2"


def test_a_put_that_breaks_leaves_what_was_there(blobs: BlobStore) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise ValueError

    blobs.put(KEY, [b"whole"])
    for key in (KEY, "local/words/other.1"):
        with pytest.raises(ValueError):  # noqa: PT011 it is the one raised above
            blobs.put(key, breaking())
    assert blobs.read(KEY) == b"whole"
    assert list(blobs.keys("local/words/")) == [KEY]


def test_deleting_says_how_much_went(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    assert blobs.delete(KEY) == 3
    assert blobs.size(KEY) is None


def test_keys_are_found_by_what_they_begin_with(blobs: BlobStore) -> None:
    document, other = UUID(int=7), UUID(int=8)
    mine = [document_key("local", BlobKind.READING, document, attempt, page) for attempt in (1, 2) for page in (1, 33)]
    for key in [*mine, document_key("local", BlobKind.READING, other, 1, 1), original_key("local", "ab" * 32)]:
        blobs.put(key, [b"x"])
    assert list(blobs.keys(document_prefix("local", BlobKind.READING, document))) == sorted(mine)
    assert len(list(blobs.keys("local/reading/"))) == 5
    assert list(blobs.keys("local/table/")) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a",
        "a/b",
        "a/b/c/d",
        "../b/c",
        "a/../c",
        "a/b/..",
        "a/b/.hidden",
        "/b/c",
        "a//c",
        "a/b/c\n",
        "a/b/c\0d",
        "a\\b/c/d",
    ],
)
def test_a_key_that_could_lead_elsewhere_is_refused(blobs: BlobStore, key: str) -> None:
    for use in (
        lambda: blobs.put(key, [b""]),
        lambda: blobs.read(key),
        lambda: blobs.delete(key),
        lambda: blobs.size(key),
    ):
        with pytest.raises(UsageError):
            use()


def test_readers_see_the_old_blob_or_the_new_one_and_nothing_between(tmp_path: Path) -> None:
    blobs = FolderBlobStore(tmp_path)
    blobs.put(KEY, [b"a" * 100_000])
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(bytes({*blobs.read(KEY)}) + str(len(blobs.read(KEY))).encode())

    reader = threading.Thread(target=read)
    reader.start()
    for letter in (b"b", b"a") * 20:
        blobs.put(KEY, (letter * 10_000 for _ in range(10)))
    stop.set()
    reader.join()
    assert seen <= {b"a100000", b"b100000"}


def test_what_a_dead_writer_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    blobs = FolderBlobStore(tmp_path)
    blobs.put(KEY, [b"abc"])
    folder = next(tmp_path.glob("local/words/*"))
    old, young = folder / ".part-old", folder / ".part-young"
    old.write_bytes(b"left")
    young.write_bytes(b"being written")
    os.utime(old, (time.time() - 200_000,) * 2)
    assert list(blobs.keys("local/words/")) == [KEY]
    assert blobs.sweep() == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        FolderBlobStore(tmp_path / "file").put(KEY, [b"abc"])
