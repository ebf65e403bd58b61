"""One contract for every blob store."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from doubles.blobs import MemoryBlobStore

from docproc.domain.errors import BlobMissingError, UsageError
from docproc.services.blob_keys import BlobKind, document_key, document_prefix, original_key
from docproc.services.ports import BlobStore
from docproc.services.uploads import is_there, open_upload
from docproc.storage.blob_stores import check_round_trip, open_blob_store

KEY = "local/words/0123456789abcdef.1"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # the sha256 of b"abc"


pytestmark = pytest.mark.integration


@pytest.fixture(params=["memory", "folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "memory":
        return MemoryBlobStore()
    if request.param == "folder":
        return open_blob_store(tmp_path / "blobs")
    bucket, options = request.getfixturevalue("s3_url").split("?")
    return open_blob_store(f"{bucket}{secrets.token_hex(8)}?{options}")


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


def test_a_part_from_behind_the_end_is_empty(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    blobs.put("local/words/empty.1", [])
    assert blobs.read(KEY, offset=3) == b""
    assert blobs.read(KEY, offset=9) == b""
    assert blobs.read("local/words/empty.1") == b""
    assert list(blobs.stream("local/words/empty.1")) == []
    with pytest.raises(BlobMissingError):
        blobs.read(KEY, offset=3, length=1)


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (1, None), (1, 2)])
def test_a_part_of_what_was_never_put_is_missing(blobs: BlobStore, offset: int, length: int | None) -> None:
    with pytest.raises(BlobMissingError):
        blobs.read(KEY, offset=offset, length=length)


def test_an_original_may_be_put_again(blobs: BlobStore) -> None:
    key = original_key("local", "cd" * 32)
    assert blobs.put(key, [b"abc"]) == 3
    assert blobs.put(key, [b"abc"]) == 3
    assert blobs.read(key) == b"abc"


def test_an_original_that_was_cut_is_mended(blobs: BlobStore) -> None:
    key = original_key("local", "cd" * 32)
    blobs.put(key, [b"ab"])
    blobs.put(key, [b"abc"])
    assert blobs.read(key) == b"abc"


def test_old_blobs_are_told_from_new_ones(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    now = datetime.now(UTC)
    assert list(blobs.written_before("local/words/", now - timedelta(hours=1))) == []
    assert list(blobs.written_before("local/words/", now + timedelta(seconds=5))) == [KEY]
    assert list(blobs.written_before("local/table/", now + timedelta(seconds=5))) == []


def test_tenants_do_not_see_each_other(blobs: BlobStore) -> None:
    blobs.put("first/words/a.1", [b"abc"])
    blobs.put("first2/words/a.1", [b"abc"])
    assert list(blobs.keys("first/words/")) == ["first/words/a.1"]


def test_there_is_nothing_to_sweep_behind_writers_that_live(blobs: BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    assert blobs.sweep() == 0
    assert blobs.size(KEY) == 3


def test_a_store_that_works_makes_the_round_trip_and_keeps_nothing_of_it(blobs: BlobStore) -> None:
    assert 0 < check_round_trip(blobs) < 60
    assert list(blobs.keys("docproc/check/")) == []


def test_an_upload_is_what_was_announced(blobs: BlobStore) -> None:
    with pytest.raises(BlobMissingError), open_upload(blobs, "local", ABC):
        pass
    blobs.put(original_key("local", ABC), [b"abc"])
    with open_upload(blobs, "local", ABC) as path:
        assert path.read_bytes() == b"abc"
    assert is_there(blobs, "local", ABC, byte_count=3)


@pytest.mark.parametrize("content", [b"abd", b"abcd", b""])
def test_an_upload_that_is_something_else_does_not_stay(blobs: BlobStore, content: bytes) -> None:
    blobs.put(original_key("local", ABC), [content])
    with pytest.raises(UsageError, match="another sha256"), open_upload(blobs, "local", ABC):
        pass
    assert blobs.size(original_key("local", ABC)) is None
