"""A watched prefix of a bucket that keeps versions, or does not, on servers that know conditions, or do not."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from doubles.s3 import ENVIRONMENT, blob_url, make_bucket, s3_in_process
from doubles.watching_a_bucket import WatchedBucket

from docproc.domain.errors import BlobMissingError
from docproc.services.ledger_records import EntryState
from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger
from docproc.watch.ports import Fate, Ticket

pytestmark = pytest.mark.integration


class Server:
    """What it knows, and what happens just before it deletes."""

    def __init__(self) -> None:
        self.port = 0
        self.knows_conditions = True
        self.before_delete: Callable[[], object] = lambda: None

    def asked(self, environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] != "DELETE":
            return
        before, self.before_delete = self.before_delete, lambda: None
        before()
        if not self.knows_conditions:
            environ.pop("HTTP_IF_MATCH", None)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        server = Server()
        with s3_in_process(server.asked) as server.port:
            yield server


@pytest.fixture(params=[True, False], ids=["conditions", "no-conditions"])
def server(running: Server, request: pytest.FixtureRequest) -> Server:
    running.knows_conditions = request.param
    return running


@pytest.fixture
def watched(migrated_file: Path, tmp_path: Path, server: Server) -> Iterator[WatchedBucket]:
    (tmp_path / "docproc.db").write_bytes(migrated_file.read_bytes())
    bucket = f"versions-{secrets.token_hex(4)}"
    make_bucket(server.port, bucket=bucket)
    with closing(Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")) as database:
        ledger = SqlLedger(database, tenant="local", place="bucket")
        yield WatchedBucket(base=tmp_path, ledger=ledger, url=blob_url(server.port, bucket=bucket))


@pytest.fixture
def keeping(watched: WatchedBucket) -> WatchedBucket:
    """With versions."""
    keep_versions(watched)
    return watched


def keep_versions(watched: WatchedBucket, status: str = "Enabled") -> None:
    watched.client.put_bucket_versioning(Bucket=watched.s3_place.bucket, VersioningConfiguration={"Status": status})


@pytest.mark.parametrize("keeps_versions", [False, True])
def test_each_version_is_read_once_also_when_another_comes_while_it_is_read(
    watched: WatchedBucket, keeps_versions: bool
) -> None:
    if keeps_versions:
        keep_versions(watched)

    def overwrite_once(ticket: Ticket) -> None:
        if not watched.jobs.tickets:
            watched.put(ticket.name, b"second")

    watched.put("a.pdf", b"first")
    watched.jobs.on_submit = overwrite_once
    assert watched.watch_once().ended == {EntryState.DONE: 2}
    assert watched.watch_once().ended == {}
    assert sorted(watched.jobs.contents.values()) == [b"first", b"second"]
    assert watched.lying() == ["done/a.pdf"]


def test_what_was_replaced_before_anybody_saw_it_does_not_come_back(keeping: WatchedBucket) -> None:
    for content in (b"never seen", b"seen"):
        keeping.put("a.pdf", content)
    keeping.watch_once()
    assert keeping.watch_once().ended == {}
    assert list(keeping.jobs.contents.values()) == [b"seen"]


def test_what_comes_just_before_the_one_that_was_read_is_deleted_is_read_too(
    keeping: WatchedBucket, server: Server
) -> None:
    keeping.put("a.pdf", b"first")
    server.before_delete = lambda: keeping.put("a.pdf", b"second")
    # for a moment it may lie under a marker, and whoever looks then sees the end of everything
    assert keeping.watch_once().ended + keeping.watch_once().ended == {EntryState.DONE: 2}
    assert keeping.watch_once().ended == {}
    assert sorted(keeping.jobs.contents.values()) == [b"first", b"second"]
    assert sorted(keeping.get(f"done/{name}") for name in keeping.lying("done/")) == [b"first", b"second"]


def test_what_was_there_before_versions_were_kept_is_put_away_too(watched: WatchedBucket) -> None:
    watched.put("a.pdf")
    keep_versions(watched)
    assert watched.watch_once().ended == {EntryState.DONE: 1}
    assert watched.watch_once().ended == {}
    assert watched.lying() == ["done/a.pdf"]


def test_what_was_there_before_versions_were_kept_no_longer_does_not_come_back(keeping: WatchedBucket) -> None:
    keeping.put("a.pdf", b"never seen")
    keep_versions(keeping, "Suspended")
    keeping.put("a.pdf", b"seen")
    assert keeping.watch_once().ended == {EntryState.DONE: 1}
    assert keeping.watch_once().ended == {}
    assert list(keeping.jobs.contents.values()) == [b"seen"]


def test_a_version_is_deleted_and_nothing_is_when_a_later_one_is_there(keeping: WatchedBucket) -> None:
    keeping.put("a.pdf", b"first")
    first = keeping.objects.head("a.pdf")
    assert first is not None
    keeping.put("a.pdf", b"second")
    with pytest.raises(BlobMissingError):
        keeping.objects.delete(first)
    assert keeping.get("a.pdf") == b"second"


def test_a_description_that_is_replaced_while_it_is_put_away_keeps_nothing_in_place(
    keeping: WatchedBucket, server: Server
) -> None:
    """It is deleted before its object; the newer one stays for the next object."""
    keeping.put("a.pdf")
    keeping.put("a.pdf.meta.json", b"{}")
    place = keeping.place()
    (sighting,) = place.look()
    (entry,) = keeping.ledger.claim_new([sighting], owner="one", lease_s=5.0)
    server.before_delete = lambda: keeping.put("a.pdf.meta.json", b'{"external_id": "next"}')
    place.put_away(entry, Fate.DONE)
    assert keeping.lying() == ["a.pdf.meta.json", "done/a.pdf", "done/a.pdf.meta.json"]
