"""A watcher over a real folder and a real ledger; who reads is a fake that answers at once."""

import json
import logging
import os
import subprocess
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from doubles.watching import PACE, FakeJobs, Watched, renumber, until

from docproc.services.ledger_records import EntryState, Trouble
from docproc.watch.ports import Ticket
from docproc.watch.rules import Duplicates, Rule

pytestmark = pytest.mark.integration


def test_a_dropped_file_is_moved_and_its_record_delivered(watched: Watched) -> None:
    watched.drop("a.pdf")
    watched.drop("scanner 1/b.pdf")

    tally = watched.watch_once()

    assert watched.records == ["a.pdf", "scanner 1/b.pdf"]
    assert watched.lying() == ["done/a.pdf", "done/scanner 1/b.pdf"]
    assert tally.ended == {EntryState.DONE: 2}
    assert watched.watch_once().ended == {}, "what is done is not done again"


def test_native_events_bring_a_file_long_before_the_next_look_at_everything(watched: Watched) -> None:
    watched.pace = replace(PACE, rescan_s=3600.0)
    watched.drop("first.pdf")
    later = count()

    def hears_of_another() -> bool:
        """Nobody says when listening has begun: it hears of what is dropped from then on."""
        watched.drop(f"later-{next(later)}.pdf")
        time.sleep(0.5)
        return len(watched.records) > 1

    with watched.watching():
        until(lambda: watched.records == ["first.pdf"])  # the look at everything is over
        until(hears_of_another)


def test_a_file_that_is_still_written_is_left_alone(watched: Watched) -> None:
    # it rests for far shorter than it takes to settle, and is written for longer
    watched.pace = replace(PACE, settle_s=2.0)
    with watched.watching(), (watched.root / "slow.pdf").open("w") as stream:
        for piece in range(50):
            stream.write(f"{piece} ")
            stream.flush()
            time.sleep(0.05)
            assert not watched.jobs.tickets
    watched.pace = PACE
    with watched.watching():
        until(lambda: watched.records == ["slow.pdf"])
    (content,) = watched.jobs.contents.values()
    assert content.split() == [str(piece).encode() for piece in range(50)]


def test_with_a_trigger_nothing_is_taken_before_it_is_there(watched: Watched) -> None:
    watched.rule = Rule(schema="invoice", trigger=True)
    watched.drop("a.pdf")
    watched.drop("b.pdf")
    watched.drop("b.pdf.ready", "")
    watched.drop("c.pdf")
    watched.drop("c.ready", "")

    watched.watch_once()

    assert watched.records == ["b.pdf", "c.pdf"]
    assert watched.lying() == ["a.pdf", "done/b.pdf", "done/c.pdf"], "a trigger goes with its file"


@pytest.mark.parametrize("at_once", [False, True])
def test_a_trigger_of_several_files_goes_with_the_last_of_them(watched: Watched, at_once: bool) -> None:
    watched.rule = Rule(schema="invoice", trigger=True)
    if not at_once:  # one after the other, by threads of its own
        watched.pace = replace(PACE, in_hand=1, threads=1)
    for name in ("a.pdf", "a.xml", "sub/a.pdf", "sub/a.tiff", "sub/a.b.pdf", "sub/a.pdf.part"):
        watched.drop(name, name)
    for name in ("a.ready", "sub/a.ready"):
        watched.drop(name, "")

    assert watched.watch_once().ended == {EntryState.DONE: 4}
    assert watched.lying() == [
        *(f"done/{name}" for name in ("a.pdf", "a.xml", "sub/a.pdf", "sub/a.tiff")),
        *("sub/a.b.pdf", "sub/a.pdf.part"),
    ], "a trigger that stayed would let the next file of that name be taken before it is whole"


def test_what_lies_beside_a_file_describes_it_and_goes_with_it(watched: Watched) -> None:
    watched.rule = Rule(schema="invoice", metadata={"source": "scanner", "desk": "1"})
    watched.drop("a.pdf")
    watched.drop("a.pdf.meta.json", '{"external_id": "A-1", "metadata": {"desk": "2"}}')

    watched.watch_once()

    (ticket,) = watched.jobs.tickets.values()
    assert (ticket.external_id, ticket.metadata) == ("A-1", {"source": "scanner", "desk": "2"})
    assert watched.lying() == ["done/a.pdf", "done/a.pdf.meta.json"]


def test_a_file_that_comes_to_nothing_lies_in_failed_with_the_reason_beside_it(watched: Watched) -> None:
    watched.drop("sub/a.pdf", "bad")

    tally = watched.watch_once()

    assert watched.lying() == ["failed/sub/a.pdf", "failed/sub/a.pdf.error.json"]
    told = json.loads((watched.root / "failed/sub/a.pdf.error.json").read_text())
    assert (told["file"], told["code"], told["message"]) == ("sub/a.pdf", "corrupt", "bad")
    assert tally.ended == {EntryState.FAILED: 1}
    assert watched.records == []


@pytest.mark.parametrize("in_place", [False, True])
def test_of_a_file_of_which_a_part_has_records_what_failed_is_told(
    watched: Watched, in_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    watched.in_place = in_place
    watched.drop("sub/scans.zip", "mixed")
    watched.drop("whole.zip", "good")
    caplog.set_level(logging.WARNING)

    tally = watched.watch_once()

    told = [*watched.outbox.rglob("*.error.json"), *watched.root.rglob("*.error.json")]
    assert [path.parent for path in told] == [watched.outbox / "sub" if in_place else watched.root / "done/sub"]
    content = json.loads(told[0].read_text())
    assert (content["file"], content["code"]) == ("sub/scans.zip", "corrupt")
    assert [(each["file"], each["code"]) for each in content["failures"]] == [("sub/scans.zip/b.pdf", "corrupt")]
    assert tally.ended == {EntryState.DONE: 2}, "others have their records"
    assert tally.failed_documents == 1
    assert [record.getMessage() for record in caplog.records] == ["documents of a file have no record, others have"]
    assert watched.watch_once().ended == {}


def test_a_description_that_cannot_be_understood_fails_the_file_and_says_so(watched: Watched) -> None:
    watched.drop("a.pdf")
    watched.drop("a.pdf.meta.json", "{")

    watched.watch_once()

    assert watched.lying() == ["failed/a.pdf", "failed/a.pdf.error.json", "failed/a.pdf.meta.json"]
    assert json.loads((watched.root / "failed/a.pdf.error.json").read_text())["code"] == "sidecar_invalid"


@pytest.mark.parametrize("trigger", [False, True])
def test_a_name_that_leaves_no_room_for_a_companion_is_taken_like_any_other(watched: Watched, trigger: bool) -> None:
    watched.rule = Rule(schema="invoice", trigger=trigger)
    for name in ("n" * 246, "m" * 244):  # the second leaves room for a trigger or an error, and none for a mark
        watched.drop(f"{name}.pdf", "bad" if "m" in name else "good")
        watched.drop(f"{name}.ready", "")
    watched.drop("a.pdf")
    watched.drop("a.pdf.ready", "")

    with watched.watching() as (watcher,):
        until(lambda: watcher.tally.ended == {EntryState.DONE: 2, EntryState.FAILED: 1})
        assert watcher.tally.place_is_there
    assert len(watched.records) == 2
    assert sum("error.json" in name for name in watched.lying("failed")) == 1


def test_left_in_place_a_long_name_leaves_room_for_its_error(watched: Watched) -> None:
    watched.in_place = True
    watched.drop("n" * 246 + ".pdf", "bad")

    assert watched.watch_once().ended == {EntryState.FAILED: 1}
    (error,) = watched.outbox.glob("n*")
    assert error.name.endswith(".pdf.error.json")


def test_the_longest_name_that_may_be_described_keeps_its_description_under_its_own_mark(watched: Watched) -> None:
    name = "n" * 241 + ".pdf"
    for content in ("one", "two"):
        watched.drop(name, content)
        watched.drop(f"{name}.meta.json", json.dumps({"external_id": content}))
        watched.watch_once()

    assert [ticket.external_id for ticket in watched.jobs.tickets.values()] == ["one", "two"]
    assert sum(each.endswith(".meta.json") for each in watched.lying("done")) == 2
    assert list((watched.root / "processing").iterdir()) == []


@pytest.mark.parametrize("in_place", [False, True])
def test_a_description_without_its_file_is_put_away_and_told_before_it_describes_another(
    watched: Watched, in_place: bool
) -> None:
    watched.in_place = in_place
    for day in ("monday", "tuesday"):
        file = watched.drop("scan.pdf", day)
        assert watched.watch_once().ended == {EntryState.DONE: 1}
        file.unlink(missing_ok=True)
        watched.drop("scan.pdf.meta.json", json.dumps({"external_id": day}))
        assert watched.watch_once().ended == {}, "its file may be on its way"
        watched.orphaned_s = 0.0
        assert watched.watch_once().ended == {EntryState.FAILED: 1}
        assert watched.watch_once().ended == {}
        watched.orphaned_s = 3600.0
        if in_place:
            (watched.root / "scan.pdf.meta.json").unlink()

    assert [ticket.external_id for ticket in watched.jobs.tickets.values()] == [None, None]
    errors = [path for path in (*watched.outbox.rglob("*"), *watched.root.rglob("*")) if "error.json" in path.name]
    assert {json.loads(path.read_text())["code"] for path in errors} == {"sidecar_orphaned"}
    assert len(errors) == 2


def test_files_of_the_same_name_do_not_replace_each_other(watched: Watched) -> None:
    for content in ("one", "two", "bad"):
        watched.drop("a.pdf", content)
        watched.watch_once()

    done = sorted((watched.root / "done").iterdir())
    assert sorted(path.read_text() for path in done) == ["one", "two"]
    assert (watched.root / "failed" / "a.pdf").read_text() == "bad"
    assert watched.records == ["a.pdf", "a.pdf"]


@pytest.mark.parametrize(
    ("duplicates", "records", "flags"),
    [(Duplicates.FLAG, 2, 1), (Duplicates.SKIP, 1, 0), (Duplicates.PROCESS, 2, 0)],
)
def test_two_files_of_the_same_content(watched: Watched, duplicates: Duplicates, records: int, flags: int) -> None:
    watched.duplicates = duplicates
    watched.drop("a.pdf", "same")
    watched.drop("b.pdf", "same")

    watched.watch_once()

    assert len(watched.records) == records
    tickets = sorted(watched.jobs.tickets.values(), key=lambda ticket: ticket.id)
    flagged = [ticket for ticket in tickets if "duplicate_of" in ticket.metadata]
    assert len(flagged) == flags
    assert all(ticket.metadata["duplicate_of"] in map(str, watched.jobs.tickets) for ticket in flagged)
    assert watched.lying() == ["done/a.pdf", "done/b.pdf"], "both are put away"


def test_the_same_bytes_in_a_folder_with_other_settings_are_read_there_too(watched: Watched) -> None:
    watched.duplicates = Duplicates.SKIP
    watched.rules = {"b": Rule(schema="receipt"), "c": Rule(schema="invoice", metadata={"customer": "c"})}
    for name in ("a.pdf", "b/a.pdf", "c/a.pdf", "c/again.pdf"):
        watched.drop(name, "same")

    assert watched.watch_once().ended == {EntryState.DONE: 3, EntryState.SKIPPED: 1}
    assert {ticket.rule.schema for ticket in watched.jobs.tickets.values()} == {"invoice", "receipt"}


def test_a_file_is_skipped_only_once_its_twin_has_records(watched: Watched) -> None:
    watched.duplicates = Duplicates.SKIP
    watched.jobs.answers.clear()
    watched.drop("a.pdf", "bad, the same")
    with watched.watching() as (watcher,):
        until(lambda: len(watched.jobs.tickets) == 1)
        watched.drop("b.pdf", "bad, the same")
        until(lambda: watcher.tally.put_off[Trouble.TWIN] > 1)
        watched.jobs.answers.set()
        until(lambda: watcher.tally.ended == {EntryState.FAILED: 2})
    assert not watched.lying("done"), "what has no record is not put away as if it had one"


def test_a_file_with_the_bytes_of_one_that_failed_is_read(watched: Watched) -> None:
    watched.duplicates = Duplicates.SKIP
    for _ in range(2):
        watched.drop("a.pdf", "bad")
        watched.watch_once()

    assert len(watched.jobs.tickets) == 2


def test_left_in_place_nothing_is_moved_and_each_version_is_taken_once(watched: Watched) -> None:
    watched.in_place = True
    file = watched.drop("a.pdf", "one")
    watched.drop("b.pdf", "bad")

    watched.watch_once()
    watched.watch_once()
    assert watched.lying() == ["a.pdf", "b.pdf"]
    assert len(watched.jobs.tickets) == 2
    assert len(list(watched.outbox.glob("b-*.pdf.error.json"))) == 1, "why there is none lies with the records"

    file.write_text("two")
    watched.watch_once()
    assert sorted(watched.jobs.contents.values()) == [b"bad", b"one", b"two"]


def test_left_in_place_the_same_bytes_under_another_inode_are_no_other_version(watched: Watched) -> None:
    """What a network drive does that is connected again."""
    watched.in_place = True
    file = watched.drop("a.pdf", "one")
    watched.watch_once()
    renumber(file)

    assert watched.watch_once().ended == {EntryState.KNOWN: 1}
    assert len(watched.jobs.tickets) == 1
    assert watched.watch_once().ended == {}, "and known from then on"


def test_links_are_not_followed(watched: Watched) -> None:
    (watched.base / "secret").write_text("secret")
    (watched.root / "a.pdf").symlink_to(watched.base / "secret")
    (watched.root / "sub").symlink_to(watched.base)

    watched.watch_once()

    assert not watched.jobs.tickets


def test_several_watchers_of_one_folder_take_each_file_once(watched: Watched) -> None:
    with watched.watching("one", "two", "three"):
        for number in range(60):
            watched.drop(f"{number:02}.pdf", str(number))
        until(lambda: len(watched.lying("done")) == 60)
    assert len(watched.jobs.tickets) == 60
    assert len(watched.records) == 60


def test_what_is_put_away_on_another_file_system_is_whole_there(watched: Watched) -> None:
    memory = Path("/dev/shm")  # noqa: S108 a file system of its own on most Linux machines
    if not memory.is_dir() or memory.stat().st_dev == watched.root.stat().st_dev:
        pytest.skip("there is one file system only")
    watched.away = memory / f"docproc-{os.getpid()}-{watched.base.name}"
    try:
        watched.drop("a.pdf", "one")
        watched.drop("b.pdf", "bad")
        watched.watch_once()
        (done,), (failed, error) = watched.lying("done"), watched.lying("failed")
        assert (watched.away / "done" / done).read_text() == "one"
        assert done.startswith("a-"), "its name is its own, so that copying may be done again"
        assert error == f"{failed}.error.json"
        assert watched.lying() == []
    finally:
        subprocess.run(["rm", "-r", str(watched.away)], check=True)


def test_a_burst_is_taken_with_few_files_in_hand(watched: Watched) -> None:
    watched.pace = replace(PACE, in_hand=8)
    most = [0]

    def look(_: Ticket) -> None:
        most[0] = max(most[0], watched.ledger.counts().open)

    watched.jobs = FakeJobs(on_submit=look)
    for number in range(60):
        watched.drop(f"{number:03}.pdf", str(number))

    watched.watch_once()

    assert len(watched.records) == 60
    assert most[0] <= 8
