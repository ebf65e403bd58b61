"""A watched prefix on servers that check what they are sent: signatures, conditions, tags, lists of several pages."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from doubles.s3 import blob_url
from doubles.s3_strict import StrictServer, strict_server
from doubles.watching_a_bucket import WatchedBucket

from docproc.domain.errors import BlobMissingError
from docproc.services.ledger_records import EntryState
from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@pytest.fixture(scope="module", params=["ceph", "ministack"])
def server(request: pytest.FixtureRequest) -> Iterator[StrictServer]:
    with strict_server(request.param) as server:
        yield server


@pytest.fixture
def watched(migrated_file: Path, tmp_path: Path, server: StrictServer) -> Iterator[WatchedBucket]:
    (tmp_path / "docproc.db").write_bytes(migrated_file.read_bytes())
    with closing(Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")) as database:
        ledger = SqlLedger(database, tenant="local", place=secrets.token_hex(4))
        yield WatchedBucket(base=tmp_path, ledger=ledger, url=blob_url(server.port))


def test_objects_are_read_once_and_moved(watched: WatchedBucket) -> None:
    for name, content in (("a.pdf", b"one"), ("customer b/ü 1+2.pdf", b"two"), ("c.pdf", b"bad")):
        watched.put(name, content)
    assert watched.watch_once().ended == {EntryState.DONE: 2, EntryState.FAILED: 1}
    assert watched.lying() == [
        "done/a.pdf",
        "done/customer b/ü 1+2.pdf",
        "failed/c.pdf",
        "failed/c.pdf.error.json",
    ]
    assert watched.watch_once().ended == {}


def test_objects_that_stay_are_tagged(watched: WatchedBucket) -> None:
    watched.in_place = True
    watched.put("a.pdf")
    assert watched.watch_once().ended == {EntryState.DONE: 1}
    assert watched.tags("a.pdf") == {"docproc": "done"}
    assert watched.watch_once().ended == {}


def test_a_version_that_was_replaced_is_neither_fetched_nor_copied(watched: WatchedBucket, tmp_path: Path) -> None:
    watched.put("a.pdf", b"first")
    first = watched.objects.head("a.pdf")
    assert first is not None
    watched.put("a.pdf", b"second")
    with pytest.raises(BlobMissingError):
        watched.objects.fetch(first, tmp_path / "bytes")
    with pytest.raises(BlobMissingError):
        watched.objects.copy(first, "b.pdf")
    assert watched.lying() == ["a.pdf"]


@pytest.mark.parametrize("now", ["Enabled", "Suspended"])
def test_what_was_replaced_before_anybody_saw_it_does_not_come_back(watched: WatchedBucket, now: str) -> None:
    keep_versions(watched, "Enabled")
    watched.put("a.pdf", b"never seen")
    keep_versions(watched, now)
    watched.put("a.pdf", b"seen")
    assert watched.watch_once().ended == {EntryState.DONE: 1}
    assert watched.watch_once().ended == {}
    assert list(watched.jobs.contents.values()) == [b"seen"]
    assert watched.lying() == ["done/a.pdf"]
    keep_versions(watched, "Suspended")


def keep_versions(watched: WatchedBucket, status: str) -> None:
    watched.client.put_bucket_versioning(Bucket=watched.s3_place.bucket, VersioningConfiguration={"Status": status})


def test_in_a_bucket_with_versions_a_later_one_is_left_alone(watched: WatchedBucket) -> None:
    keep_versions(watched, "Enabled")
    watched.put("b.pdf", b"first")
    first = watched.objects.head("b.pdf")
    assert first is not None
    watched.put("b.pdf", b"second")
    with pytest.raises(BlobMissingError):
        watched.objects.delete(first)
    assert watched.get("b.pdf") == b"second"
    keep_versions(watched, "Suspended")


def test_a_long_list_is_read_page_by_page(watched: WatchedBucket) -> None:
    names = [f"{number:05}.pdf" for number in range(1205)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(watched.put, names))
    assert [sighting.path for sighting in watched.place().look()] == names
