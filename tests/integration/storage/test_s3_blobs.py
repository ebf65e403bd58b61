"""What is S3's alone among the blob stores: parts, conditions, links, and a server that is out of reach."""

import hashlib
import secrets
import subprocess
import sys
import threading
import time
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from doubles.faulty_proxy import FaultyProxy, faulty_proxy
from doubles.s3 import BUCKET, ENVIRONMENT, blob_url, s3_in_process, s3_process
from doubles.waiting import PATIENCE_S

from docproc.domain.errors import BlobMissingError, StorageError, UsageError
from docproc.services.blob_keys import original_key
from docproc.storage.blob_stores import check_round_trip
from docproc.storage.s3 import S3BlobStore
from docproc.storage.s3_links import S3Links
from docproc.storage.s3_place import S3Place

pytestmark = pytest.mark.integration
KEY = "local/words/0123456789abcdef0123456789abcdef.1"
#: the smallest part that S3 takes
PART = 5 << 20


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch, s3_process() as server:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield server.port


@pytest.fixture
def place(port: int) -> S3Place:
    return S3Place.parse(blob_url(port, prefix=secrets.token_hex(8)))


@pytest.fixture
def blobs(place: S3Place) -> S3BlobStore:
    return S3BlobStore(place, part_bytes=PART)


@pytest.fixture
def proxy(port: int) -> Iterator[FaultyProxy]:
    with faulty_proxy(port) as proxy:
        yield proxy


@pytest.fixture
def shaky(proxy: FaultyProxy, place: S3Place) -> S3BlobStore:
    """The same store behind the proxy."""
    return S3BlobStore(replace(place, endpoint=f"http://127.0.0.1:{proxy.port}"), part_bytes=PART)


def uploads(blobs: S3BlobStore) -> int:
    """How many uploads in parts are open."""
    found = blobs._client().list_multipart_uploads(Bucket=BUCKET, Prefix=blobs.place.prefix)
    return len(found.get("Uploads", []))


def head(blobs: S3BlobStore, key: str) -> dict[str, object]:
    return dict(blobs._client().head_object(Bucket=BUCKET, Key=blobs.place.prefix + key))


def random_pieces(seed: int, *, count: int) -> Iterator[bytes]:
    """Pieces of 1 MiB that are alike for the same seed."""
    for number in range(count):
        yield hashlib.sha256(b"%d %d" % (seed, number)).digest() * 32768


# parts


def test_a_long_blob_goes_in_parts_and_comes_back_whole(blobs: S3BlobStore) -> None:
    assert blobs.put(KEY, random_pieces(1, count=12)) == 12 << 20
    assert str(head(blobs, KEY)["ETag"]).endswith('-3"')
    assert blobs.read(KEY) == b"".join(random_pieces(1, count=12))
    assert blobs.read(KEY, offset=PART - 2, length=4) == b"".join(random_pieces(1, count=12))[PART - 2 : PART + 2]
    with blobs.as_file(KEY) as path:
        assert path.stat().st_size == 12 << 20
    assert not path.exists()
    assert uploads(blobs) == 0


@pytest.mark.parametrize("byte_count", [0, 1, PART - 1, PART, PART + 1, 2 * PART])
def test_no_length_is_special(blobs: S3BlobStore, byte_count: int) -> None:
    content = secrets.token_bytes(byte_count)
    assert blobs.put(KEY, [content]) == byte_count
    assert blobs.size(KEY) == byte_count
    assert blobs.read(KEY) == content


def test_a_long_blob_takes_a_few_parts_of_memory(blobs: S3BlobStore) -> None:
    blobs.put("local/words/warm.1", random_pieces(0, count=6))
    tracemalloc.start()
    blobs.put(KEY, random_pieces(2, count=60))
    digest = hashlib.sha256()
    for piece in blobs.stream(KEY):
        digest.update(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * PART
    assert digest.digest() == hashlib.sha256(b"".join(random_pieces(2, count=60))).digest()


def test_a_long_put_that_breaks_leaves_no_part_behind(blobs: S3BlobStore) -> None:
    def breaking() -> Iterator[bytes]:
        yield from random_pieces(3, count=11)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 it is the one raised above
        blobs.put(KEY, breaking())
    assert blobs.size(KEY) is None
    assert uploads(blobs) == 0


def test_parts_of_a_dead_writer_are_swept_when_they_are_old(blobs: S3BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    stranger = "other/program/upload"
    for name in (f"{'a' * 32}.1", f"{'b' * 32}.1"):
        blobs._client().create_multipart_upload(Bucket=BUCKET, Key=f"{blobs.place.prefix}local/words/{name}")
    blobs._client().create_multipart_upload(Bucket=BUCKET, Key=f"{blobs.place.prefix}{stranger}")
    # this server begins every upload in 2010
    assert S3BlobStore(blobs.place, stale_after=timedelta(days=36500)).sweep() == 0
    assert uploads(blobs) == 3
    assert blobs.sweep() == 2
    assert uploads(blobs) == 1
    assert blobs.read(KEY) == b"abc"


# conditions, checksums, encryption


@pytest.fixture
def in_turn(port: int) -> Iterator[S3BlobStore]:
    """On a server that answers one request after the other, as if it looked and wrote in one step."""
    del port  # who made it has set the environment
    with s3_in_process(turn=threading.Lock()) as other:
        yield S3BlobStore(S3Place.parse(blob_url(other, prefix=secrets.token_hex(8))), part_bytes=PART)


@pytest.mark.parametrize("pieces", [1, 6])
def test_of_many_writers_of_one_original_one_writes(in_turn: S3BlobStore, pieces: int) -> None:
    blobs, client = in_turn, in_turn._client()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    key = original_key("local", secrets.token_hex(32))
    together = threading.Barrier(16)
    sizes = []

    def write() -> None:
        together.wait()
        sizes.append(blobs.put(key, random_pieces(4, count=pieces)))

    writers = [threading.Thread(target=write) for _ in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    versions = client.list_object_versions(Bucket=BUCKET, Prefix=blobs.place.prefix)["Versions"]
    assert sizes == [pieces << 20] * 16
    assert len(versions) == 1
    assert uploads(blobs) == 0
    assert blobs.read(key) == b"".join(random_pieces(4, count=pieces))


@pytest.mark.parametrize("pieces", [1, 6])
def test_each_blob_carries_a_checksum_that_the_server_keeps(blobs: S3BlobStore, pieces: int) -> None:
    blobs.put(KEY, random_pieces(5, count=pieces))
    found = blobs._client().head_object(Bucket=BUCKET, Key=blobs.place.prefix + KEY, ChecksumMode="ENABLED")
    assert found["ChecksumCRC32"]


@pytest.mark.parametrize("pieces", [1, 6])
def test_a_server_without_checksums_is_served_without(place: S3Place, pieces: int) -> None:
    blobs = S3BlobStore(replace(place, checksums=False), part_bytes=PART)
    blobs.put(KEY, random_pieces(5, count=pieces))
    found = blobs._client().head_object(Bucket=BUCKET, Key=place.prefix + KEY, ChecksumMode="ENABLED")
    assert "ChecksumCRC32" not in dict(found)
    assert blobs.read(KEY) == b"".join(random_pieces(5, count=pieces))


@pytest.mark.parametrize("pieces", [1, 6])
def test_encryption_is_asked_for_in_one_piece_and_in_parts(place: S3Place, pieces: int) -> None:
    blobs = S3BlobStore(replace(place, sse="aws:kms", kms_key="docproc"), part_bytes=PART)
    blobs.put(KEY, random_pieces(6, count=pieces))
    found = head(blobs, KEY)
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", "docproc")


# a server out of reach


def test_an_outage_is_a_storage_error_that_comes_soon_and_passes(proxy: FaultyProxy, shaky: S3BlobStore) -> None:
    shaky.put(KEY, [b"abc"])
    proxy.refuse()
    for use in (
        lambda: shaky.put(KEY, [b"new"]),
        lambda: shaky.read(KEY),
        lambda: shaky.size(KEY),
        lambda: list(shaky.keys("local/words/")),
        lambda: shaky.delete(KEY),
    ):
        began = time.monotonic()
        with pytest.raises(StorageError, match="cannot be reached") as refused:
            use()
        assert time.monotonic() - began < 15
        assert not isinstance(refused.value, BlobMissingError)
        assert KEY not in str(refused.value)
    proxy.forward()
    assert shaky.read(KEY) == b"abc"


def test_a_server_that_hangs_is_a_storage_error(proxy: FaultyProxy, shaky: S3BlobStore) -> None:
    shaky.put(KEY, [b"abc"])
    hasty = S3BlobStore(replace(shaky.place, read_s=0.5), part_bytes=PART)
    proxy.hang()
    with pytest.raises(StorageError, match="fallen silent"):
        hasty.read(KEY)
    proxy.forward()
    assert shaky.read(KEY) == b"abc"


def test_an_outage_in_the_middle_of_a_long_put_leaves_no_blob(proxy: FaultyProxy, shaky: S3BlobStore) -> None:
    def failing() -> Iterator[bytes]:
        yield from random_pieces(7, count=11)
        proxy.refuse()
        yield from random_pieces(8, count=5)

    with pytest.raises(StorageError, match="cannot be reached"):
        shaky.put(KEY, failing())
    proxy.forward()
    assert shaky.size(KEY) is None
    assert shaky.sweep() == 1


def test_a_download_that_breaks_is_taken_up_where_it_stood(proxy: FaultyProxy, shaky: S3BlobStore) -> None:
    content = b"".join(random_pieces(9, count=6))
    shaky.put(KEY, [content])
    proxy.cut(after_bytes=3 << 20, times=1)
    assert shaky.read(KEY) == content
    assert proxy.cuts_left == 0
    proxy.cut(after_bytes=2 << 20, times=2)
    assert shaky.read(KEY, offset=1, length=(6 << 20) - 1) == content[1:]
    assert proxy.cuts_left == 0


def test_a_download_that_breaks_again_and_again_is_a_storage_error(proxy: FaultyProxy, shaky: S3BlobStore) -> None:
    shaky.put(KEY, random_pieces(9, count=6))
    proxy.cut(after_bytes=1 << 20, times=9)
    with pytest.raises(StorageError, match="the connection broke"):
        shaky.read(KEY)


def test_a_blob_that_is_replaced_during_a_broken_download_is_not_mixed(proxy: FaultyProxy, shaky: S3BlobStore) -> None:
    shaky.put(KEY, random_pieces(9, count=6))
    proxy.cut(after_bytes=3 << 20, times=1)
    pieces = shaky.stream(KEY)
    next(pieces)
    shaky.put(KEY, random_pieces(10, count=6))
    with pytest.raises(StorageError, match="PreconditionFailed"):
        list(pieces)


def test_a_missing_bucket_is_a_storage_error_that_says_so(place: S3Place) -> None:
    blobs = S3BlobStore(replace(place, bucket="nowhere"))
    for use in (lambda: blobs.put(KEY, [b"abc"]), lambda: blobs.read(KEY), lambda: check_round_trip(blobs)):
        with pytest.raises(StorageError, match=r"bucket nowhere at .*NoSuchBucket: there is no such bucket"):
            use()


def test_a_stranger_that_knows_no_page_does_not_make_blobs_missing(place: S3Place) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(StorageError) as refused:
            S3BlobStore(replace(place, endpoint=f"http://127.0.0.1:{server.server_port}")).read(KEY)
        server.shutdown()
        thread.join()
    assert not isinstance(refused.value, BlobMissingError)


def test_missing_credentials_are_a_storage_error(place: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(StorageError, match="no credentials"):
        S3BlobStore(place).read(KEY)


# one client a process

FORKING = """
import os, sys
from docproc.storage.blob_stores import open_blob_store
blobs = open_blob_store(sys.argv[1])
blobs.put("local/words/parent.1", [b"abc"])
parent = blobs._client()
children = []
for number in range(4):
    pid = os.fork()
    if pid == 0:
        blobs.put(f"local/words/child{number}.1", [blobs.read("local/words/parent.1")])
        os._exit(0 if blobs._client() is not parent else 1)
    children.append(pid)
    blobs.put(f"local/words/parent{number}.1", [b"abc"])
assert blobs._client() is parent
sys.exit(max(os.waitpid(pid, 0)[1] for pid in children))
"""


def test_a_store_can_be_used_on_both_sides_of_a_fork(place: S3Place, blobs: S3BlobStore) -> None:
    url = f"s3://{BUCKET}/{place.prefix}?endpoint={place.endpoint}"
    subprocess.run([sys.executable, "-c", FORKING, url], check=True, timeout=PATIENCE_S)
    assert len(list(blobs.keys("local/words/"))) == 9


def test_threads_share_one_client(place: S3Place) -> None:
    blobs = S3BlobStore(place)
    clients: list[object] = []
    threads = [threading.Thread(target=lambda: clients.append(blobs._client())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clients) == 8
    assert len(set(map(id, clients))) == 1


# links


def fetch(url: str, *, content: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[bytes, str]:
    """The body and what a browser would save it as."""
    method = "GET" if content is None else "PUT"
    request = urllib.request.Request(url, data=content, headers=headers or {}, method=method)  # noqa: S310 it is http
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
        return answer.read(), answer.headers.get("Content-Disposition", "")


def test_a_link_reads_one_blob_under_the_name_that_it_had(place: S3Place, blobs: S3BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    link = S3Links(place).presign_get(KEY, expires_s=60, filename='Müller "2024".pdf')
    assert fetch(link) == (b"abc", "attachment; filename*=UTF-8''M%C3%BCller%20%222024%22.pdf")


def test_a_link_writes_one_blob(place: S3Place, blobs: S3BlobStore) -> None:
    sha256 = hashlib.sha256(b"abc").hexdigest()
    link = S3Links(place).presign_put(KEY, byte_count=3, sha256=sha256, expires_s=60)
    fetch(link.url, content=b"abc", headers=link.headers)
    assert blobs.read(KEY) == b"abc"


def test_a_link_writes_no_second_time(place: S3Place, blobs: S3BlobStore) -> None:
    blobs.put(KEY, [b"abc"])
    link = S3Links(place).presign_put(KEY, byte_count=3, sha256=hashlib.sha256(b"new").hexdigest(), expires_s=60)
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(link.url, content=b"new", headers=link.headers)
    refused.value.close()
    assert refused.value.code == 412
    assert blobs.read(KEY) == b"abc"


def test_links_are_made_for_the_address_that_others_use(place: S3Place) -> None:
    links = S3Links(replace(place, public_endpoint="https://blobs.example.org"))
    assert links.presign_get(KEY, expires_s=60).startswith(f"https://blobs.example.org/{BUCKET}/{place.prefix}{KEY}?")


def test_no_link_leads_elsewhere(place: S3Place) -> None:
    with pytest.raises(UsageError):
        S3Links(place).presign_get("../b/c", expires_s=60)
