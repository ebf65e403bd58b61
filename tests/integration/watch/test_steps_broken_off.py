"""Steps that break off anywhere, or go on for too long: the next try, or the next watcher, does what is left to do."""

import errno
import json
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from doubles.watching import PACE, Meddling, Watched, at_first, refused, until

from docproc.services.ledger_records import Entry, EntryState, Trouble
from docproc.watch.rules import Rule

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_what_a_watcher_had_in_hand_when_it_was_told_to_end_the_next_one_ends(watched: Watched) -> None:
    watched.jobs.answers.clear()
    for number in range(5):
        watched.drop(f"{number}.pdf", str(number))
    with watched.watching("one"):
        until(lambda: len(watched.jobs.tickets) == 5)
    assert watched.ledger.owners() == frozenset(), "it handed everything back"

    watched.jobs.answers.set()
    watched.watch_once()

    assert len(watched.records) == 5
    assert len(watched.jobs.tickets) == 5


@pytest.mark.parametrize("blocked", ["a.pdf.meta.json", "a.pdf.error.json"])
def test_a_refused_file_whose_putting_away_broke_off_behind_its_move_is_put_away_whole(
    watched: Watched, blocked: str
) -> None:
    """A folder by the name of what goes with it stops it there; meanwhile another file of that name comes."""
    watched.drop("a.pdf.meta.json", "no JSON")
    watched.drop("a.pdf", "one")
    stops = watched.root / "failed" / blocked
    stops.mkdir(parents=True)
    with watched.watching() as (watcher,):
        until(lambda: watcher.tally.put_off[Trouble.IO_ERROR] >= 2)
        watched.drop("a.pdf", "two")
        until(lambda: watched.records == ["a.pdf"])
        stops.rmdir()
        until(lambda: watcher.tally.ended[EntryState.FAILED] == 1)

    assert watched.watch_once().ended == {}, "and is at rest"
    assert watched.lying() == ["done/a.pdf", *(f"failed/a.pdf{end}" for end in ("", ".error.json", ".meta.json"))]
    assert json.loads((watched.root / "failed/a.pdf.error.json").read_text())["code"] == "sidecar_invalid"
    assert list((watched.root / "processing").iterdir()) == []


def test_a_description_alone_whose_putting_away_broke_off_behind_its_move_is_put_away_whole(watched: Watched) -> None:
    stops: list[Path] = []

    def stop(entry: Entry) -> None:
        stops.append(watched.root / f"failed/a.pdf.meta-{entry.id.hex[-8:]}.json.error.json")
        stops[0].mkdir()

    watched.orphaned_s = 0.1
    watched.seen_as = lambda place: Meddling(place, "put_away", at_first(1, stop))  # type: ignore[assignment,return-value]
    watched.drop("a.pdf.meta.json", "{}")
    with watched.watching() as (watcher,):
        until(lambda: watcher.tally.put_off[Trouble.IO_ERROR] >= 2)
        stops[0].rmdir()
        until(lambda: watcher.tally.ended == {EntryState.FAILED: 1})

    assert json.loads(stops[0].read_text())["code"] == "sidecar_orphaned"
    assert list((watched.root / "processing").iterdir()) == []


def test_a_trigger_that_was_left_when_taking_the_last_of_its_files_broke_off_is_taken_then(watched: Watched) -> None:
    """As when two are taken at once, and each saw the other one still lying there."""
    watched.rule = Rule(schema="invoice", trigger=True)
    for name in ("a.pdf", "a.xml", "a.ready"):
        watched.drop(name, name)
    place = watched.place()
    first, last = watched.ledger.claim_new(list(place.look()), owner="one", lease_s=30)
    place.secure(first, lambda: None)
    assert watched.lying() == ["a.ready", "a.xml", f"processing/{first.id.hex}/a.pdf"]
    inside = watched.root / "processing" / last.id.hex
    inside.mkdir()
    (watched.root / "a.xml").rename(inside / "a.xml")

    place.secure(last, lambda: None)

    assert not (watched.root / "a.ready").exists()


def test_what_a_slow_watcher_leaves_between_two_file_systems_after_its_entry_was_given_up_is_read(
    watched: Watched,
) -> None:
    """It took the file out of the place just when the next watcher found it gone, and died before it was moved on."""
    file = watched.drop("sub/a.pdf", "one")
    (entry,) = watched.ledger.claim_new(list(watched.place().look()), owner="one", lease_s=30)
    file.rename(file.with_name(f".docproc-{entry.id.hex}"))
    watched.ledger.end(entry, EntryState.GONE)

    assert watched.watch_once().ended == {EntryState.DONE: 1}
    assert watched.records == ["sub/a.pdf"]
    assert watched.lying() == ["done/sub/a.pdf"]
    assert watched.watch_once().ended == {}


def test_what_was_left_in_processing_is_asked_for_in_parts(watched: Watched) -> None:
    """However much it is: a statement takes only so many parameters."""
    asked: list[int] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(ledger, name)

        def states(self, ids: Collection[UUID]) -> Mapping[UUID, EntryState]:
            asked.append(len(ids))
            return ledger.states(ids)

    ledger = watched.ledger
    watched.ledger = Counting()  # type: ignore[assignment]
    watched.place()
    for _ in range(501):
        (watched.root / "processing" / uuid4().hex).mkdir()

    watched.watch_once()

    assert (sum(asked) % 501, max(asked)) == (0, 200)


@pytest.mark.parametrize("is_late", [False, True])
def test_only_who_still_has_a_file_gives_up_its_job_when_it_is_gone(watched: Watched, is_late: bool) -> None:
    """Too late, it is gone because the next watcher has taken it, and reads it."""
    watched.in_place = True
    if is_late:
        watched.pace = replace(PACE, lease_s=0.8)
    file = watched.drop("a.pdf")
    tried = []

    def vanish(entry: Entry) -> None:
        tried.append(entry.id)
        if len(tried) == 1:
            refused(errno.EIO)(entry)
        if is_late:
            watched.ledger.void(["one"])
            assert len(watched.ledger.claim_due(owner="two", lease_s=30, limit=9)) == 1
            time.sleep(watched.pace.lease_s)
        file.unlink()

    watched.seen_as = lambda place: Meddling(place, "secure", vanish)  # type: ignore[assignment,return-value]
    watched.watch_once()

    assert len(tried) == 2
    assert watched.jobs.forgotten == ([] if is_late else tried[:1])


@pytest.mark.parametrize("verb", ["secure", "bytes_of", "put_away", "version_of"])
def test_a_watcher_that_dies_at_any_step_leaves_what_the_next_one_ends(watched: Watched, verb: str) -> None:
    """As after kill -9: nothing is handed back, and whatever was done is done."""
    dying = threading.Event()

    def die(_: Entry) -> None:
        if not dying.is_set():
            dying.set()
            raise SystemExit  # not caught by anything that tidies up

    watched.seen_as = lambda place: Meddling(place, verb, die)  # type: ignore[assignment,return-value]
    watched.pace = replace(PACE, lease_s=0.8)
    watched.drop("a.pdf")
    watched.drop("b.pdf", "bad")

    with watched.watching("one"):
        until(dying.is_set)
    until(lambda: bool(watched.watch_once()) and watched.ledger.counts().open == 0)

    assert watched.records == ["a.pdf"]
    assert watched.lying() == ["done/a.pdf", "failed/b.pdf", "failed/b.pdf.error.json"]
    assert len(watched.jobs.tickets) == 2
