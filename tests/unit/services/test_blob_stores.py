"""What is the folder's alone among the blob stores, and how a URL chooses one."""

import os
import threading
import time
from pathlib import Path

import pytest

from docproc.domain.errors import StorageError, UsageError
from docproc.storage.blob_stores import open_blob_links, open_blob_store
from docproc.storage.blobs import FolderBlobStore

KEY = "local/words/0123456789abcdef.1"


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


def test_a_folder_that_cannot_be_looked_into_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        FolderBlobStore(tmp_path / "file").size(KEY)


def test_a_path_and_a_file_url_mean_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "two words"
    open_blob_store(str(folder)).put(KEY, [b"abc"])
    assert open_blob_store(folder).read(KEY) == b"abc"
    assert open_blob_store(folder.as_uri()).read(KEY) == b"abc"
    assert open_blob_links(folder.as_uri()) is None


def test_a_bucket_has_links_unless_its_url_says_that_nobody_could_follow_one() -> None:
    assert open_blob_links("s3://bucket?endpoint=http://store:9000") is not None
    assert open_blob_links("s3://bucket?endpoint=http://store:9000&links=false") is None


@pytest.mark.parametrize(
    "url",
    [
        "gs://bucket",
        "https://server/bucket",
        "file://server/folder",
        "file:folder",
        "s3:bucket",
        "s3://",
        "s3://user:secret@bucket",
        "s3://bucket/a b",
        "s3://bucket?endpoint=server:9000",
        "s3://bucket?endpoint=http://user:secret@server",
        "s3://bucket?endpoint=http://server:port",
        "s3://bucket?endpoint=http://server?secret=1",
        "s3://bucket?colour=red",
        "s3://bucket?read_s=soon",
        "s3://bucket?connect_s=0",
        "s3://bucket?sse=rot13",
        "s3://bucket?kms_key=alias/docproc",
        "s3://bucket?path_style=maybe",
        "s3://bucket?links=maybe",
    ],
)
def test_a_url_that_means_no_store_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_blob_store(url)
    assert "secret" not in str(refused.value).replace("without user and password", "")
