"""The S3 store against servers that check what they are sent: signatures, lengths, checksums, conditions."""

import hashlib
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.awsrequest import AWSResponse
from doubles.s3 import BUCKET, blob_url
from doubles.s3_strict import StrictServer, strict_server

from docproc.domain.errors import BlobMissingError, StorageError
from docproc.services.blob_keys import original_key
from docproc.storage.blob_stores import check_round_trip
from docproc.storage.s3 import S3BlobStore
from docproc.storage.s3_links import S3Links
from docproc.storage.s3_place import S3Place

pytestmark = [pytest.mark.slow, pytest.mark.integration]
KEY = "local/words/0123456789abcdef.1"
PART = 5 << 20


@pytest.fixture(scope="module", params=["ceph", "ministack"])
def server(request: pytest.FixtureRequest) -> Iterator[StrictServer]:
    with strict_server(request.param) as server:
        yield server


@pytest.fixture
def place(server: StrictServer) -> S3Place:
    return S3Place.parse(blob_url(server.port, prefix=secrets.token_hex(8)))


@pytest.fixture
def blobs(place: S3Place) -> S3BlobStore:
    return S3BlobStore(place, part_bytes=PART)


def fetch(url: str, *, content: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    """The status."""
    method = "GET" if content is None else "PUT"
    request = urllib.request.Request(url, data=content, headers=headers or {}, method=method)  # noqa: S310 it is http
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


@pytest.mark.parametrize("byte_count", [0, 3, PART, 2 * PART + 1])
def test_blobs_come_back(blobs: S3BlobStore, byte_count: int) -> None:
    content = secrets.token_bytes(byte_count)
    assert blobs.put(KEY, [content]) == byte_count
    assert blobs.read(KEY) == content
    assert list(blobs.keys("local/words/")) == [KEY]
    if byte_count:
        assert blobs.read(KEY, offset=1, length=2 if byte_count > 2 else 0) == content[1:3]
    assert blobs.delete(KEY) == byte_count
    with pytest.raises(BlobMissingError):
        blobs.read(KEY)


def test_the_round_trip_works(blobs: S3BlobStore) -> None:
    assert check_round_trip(blobs) < 30


def test_a_long_put_that_breaks_leaves_no_part_behind(blobs: S3BlobStore) -> None:
    def breaking() -> Iterator[bytes]:
        yield bytes(2 * PART)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 it is the one raised above
        blobs.put(KEY, breaking())
    assert blobs.size(KEY) is None
    assert S3BlobStore(blobs.place, stale_after=timedelta(minutes=-5)).sweep() == 0


def test_parts_of_a_dead_writer_are_swept_when_they_are_old(blobs: S3BlobStore) -> None:
    blobs._client().create_multipart_upload(Bucket=BUCKET, Key=f"{blobs.place.prefix}local/words/{32 * 'a'}.1")
    assert blobs.sweep() == 0
    assert S3BlobStore(blobs.place, stale_after=timedelta(minutes=-5)).sweep() == 1


def test_of_many_writers_of_one_original_one_writes(blobs: S3BlobStore) -> None:
    statuses: list[int] = []

    def note(http_response: AWSResponse, **_: object) -> None:
        statuses.append(http_response.status_code)

    blobs._client().meta.events.register("after-call.s3.PutObject", note)
    key = original_key("local", "ab" * 32)
    together = threading.Barrier(16)

    def write() -> None:
        together.wait()
        blobs.put(key, [b"abc"])

    writers = [threading.Thread(target=write) for _ in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert statuses.count(200) == 1
    assert blobs.read(key) == b"abc"


def test_a_wrong_secret_is_refused_and_said(
    server: StrictServer, place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not server.checks_headers:
        pytest.skip("this server looks at the signatures of links alone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StorageError, match="SignatureDoesNotMatch: check the key and the secret"):
        S3BlobStore(place).put(KEY, [b"abc"])
    with pytest.raises(StorageError, match="403: check the key and the secret"):
        S3BlobStore(place).size(KEY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    with pytest.raises(StorageError, match="InvalidAccessKeyId: check the key and the secret"):
        S3BlobStore(place).put(KEY, [b"abc"])


def test_a_link_reads_one_blob_for_a_while(place: S3Place, blobs: S3BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    blobs.put("local/words/other.1", [b"abc"])
    link = S3Links(place).presign_get(KEY, expires_s=60, filename="Müller.pdf")
    assert fetch(link) == 200
    assert fetch(link.replace("0123456789abcdef.1", "other.1")) == 403
    brief = S3Links(place).presign_get(KEY, expires_s=1)
    time.sleep(2.5)
    assert fetch(brief) == 403


def test_a_link_writes_these_bytes_and_no_more(place: S3Place, blobs: S3BlobStore) -> None:
    sha256 = hashlib.sha256(b"abc").hexdigest()
    link = S3Links(place).presign_put(KEY, byte_count=3, sha256=sha256, expires_s=60)
    longer = {**link.headers, "Content-Length": "4"}
    assert fetch(link.url, content=b"abcd", headers=longer) == 403
    assert fetch(link.url, content=b"abc", headers={**link.headers, "x-amz-checksum-sha256": "AAAA"}) in {400, 403}
    assert fetch(link.url.replace("0123456789abcdef.1", "other.1"), content=b"abc", headers=link.headers) == 403
    assert blobs.size(KEY) is None
    assert fetch(link.url, content=b"abc", headers=link.headers) == 200
    assert blobs.read(KEY) == b"abc"
    assert fetch(link.url, content=b"abc", headers=link.headers) == 412


def test_checksums_can_be_left_out(place: S3Place) -> None:
    blobs = S3BlobStore(replace(place, checksums=False), part_bytes=PART)
    content = secrets.token_bytes(PART + 1)
    blobs.put(KEY, [content])
    assert blobs.read(KEY) == content
