"""A watched folder when things go wrong: nothing is lost, nothing is done twice, and what is amiss is told."""

import errno
import json
import os
import subprocess
import threading
from collections.abc import Sequence

import pytest
from doubles.watching import FakeJobs, Meddling, Watched, at_first, refused, renumber, until

from docproc.domain.errors import ChangedError, RefusedError, StorageError
from docproc.services.ledger_records import Entry, EntryState, Sighting, Trouble
from docproc.watch.ports import Place, Ticket
from docproc.watch.rules import Duplicates

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("verb", ["secure", "bytes_of", "put_away"])
@pytest.mark.parametrize(
    ("code", "trouble"),
    [(errno.EACCES, Trouble.NO_PERMISSION), (errno.ENOSPC, Trouble.DISK_FULL), (errno.EIO, Trouble.IO_ERROR)],
)
def test_trouble_is_told_and_tried_again_until_it_is_over(
    watched: Watched, verb: str, code: int, trouble: Trouble
) -> None:
    watched.seen_as = lambda place: Meddling(place, verb, at_first(2, refused(code)))  # type: ignore[assignment,return-value]
    watched.drop("a.pdf")

    tally = watched.watch_once()

    assert tally.put_off == {trouble: 2}
    assert watched.records == ["a.pdf"]
    assert watched.lying() == ["done/a.pdf"]


def test_trouble_that_lasts_is_seen_in_the_ledger_and_holds_up_nobody_else(watched: Watched) -> None:
    def refuse_one(entry: Entry) -> None:
        if entry.path == "a.pdf":
            refused(errno.EACCES)(entry)

    watched.seen_as = lambda place: Meddling(place, "secure", refuse_one)  # type: ignore[assignment,return-value]
    watched.drop("a.pdf")
    watched.drop("b.pdf")

    watched.watch_once()

    assert watched.records == ["b.pdf"]
    assert watched.ledger.counts().troubles == {Trouble.NO_PERMISSION: 1}
    assert [each.path for each in watched.ledger.waiting(limit=9)] == ["a.pdf"]


def places_told(caplog: pytest.LogCaptureFixture, action: str = "file_put_off") -> set[object]:
    told = map(vars, caplog.records)
    return {facts["where"] for facts in told if facts.get("action") == action}


@pytest.mark.parametrize(
    ("blocked", "content", "where"),
    [
        ("outbox/.docproc", "good", "outbox"),
        ("outbox/sub", "good", "outbox"),
        ("inbox/done/sub", "good", "done"),
        ("inbox/failed/sub", "bad", "failed"),
    ],
)
def test_the_folder_that_is_in_trouble_is_told(
    watched: Watched, caplog: pytest.LogCaptureFixture, blocked: str, content: str, where: str
) -> None:
    """A file lies where a folder should be: whoever runs this, it cannot be written."""
    stops = watched.base / blocked
    stops.parent.mkdir(parents=True, exist_ok=True)
    stops.write_text("in the way")
    watched.drop("sub/a.pdf", content)

    with watched.watching() as (watcher,):
        until(lambda: watcher.tally.put_off[Trouble.IO_ERROR] >= 1)
        assert [each.where for each in watched.ledger.waiting(limit=9)] == [where]
        stops.unlink()
        until(lambda: watcher.tally.ended.total() == 1)

    assert places_told(caplog) == {where}


def test_the_folder_of_what_is_taken_is_told_from_the_watched_one(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    def block(entry: Entry) -> None:
        (watched.root / "processing" / entry.id.hex).write_text("in the way")

    def unblock(entry: Entry) -> None:
        (watched.root / "processing" / entry.id.hex).unlink()

    def meddled(place: Place) -> Place:
        blocked = Meddling(place, "secure", at_first(1, block))
        return Meddling(blocked, "left_error", unblock)  # type: ignore[arg-type,return-value]

    watched.seen_as = meddled
    watched.drop("a.pdf")
    assert watched.watch_once().put_off == {Trouble.IO_ERROR: 1}
    assert places_told(caplog) == {"processing"}


def test_an_outbox_on_a_full_disk_loses_nothing_and_is_told(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.outbox.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(watched.outbox)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount")
    try:
        filler = watched.outbox / "filler"
        filler.write_bytes(b"x" * 60_000)
        for number in range(6):
            watched.drop(f"{number}.pdf", str(number))
        with watched.watching() as (watcher,):
            until(lambda: watcher.tally.put_off[Trouble.DISK_FULL] > 3)
            assert len(watched.records) < 6
            until(lambda: not list(watched.outbox.rglob("*.arriving")))  # what is half written does not stay
            filler.unlink()
            until(lambda: len(watched.records) == 6)
            until(lambda: len(watched.lying("done")) == 6)
    finally:
        subprocess.run(["umount", "--lazy", str(watched.outbox)], check=True)
    assert places_told(caplog) == {"outbox"}, "also where the error names no file"


@pytest.mark.parametrize("verb", ["secure", "bytes_of"])
def test_a_file_that_vanishes_while_it_is_read_is_gone_and_the_next_one_by_its_name_is_read(
    watched: Watched, verb: str
) -> None:
    watched.in_place = True
    file = watched.drop("a.pdf", "one")
    vanish = at_first(1, lambda _: file.unlink())
    watched.seen_as = lambda place: Meddling(place, verb, vanish)  # type: ignore[assignment,return-value]

    assert watched.watch_once().ended == {EntryState.GONE: 1}
    watched.drop("a.pdf", "two")
    watched.watch_once()

    assert list(watched.jobs.contents.values()) == [b"two"]
    assert watched.records == ["a.pdf"]


def test_a_file_that_is_replaced_just_when_it_is_taken_is_taken_whole_and_once(watched: Watched) -> None:
    file = watched.drop("a.pdf", "one")

    def replace_it(_: Entry) -> None:
        watched.drop("a.pdf", "two, and longer")

    watched.seen_as = lambda place: Meddling(place, "secure", at_first(1, replace_it))  # type: ignore[assignment,return-value]

    watched.watch_once()

    assert list(watched.jobs.contents.values()) == [b"two, and longer"]
    assert not file.exists()


def test_what_was_taken_with_a_file_that_is_gone_goes_to_no_other(watched: Watched) -> None:
    """The sender takes the file back just when its description is taken, and brings another one."""
    file = watched.drop("a.pdf", "one")
    watched.drop("a.pdf.meta.json", '{"external_id": "ONE"}')

    def exchange(entry: Entry) -> None:
        inside = watched.root / "processing" / entry.id.hex
        inside.mkdir()
        (watched.root / "a.pdf.meta.json").rename(inside / "a.pdf.meta.json")
        file.unlink()
        watched.drop("a.pdf.meta.json", '{"external_id": "TWO"}')

    once = at_first(1, exchange)
    watched.seen_as = lambda place: Meddling(place, "secure", once)  # type: ignore[assignment,return-value]
    assert watched.watch_once().ended == {EntryState.GONE: 1}
    assert watched.watch_once().ended == {}, "and is not taken up again and again"
    for content in ("two", "three"):
        watched.drop("a.pdf", content)
        watched.watch_once()

    assert [ticket.external_id for ticket in watched.jobs.tickets.values()] == ["TWO", None]
    assert list((watched.root / "processing").iterdir()) == []


def test_who_writes_on_to_a_file_that_was_taken_gets_a_second_record(watched: Watched) -> None:
    """The writer paused for longer than a file must stand still: what was there is one version, all of it another."""
    with (watched.root / "a.pdf").open("w") as stream:
        stream.write("first half")
        stream.flush()
        watched.jobs.answers.clear()
        with watched.watching():
            until(lambda: len(watched.jobs.tickets) == 1)
            stream.write(", second half")
            stream.close()
            watched.jobs.answers.set()
            until(lambda: len(watched.records) == 2)
    assert sorted(watched.jobs.contents.values()) == [b"first half", b"first half, second half"]


def test_bytes_that_change_under_the_hands_of_who_takes_them_are_taken_once_they_stand(watched: Watched) -> None:
    changes = [ChangedError(), ChangedError()]

    def change(_: Ticket) -> None:
        if changes:
            raise changes.pop()

    watched.jobs = FakeJobs(on_submit=change)
    watched.drop("a.pdf")

    tally = watched.watch_once()

    assert tally.put_off == {Trouble.UNSETTLED: 2}
    assert watched.records == ["a.pdf"]


def test_a_share_that_goes_away_comes_back_with_nothing_lost_or_doubled(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.jobs.answers.clear()
    away = watched.base / "unmounted"
    with watched.watching() as (watcher,):
        for number in range(5):
            watched.drop(f"{number}.pdf", str(number))
        until(lambda: len(watched.jobs.tickets) == 5)
        watched.root.rename(away)
        (watched.root).mkdir()  # what is left of a share that is not connected: an empty folder
        watched.jobs.answers.set()
        until(lambda: not watcher.tally.place_is_there)
        until(lambda: watcher.tally.put_off[Trouble.PLACE_GONE] >= 1)
        (away / "5.pdf").write_text("5")

        watched.root.rmdir()
        away.rename(watched.root)

        until(lambda: len(watched.lying("done")) == 6)
        assert watcher.tally.place_is_there
        watched.drop("6.pdf", "6")
        until(lambda: len(watched.records) == 7)
    assert len(watched.jobs.tickets) == 7
    assert places_told(caplog, "watch_place_gone") <= {"watched", "processing"}
    assert places_told(caplog) <= {"watched", "processing"}


@pytest.mark.parametrize("duplicates", Duplicates)
def test_left_in_place_a_share_that_comes_back_while_the_store_is_away_loses_nothing(
    watched: Watched, duplicates: Duplicates
) -> None:
    watched.in_place, watched.duplicates = True, duplicates
    outage = threading.Event()

    def fail(_: Ticket) -> None:
        if not outage.is_set():
            raise StorageError("away")

    def rest_until_it_is_over(entry: Entry) -> None:
        if entry.tries:  # else it might be found gone before its twin is seen
            assert outage.wait(60)

    watched.seen_as = lambda place: Meddling(place, "secure", rest_until_it_is_over)  # type: ignore[assignment,return-value]
    watched.jobs = FakeJobs(on_submit=fail)
    file = watched.drop("a.pdf")
    with watched.watching() as (watcher,):
        until(lambda: watched.ledger.counts().troubles.get(Trouble.STORE_GONE) == 1)
        renumber(file)
        until(lambda: watcher.tally.put_off[Trouble.TWIN] >= 1)
        outage.set()
        until(lambda: watched.records == ["a.pdf"])
    assert watcher.tally.ended[EntryState.KNOWN] == 0
    assert watched.watch_once().ended == {}


def test_a_share_that_comes_back_with_other_inodes_while_files_are_read_doubles_nothing(watched: Watched) -> None:
    watched.jobs.answers.clear()
    watched.drop("a.pdf")
    with watched.watching() as (watcher,):
        until(lambda: len(watched.jobs.tickets) == 1)
        (inside,) = (watched.root / "processing").rglob("a.pdf")
        renumber(inside)
        watched.jobs.answers.set()
        until(lambda: watcher.tally.ended == {EntryState.DONE: 1})
    assert watched.lying() == ["done/a.pdf"]


def test_a_mount_that_numbers_a_file_anew_whenever_it_is_asked_takes_it_once(watched: Watched) -> None:
    def anew(entry: Entry) -> None:
        for inside in (watched.root / "processing" / entry.id.hex).glob("a.pdf"):
            renumber(inside)

    watched.seen_as = lambda place: Meddling(Meddling(place, "version_of", anew), "put_away", anew)  # type: ignore[assignment,return-value,arg-type]
    watched.drop("a.pdf")

    assert watched.watch_once().ended == {EntryState.DONE: 1}


@pytest.mark.parametrize("moment", [15_000_000_000, -2_000_000_000])
def test_a_file_of_any_time_is_taken_and_keeps_no_other_from_it(watched: Watched, moment: int) -> None:
    file = watched.drop("a.pdf")
    os.utime(file, (moment, moment))  # in the years 2445 and 1906
    if abs(file.stat().st_mtime - moment) > 1:
        pytest.skip("the file system keeps no such time")
    watched.drop("b.pdf")

    watched.watch_once()

    assert watched.records == ["a.pdf", "b.pdf"]


def test_a_known_place_whose_own_folders_are_missing_is_taken_for_a_share_that_is_not_there(watched: Watched) -> None:
    watched.drop("a.pdf")
    watched.watch_once()
    watched.root.rename(watched.base / "unmounted")
    watched.root.mkdir()

    with pytest.raises(OSError, match="is the share connected"):
        watched.watcher()


def test_an_outage_of_the_store_costs_time_only(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    outage = [StorageError("away")] * 3

    def fail(_: Ticket) -> None:
        if outage:
            raise outage.pop()

    watched.jobs = FakeJobs(on_submit=fail)
    watched.drop("a.pdf")

    tally = watched.watch_once()

    assert tally.put_off == {Trouble.STORE_GONE: 3}
    assert places_told(caplog) == {"store"}
    assert watched.records == ["a.pdf"]


def test_a_row_that_the_database_refuses_keeps_no_other_file_from_being_taken(watched: Watched) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> object:
            return getattr(ledger, name)

        def claim_new(self, seen: Sequence[Sighting], *, owner: str, lease_s: float) -> Sequence[Entry]:
            if any(each.path == "a.pdf" for each in seen):
                raise RefusedError("refused")
            return ledger.claim_new(seen, owner=owner, lease_s=lease_s)

    ledger = watched.ledger
    watched.ledger = Refusing()  # type: ignore[assignment]
    for name in "abc":
        watched.drop(f"{name}.pdf", name)

    with watched.watching():
        until(lambda: watched.records == ["b.pdf", "c.pdf"])
    assert "a.pdf" in watched.lying()


def test_a_bug_in_one_file_is_tried_again_and_ends_nothing(watched: Watched) -> None:
    def fail(ticket: Ticket) -> None:
        if ticket.name == "a.pdf":
            raise RuntimeError("a bug")

    watched.jobs = FakeJobs(on_submit=fail)
    watched.drop("a.pdf")
    watched.drop("b.pdf")

    assert watched.watch_once().put_off[Trouble.INTERNAL] >= 1
    assert watched.records == ["b.pdf"]


def test_a_job_that_somebody_deletes_fails_its_file(watched: Watched) -> None:
    watched.jobs.answers.clear()
    watched.drop("a.pdf")
    with watched.watching():
        until(lambda: len(watched.jobs.tickets) == 1)
        watched.jobs.contents.clear()
        watched.jobs.answers.set()
        until(lambda: watched.lying("failed") == ["a.pdf", "a.pdf.error.json"])
    assert json.loads((watched.root / "failed/a.pdf.error.json").read_text())["code"] == "canceled"
