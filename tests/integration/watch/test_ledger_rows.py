"""The ledger on both databases: one watcher gets each version, and only who holds an entry may change it."""

import hashlib
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import insert

from docproc.domain.errors import LeaseLostError
from docproc.services.keeping import forget_watched
from docproc.services.ledger_records import Earlier, Entry, EntryState, Sighting, Trouble, Version
from docproc.storage.database import Database
from docproc.storage.keeping import SqlKeepingStore
from docproc.storage.ledger import SqlLedger
from docproc.storage.migrate import alembic_config, without_foreign_keys
from docproc.storage.service_tables import HOLDS

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
pytestmark = pytest.mark.integration


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, tenant="local", place="scans")


def seen(path: str, *, identity: str = "1", byte_count: int = 10, modified_ns: int = 5) -> Sighting:
    return Sighting(path=path, version=Version(identity=identity, byte_count=byte_count, modified_ns=modified_ns))


def claimed(ledger: SqlLedger, *paths: str, owner: str = "one", identity: str = "1") -> Sequence[Entry]:
    return ledger.claim_new([seen(path, identity=identity) for path in paths], owner=owner, lease_s=30)


def test_of_many_watchers_one_gets_each_file(ledger: SqlLedger) -> None:
    files = [seen(f"{number}.pdf") for number in range(60)]
    got: dict[str, list[str]] = {owner: [] for owner in "abcd"}

    def claim(owner: str) -> None:
        for start in range(0, len(files), 10):
            # each in another order, as folders are listed
            batch = files[start : start + 10][:: 1 if owner in "ac" else -1]
            got[owner] += [entry.path for entry in ledger.claim_new(batch, owner=owner, lease_s=30)]

    threads = [threading.Thread(target=claim, args=(owner,)) for owner in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(path for paths in got.values() for path in paths) == sorted(each.path for each in files)


def test_another_version_at_the_same_path_is_another_entry(ledger: SqlLedger) -> None:
    assert len(claimed(ledger, "a.pdf")) == 1
    assert claimed(ledger, "a.pdf", owner="two") == []
    for other in (seen("a.pdf", byte_count=11), seen("a.pdf", modified_ns=6), seen("a.pdf", identity="2")):
        assert len(ledger.claim_new([other], owner="two", lease_s=30)) == 1


def test_only_what_stands_is_known(ledger: SqlLedger) -> None:
    (entry,) = claimed(ledger, "a.pdf")
    assert ledger.unknown([seen("a.pdf"), seen("b.pdf")]) == [seen("b.pdf")]

    entry = ledger.note_moved(entry, entry.version)

    assert not entry.standing
    assert ledger.unknown([seen("a.pdf")]) == [seen("a.pdf")], "the same file may be dropped again"
    assert len(claimed(ledger, "a.pdf", owner="two")) == 1


def test_rows_of_an_older_docproc_are_known_by_their_paths(ledger: SqlLedger, database: Database) -> None:
    name = b"scan-\xff.pdf".decode(errors="surrogateescape")
    (entry, _) = claimed(ledger, "a.pdf", name)
    ledger.identify(entry, "0" * 64, read_as="r")
    for moving, revision in ((command.downgrade, "0008"), (command.upgrade, "head")):
        with without_foreign_keys(database) if database.is_sqlite else database.write() as connection:
            moving(alembic_config(connection), revision)

    assert ledger.unknown([seen("a.pdf"), seen(name), seen("b.pdf")]) == [seen("b.pdf")]
    assert identified(ledger, "b.pdf", read_as="since then")[1] is not None, "how it was read was not noted"


def test_places_and_tenants_know_nothing_of_each_other(ledger: SqlLedger, database: Database) -> None:
    claimed(ledger, "a.pdf")
    for tenant, place in (("local", "other"), ("ada", "scans")):
        other = SqlLedger(database, tenant=tenant, place=place)
        assert len(claimed(other, "a.pdf")) == 1
        assert other.counts().states == {EntryState.CLAIMED: 1}


def test_a_path_that_is_no_text_is_kept_as_it_is(ledger: SqlLedger) -> None:
    name = b"scan-\xff\xfe.pdf".decode(errors="surrogateescape")

    (entry,) = claimed(ledger, name)

    assert ledger.unknown([seen(name)]) == []
    ledger.release("one", [entry.id])
    assert [each.path for each in ledger.claim_due(owner="two", lease_s=30, limit=9)] == [name]


def test_an_entry_whose_watcher_is_dead_goes_to_another_and_the_first_may_write_no_more(ledger: SqlLedger) -> None:
    (entry,) = claimed(ledger, "a.pdf")
    assert ledger.claim_due(owner="two", lease_s=30, limit=9) == []
    assert ledger.owners() == {"one"}

    assert ledger.void(["one"]) == 1
    (taken,) = ledger.claim_due(owner="two", lease_s=30, limit=9)

    assert (taken.id, taken.attempt) == (entry.id, 2)
    for change in (
        lambda: ledger.note_moved(entry, entry.version),
        lambda: ledger.identify(entry, "0" * 64, read_as="r"),
        lambda: ledger.note_submitted(entry, entry.id),
        lambda: ledger.end(entry, EntryState.DONE),
        lambda: ledger.put_off(entry, Trouble.IO_ERROR, after_s=1),
    ):
        with pytest.raises(LeaseLostError):
            change()
    assert ledger.extend("one", [entry.id], lease_s=30) == frozenset()
    assert ledger.extend("two", [entry.id], lease_s=30) == {entry.id}


def test_a_lease_that_ran_out_is_anybodys(ledger: SqlLedger) -> None:
    ledger.claim_new([seen("a.pdf")], owner="one", lease_s=0)

    assert len(ledger.claim_due(owner="two", lease_s=30, limit=9)) == 1


def test_what_is_put_off_is_due_later_and_says_why(ledger: SqlLedger) -> None:
    first, second = claimed(ledger, "a.pdf", "b.pdf")
    ledger.put_off(first, Trouble.DISK_FULL, after_s=60)
    ledger.put_off(second, Trouble.NO_PERMISSION, after_s=0)

    (due,) = ledger.claim_due(owner="two", lease_s=30, limit=9)

    assert (due.path, due.tries) == ("b.pdf", 1)
    assert ledger.counts().troubles == {Trouble.DISK_FULL: 1, Trouble.NO_PERMISSION: 1}
    assert [each.path for each in ledger.waiting(limit=9)] == ["a.pdf", "b.pdf"]


def identified(
    ledger: SqlLedger, path: str, sha256: str = "0" * 64, *, identity: str = "1", read_as: str = "r"
) -> tuple[Entry, Earlier | None]:
    (entry,) = claimed(ledger, path, identity=identity)
    return ledger.identify(entry, sha256, read_as=read_as)


def again(ledger: SqlLedger, entry: Entry, sha256: str = "0" * 64) -> tuple[Entry, Earlier | None]:
    return ledger.identify(entry, sha256, read_as="r")


def test_the_second_with_the_same_bytes_knows_of_the_first_and_never_the_other_way_round(ledger: SqlLedger) -> None:
    one, none = identified(ledger, "a.pdf")
    two, earlier = identified(ledger, "b.pdf")

    assert none is None
    assert two.duplicate_of == one.id
    assert earlier == Earlier(state=EntryState.CLAIMED, job_id=None, in_trouble=False, is_same=False)
    assert again(ledger, one)[1] is None, "asked again it is still the first"
    ledger.note_submitted(one, UUID(int=7))
    assert again(ledger, two)[1] == Earlier(
        state=EntryState.SUBMITTED, job_id=UUID(int=7), in_trouble=False, is_same=False
    )
    assert again(ledger, two, "1" * 64)[0].duplicate_of is None, "other bytes are nobody's"


def test_the_same_bytes_read_otherwise_are_no_duplicate(ledger: SqlLedger) -> None:
    identified(ledger, "a.pdf", read_as="r")

    assert identified(ledger, "b.pdf", read_as="another schema")[1] is None
    assert identified(ledger, "c.pdf", read_as="r")[1] is not None


@pytest.mark.parametrize("state", [EntryState.FAILED, EntryState.GONE, EntryState.SKIPPED])
def test_an_earlier_one_that_came_to_nothing_does_not_count(ledger: SqlLedger, state: EntryState) -> None:
    one, _ = identified(ledger, "a.pdf")
    ledger.end(one, state)

    assert identified(ledger, "b.pdf")[1] is None


@pytest.mark.parametrize("becomes", ["gone", "failed", "another"])
def test_whoever_waited_for_one_that_came_to_nothing_is_told_anew(ledger: SqlLedger, becomes: str) -> None:
    one, _ = identified(ledger, "a.pdf")
    waiting = [identified(ledger, f"{name}.pdf")[0] for name in "bcd"]
    if becomes == "another":
        again(ledger, one, "1" * 64)
    else:
        ledger.end(one, EntryState(becomes))

    found = [again(ledger, each)[0].duplicate_of for each in waiting]

    assert found == [None, waiting[0].id, waiting[0].id], "one of them is the first now, and waits for nobody"


def test_of_many_at_once_with_the_same_bytes_one_is_the_first(ledger: SqlLedger) -> None:
    entries = claimed(ledger, *(f"{number}.pdf" for number in range(12)))
    found: list[UUID | None] = []

    def identify(entry: Entry) -> None:
        found.append(again(ledger, entry)[0].duplicate_of)

    threads = [threading.Thread(target=identify, args=(entry,)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found.count(None) == 1


def test_the_same_version_under_another_inode_is_known(ledger: SqlLedger) -> None:
    one, _ = identified(ledger, "a.pdf")
    ledger.end(one, EntryState.FAILED)

    _, earlier = identified(ledger, "a.pdf", identity="2", read_as="whatever the settings say now")

    assert earlier == Earlier(state=EntryState.FAILED, job_id=None, in_trouble=False, is_same=True)


def test_the_same_version_is_not_known_by_one_that_is_gone(ledger: SqlLedger) -> None:
    """Inodes that change twice while the first entry waits for a store: one of the three is read."""
    one, _ = identified(ledger, "a.pdf")
    two, earlier = identified(ledger, "a.pdf", identity="2")
    three, _ = identified(ledger, "a.pdf", identity="3")
    assert earlier == Earlier(state=EntryState.CLAIMED, job_id=None, in_trouble=False, is_same=True)

    ledger.end(one, EntryState.GONE)

    assert again(ledger, three)[1] is None
    assert again(ledger, two)[0].duplicate_of == three.id


def test_a_path_of_any_length_and_a_file_of_any_time_have_their_row(ledger: SqlLedger) -> None:
    # what a server's index takes is far less, and it would be squeezed if it said the same again and again
    folder = "/".join(hashlib.sha512(str(number).encode()).hexdigest() for number in range(30))
    files = [seen("a.pdf", modified_ns=-(2**63)), seen(f"{folder}/b.pdf", modified_ns=2**63 - 1)]

    entries = ledger.claim_new(files, owner="one", lease_s=30)

    assert sorted(each.path for each in entries) == sorted(each.path for each in files)
    assert ledger.unknown(files) == []


def test_an_entry_goes_all_its_way_and_is_then_at_rest(ledger: SqlLedger) -> None:
    (entry,) = claimed(ledger, "a.pdf")
    entry = ledger.note_submitted(ledger.note_moved(entry, entry.version), entry.id)
    assert (entry.state, entry.job_id) == (EntryState.SUBMITTED, entry.id)
    assert ledger.counts().open == 1

    entry = ledger.note_staged(entry)
    assert ledger.counts().open == 1
    ledger.end(entry, EntryState.DONE)

    assert ledger.counts().states == {EntryState.DONE: 1}
    assert ledger.owners() == frozenset()
    assert ledger.claim_due(owner="two", lease_s=30, limit=9) == []


def test_what_counted_as_gone_can_be_taken_up_again(ledger: SqlLedger) -> None:
    one, two = claimed(ledger, "a.pdf", "b.pdf")
    ledger.end(one, EntryState.GONE)

    assert ledger.reopen([one.id, two.id]) == 1
    assert ledger.states([one.id, two.id, UUID(int=0)]) == {one.id: EntryState.CLAIMED, two.id: EntryState.CLAIMED}
    assert [each.id for each in ledger.claim_due(owner="two", lease_s=30, limit=9)] == [one.id]


def test_a_place_that_was_watched_once_is_known_for_ever(ledger: SqlLedger, database: Database) -> None:
    """As a new one its folders would be made on the mount point of a share that is not connected."""
    quiet = SqlLedger(database, tenant="local", place="quiet")
    for each in (ledger, quiet):
        for entry in claimed(each, "a.pdf", "b.pdf", "c.pdf"):
            each.end(each.note_moved(entry, entry.version), EntryState.DONE)

    forget_watched(SqlKeepingStore(database), tenant="local", days=-1)

    for each in (ledger, quiet):
        assert each.counts().states == {EntryState.DONE: 1}


@pytest.mark.parametrize("is_cleared", [False, True])
def test_what_was_put_away_is_known_for_as_long_as_it_lies_there(
    ledger: SqlLedger, database: Database, is_cleared: bool
) -> None:
    (entry, last) = claimed(ledger, "a.pdf", "b.pdf")
    ledger.end(entry, EntryState.DONE, is_cleared=is_cleared)
    assert ledger.unknown([seen("a.pdf")]) == ([seen("a.pdf")] if is_cleared else [])

    forget_watched(SqlKeepingStore(database), tenant="local", days=-1)

    assert ledger.states([entry.id, last.id]).keys() == ({last.id} if is_cleared else {entry.id, last.id})


def test_the_same_bytes_are_remembered_when_only_their_inode_changed(ledger: SqlLedger, database: Database) -> None:
    one, _ = identified(ledger, "a.pdf")
    ledger.end(ledger.note_submitted(one, one.id), EntryState.DONE)
    known, _ = identified(ledger, "a.pdf", identity="2")
    ledger.end(known, EntryState.KNOWN)

    forget_watched(SqlKeepingStore(database), tenant="local", days=-1)

    earlier = identified(ledger, "b.pdf")[1]
    assert earlier is not None
    assert (earlier.state, earlier.job_id) == (EntryState.DONE, one.id)


def test_what_is_over_and_lies_there_no_more_is_forgotten_in_time(ledger: SqlLedger, database: Database) -> None:
    keeping, ends = SqlKeepingStore(database), {}
    for name in ("moved", "left", "replaced", "held"):
        entry, _ = identified(ledger, f"{name}.pdf", name)
        if name in ("moved", "held"):
            entry = ledger.note_moved(entry, entry.version)
        ends[name] = ledger.note_submitted(entry, entry.id)
        ledger.end(ends[name], EntryState.DONE)
    (new,) = ledger.claim_new([seen("replaced.pdf", modified_ns=6)], owner="one", lease_s=30)
    (gone, waits) = claimed(ledger, "gone.pdf", "open.pdf")
    ledger.end(gone, EntryState.GONE)
    with database.write() as connection:
        connection.execute(
            insert(HOLDS).values(
                id=UUID(int=1), tenant="local", job_id=ends["held"].job_id, reason="r", placed_by="p", placed_at=MOMENT
            )
        )

    def forgotten(days: float | None) -> set[str]:
        before = ledger.states(everything)
        forget_watched(keeping, tenant="local", days=days)
        return {names[each] for each in before.keys() - ledger.states(everything).keys()}

    names = {each.id: each.path for each in (*ends.values(), new, gone, waits)}
    everything = list(names)
    assert forgotten(None) == set(), "it is remembered for a year"
    assert forgotten(-1) == {"moved.pdf", "gone.pdf"}, "what lies there would be taken again"
    ledger.end(new, EntryState.FAILED)
    assert forgotten(-1) == {"replaced.pdf"}
    assert ledger.places() == {"scans"}
