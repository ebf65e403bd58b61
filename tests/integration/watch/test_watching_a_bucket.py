"""A watcher over a prefix of a bucket: each version of an object once, whatever happens to it meanwhile."""

import errno
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.ports import free_port
from doubles.s3 import blob_url
from doubles.watching import PACE, Meddling, until
from doubles.watching_a_bucket import WatchedBucket

from docproc.domain.errors import BlobMissingError, StorageError
from docproc.services.ledger_records import Entry, EntryState
from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger
from docproc.storage.s3_objects import ObjectVersion, S3Objects, open_objects
from docproc.storage.s3_place import S3Place
from docproc.watch.ports import Fate, PlaceGoneError, Ticket
from docproc.watch.rules import Duplicates, Rule, Rules
from docproc.watch.s3 import BucketPlace

pytestmark = pytest.mark.integration


@pytest.fixture
def watched(migrated_file: Path, tmp_path: Path, s3_url: str) -> Iterator[WatchedBucket]:
    (tmp_path / "docproc.db").write_bytes(migrated_file.read_bytes())
    with closing(Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")) as database:
        yield WatchedBucket(base=tmp_path, ledger=SqlLedger(database, tenant="local", place="bucket"), url=s3_url)


def test_an_object_is_read_once_and_moved_to_done(watched: WatchedBucket) -> None:
    watched.put("a.pdf", b"one")
    watched.put("customer b/ü 1+2.pdf", b"two")
    watched.put("folder/", b"")
    watched.put("half.pdf.part", b"no")

    tally = watched.watch_once()

    assert tally.ended == {EntryState.DONE: 2}
    assert watched.records == ["a.pdf", "customer b/ü 1+2.pdf"]
    assert watched.lying() == ["done/a.pdf", "done/customer b/ü 1+2.pdf", "folder/", "half.pdf.part"]
    assert watched.get("done/a.pdf") == b"one"
    assert watched.watch_once().ended == {}


def test_a_key_with_empty_folders_is_an_object_like_any_other(watched: WatchedBucket) -> None:
    for name in ("/a.pdf", "//b/c.pdf", "d//e.pdf", "../out.pdf", "/../out.pdf"):
        watched.put(name, name.encode())
    assert watched.watch_once().ended == {EntryState.DONE: 3}
    assert watched.watch_once().ended == {}
    assert watched.records == ["a.pdf", "b/c.pdf", "d/e.pdf"]
    assert watched.lying() == ["../out.pdf", "/../out.pdf", "done///b/c.pdf", "done//a.pdf", "done/d//e.pdf"]


@pytest.mark.parametrize("name", ["d//e.pdf", "/e.pdf", "d/e.pdf"])
def test_the_trigger_of_a_key_lies_beside_it(watched: WatchedBucket, name: str) -> None:
    watched.rule = Rule(schema="invoice", trigger=True)
    watched.put(name)
    watched.put(name.replace(".pdf", ".ready"), b"")
    assert watched.watch_once().ended == {EntryState.DONE: 1}
    assert watched.lying() == [f"done/{name}"]


def test_an_object_that_is_to_stay_gets_a_tag_and_is_not_taken_again(watched: WatchedBucket) -> None:
    watched.in_place = True
    watched.put("a.pdf")
    watched.put("b.pdf", b"bad")
    at = {"Bucket": watched.s3_place.bucket, "Key": f"{watched.prefix}/a.pdf"}
    watched.client.put_object_tagging(**at, Tagging={"TagSet": [{"Key": "owner", "Value": "me"}]})

    assert watched.watch_once().ended == {EntryState.DONE: 1, EntryState.FAILED: 1}
    assert watched.watch_once().ended == {}

    assert watched.lying() == ["a.pdf", "b.pdf"]
    assert watched.tags("a.pdf") == {"owner": "me", "docproc": "done"}
    assert watched.tags("b.pdf") == {"docproc": "failed"}


def test_an_object_that_stays_is_another_file_when_it_has_other_bytes(watched: WatchedBucket) -> None:
    watched.in_place = True
    ended = []
    for content in (b"first", b"first", b"second"):
        watched.put("a.pdf", content)
        ended.append(watched.watch_once().ended[EntryState.DONE])
    assert ended == [1, 0, 1]


def test_what_comes_to_no_record_lies_in_failed_with_its_error_beside_it(watched: WatchedBucket) -> None:
    watched.put("a.pdf", b"bad")
    assert watched.watch_once().ended == {EntryState.FAILED: 1}
    assert watched.lying() == ["failed/a.pdf", "failed/a.pdf.error.json"]
    assert b'"code": "corrupt"' in watched.get("failed/a.pdf.error.json")
    assert list(watched.outbox.glob("*")) == [watched.outbox / ".docproc"], "told in one place"


@pytest.mark.parametrize("in_place", [False, True])
def test_an_object_that_is_too_large_is_refused_without_being_fetched(watched: WatchedBucket, in_place: bool) -> None:
    """What reads it would refuse it too: after all of it was fetched."""
    fetched: list[str] = []

    class Noting(S3Objects):
        def fetch(self, version: ObjectVersion, target: Path) -> None:
            fetched.append(version.path)
            super().fetch(version, target)

    watched.in_place, watched.most_bytes, watched.objects = in_place, 9, Noting(watched.s3_place)
    watched.put("a.pdf", b"123456789")
    watched.put("b.pdf", b"1234567890")
    assert watched.watch_once().ended == {EntryState.DONE: 1, EntryState.FAILED: 1}
    assert fetched == ["a.pdf"]
    if in_place:
        (error,) = (path.read_text() for path in watched.outbox.glob("*.error.json"))
    else:
        error = watched.get("failed/b.pdf.error.json").decode()
    assert '"code": "too_large"' in error
    assert "9 bytes" in error


def test_the_row_of_an_object_stands_for_as_long_as_the_object_does(watched: WatchedBucket) -> None:
    for in_place in (True, False):
        watched.in_place = in_place
        for name in ("good", "bad"):
            watched.put(f"{in_place}/{name}.pdf", name.encode())
        seen = [each for each in watched.place().look() if each.path.startswith(str(in_place))]
        assert len(seen) == 2
        watched.watch_once()
        assert len(watched.ledger.unknown(seen)) == (0 if in_place else 2)


def test_an_overwritten_object_is_another_file(watched: WatchedBucket) -> None:
    watched.put("a.pdf", b"first")
    watched.watch_once()
    watched.put("a.pdf", b"second")
    assert watched.watch_once().ended == {EntryState.DONE: 1}
    assert sorted(watched.jobs.contents.values()) == [b"first", b"second"]
    lying = watched.lying("done/")
    assert {watched.get(f"done/{name}") for name in lying} == {b"first", b"second"}


def test_an_object_that_is_overwritten_while_it_is_read_is_read_twice(watched: WatchedBucket) -> None:
    watched.put("a.pdf", b"first")
    watched.jobs.on_submit = lambda ticket: _overwrite_once(watched, ticket)
    tally = watched.watch_once()
    assert sorted(watched.jobs.contents.values()) == [b"first", b"second"]
    assert tally.ended == {EntryState.DONE: 2}
    assert watched.lying() == ["done/a.pdf"]
    assert watched.get("done/a.pdf") == b"second"


def _overwrite_once(watched: WatchedBucket, ticket: Ticket) -> None:
    if not watched.jobs.tickets:
        watched.put(ticket.name, b"second")


@pytest.mark.parametrize("verb", ["bytes_of", "secure"])
def test_an_object_that_is_deleted_before_its_bytes_are_taken_is_gone(watched: WatchedBucket, verb: str) -> None:
    def delete(entry: Entry) -> None:
        watched.client.delete_object(Bucket=watched.s3_place.bucket, Key=f"{watched.prefix}/{entry.path}")

    watched.seen_as = lambda place: Meddling(place, verb, delete)  # type: ignore[assignment,return-value]
    watched.put("a.pdf")
    assert watched.watch_once().ended == {EntryState.GONE: 1}
    assert watched.records == []


def test_of_two_watchers_one_takes_each_object(watched: WatchedBucket) -> None:
    names = [f"{number:03}.pdf" for number in range(10)]
    watched.duplicates = Duplicates.PROCESS
    for name in names:
        watched.put(name, name.encode())
    with watched.watching("one", "two") as watchers:
        until(lambda: watched.lying() == [f"done/{name}" for name in names])
    assert watched.records == names
    assert sum(watcher.tally.ended[EntryState.DONE] for watcher in watchers) == 10


def test_a_trigger_and_what_is_said_of_an_object_lie_beside_it(watched: WatchedBucket) -> None:
    watched.rule = Rule(schema="invoice", trigger=True)
    watched.put("a.pdf")
    watched.put("a.pdf.meta.json", b'{"external_id": "B-17", "metadata": {"batch": 4}}')
    watched.put("a.ready", b"")
    watched.put("b.pdf", b"without a trigger")
    assert watched.watch_once().ended == {EntryState.DONE: 1}
    (ticket,) = watched.jobs.tickets.values()
    assert (ticket.name, ticket.external_id, ticket.metadata) == ("a.pdf", "B-17", {"batch": 4})
    assert watched.lying() == ["b.pdf", "done/a.pdf", "done/a.pdf.meta.json"]


def test_a_trigger_of_several_objects_goes_with_the_last_of_them(watched: WatchedBucket) -> None:
    watched.rule = Rule(schema="invoice", trigger=True)
    watched.pace = replace(PACE, in_hand=1, threads=1)
    for name in ("a.pdf", "a.xml", "a.pdf.part", "ab.pdf", "a.ready"):
        watched.put(name, name.encode())
    assert watched.watch_once().ended == {EntryState.DONE: 2}
    assert watched.lying() == ["a.pdf.part", "ab.pdf", "done/a.pdf", "done/a.xml"]


def test_putting_away_can_be_broken_off_and_done_again(watched: WatchedBucket) -> None:
    watched.put("a.pdf")
    place = watched.place()
    (sighting,) = place.look()
    (entry,) = watched.ledger.claim_new([sighting], owner="one", lease_s=5.0)
    for _ in range(2):
        place.put_away(entry, Fate.DONE)
    assert watched.lying() == ["done/a.pdf"]
    watched.put("a.pdf", b"another version")
    place.put_away(entry, Fate.DONE)
    assert watched.lying() == ["a.pdf", "done/a.pdf"]


def test_a_version_is_deleted_and_no_later_one(watched: WatchedBucket) -> None:
    watched.put("a.pdf", b"first")
    first = watched.objects.head("a.pdf")
    assert first is not None
    watched.put("a.pdf", b"second")
    with pytest.raises(BlobMissingError):
        watched.objects.delete(first)
    assert watched.get("a.pdf") == b"second"


def test_a_bucket_that_does_not_answer_is_a_place_that_is_gone(watched: WatchedBucket) -> None:
    nowhere = S3Place.parse(blob_url(free_port()) + "&connect_s=0.2")
    place = BucketPlace(S3Objects(nowhere), Rules({"": watched.rule}), ends=None)
    for ask in (place.require, lambda: list(place.look())):
        with pytest.raises(PlaceGoneError):
            ask()


def test_a_bucket_that_goes_when_an_object_is_about_to_be_claimed_keeps_no_other_from_its_end(
    watched: WatchedBucket, caplog: pytest.LogCaptureFixture
) -> None:
    away = threading.Event()

    def be_away(_: Entry) -> None:
        if away.is_set():
            raise PlaceGoneError(errno.EIO, "away")

    watched.seen_as = lambda place: Meddling(place, "look_again", be_away)  # type: ignore[assignment,return-value]
    watched.jobs.answers.clear()
    watched.put("a.pdf", b"one")
    with watched.watching() as (watcher,):
        until(lambda: len(watched.jobs.tickets) == 1)
        away.set()
        watched.put("b.pdf", b"two")
        until(lambda: not watcher.tally.place_is_there)
        watched.jobs.answers.set()
        until(lambda: watched.records == ["a.pdf"])
        away.clear()
        until(lambda: watched.records == ["a.pdf", "b.pdf"])
    told = {getattr(record, "action", None) for record in caplog.records}
    assert "watch_place_gone" in told
    assert "watch_failed" not in told


def test_a_bucket_that_is_not_there_is_said_before_anything_is_taken(watched: WatchedBucket) -> None:
    url = watched.url.replace(watched.s3_place.bucket, "no-such-bucket")
    with pytest.raises(StorageError, match="there is no such bucket"):
        open_objects(url).require()


def test_a_pace_is_kept_without_news(watched: WatchedBucket) -> None:
    watched.pace = replace(PACE, rescan_s=0.2)
    with watched.watching():
        watched.put("a.pdf")
        until(lambda: watched.lying() == ["done/a.pdf"])
