"""Which files have stood still for long enough."""

from docproc.services.ledger_records import Sighting, Version
from docproc.watch.settling import Settling


def seen(path: str = "a.pdf", *, byte_count: int = 1, beside: str = "", is_ready: bool = False) -> Sighting:
    version = Version(identity="7", byte_count=byte_count, modified_ns=5)
    return Sighting(path=path, version=version, beside=beside, is_ready=is_ready)


def test_a_file_settles_after_the_time_and_not_before() -> None:
    settling = Settling(5.0, most=9)
    settling.see(seen(), 100.0)
    assert settling.settled(104.9, limit=9) == []
    assert settling.settled(105.0, limit=9) == [seen()]


def test_a_file_that_grows_begins_to_settle_anew() -> None:
    settling = Settling(5.0, most=9)
    settling.see(seen(byte_count=1), 100.0)
    settling.see(seen(byte_count=2), 104.0)
    assert settling.settled(106.0, limit=9) == []
    assert settling.settled(109.0, limit=9) == [seen(byte_count=2)]


def test_seeing_the_same_again_changes_nothing() -> None:
    settling = Settling(5.0, most=9)
    settling.see(seen(), 100.0)
    settling.see(seen(), 104.0)
    assert settling.settled(105.0, limit=9) == [seen()]


def test_what_lies_beside_a_file_is_to_stand_still_too() -> None:
    settling = Settling(5.0, most=9)
    settling.see(seen(), 100.0)
    settling.see(seen(beside="12 9"), 104.0)
    assert settling.settled(106.0, limit=9) == []


def test_a_file_with_its_trigger_needs_no_time() -> None:
    settling = Settling(5.0, most=9)
    settling.see(seen(is_ready=True), 100.0)
    assert settling.settled(100.0, limit=9) == [seen(is_ready=True)]


def test_no_more_are_remembered_than_there_is_room_for_and_that_is_told() -> None:
    settling = Settling(5.0, most=4)
    for number in range(6):
        settling.see(seen(f"{number}.pdf"), 100.0)
    assert len(settling) == 4
    assert settling.overflowed
    assert not settling.has_room
    for number in range(3):
        settling.forget(f"{number}.pdf")
    assert settling.has_room


def test_the_first_to_settle_tells_how_long_to_wait() -> None:
    settling = Settling(5.0, most=9)
    assert settling.next_in_s(100.0) is None
    settling.see(seen("a.pdf"), 100.0)
    settling.see(seen("b.pdf"), 103.0)
    assert settling.next_in_s(104.0) == 1.0
    assert settling.next_in_s(200.0) == 0.0


def test_what_a_look_at_everything_did_not_see_is_forgotten() -> None:
    settling = Settling(5.0, most=9)
    for path in ("a.pdf", "b.pdf"):
        settling.see(seen(path), 100.0)
    settling.keep_only({"b.pdf"})
    assert "a.pdf" not in settling
    assert "b.pdf" in settling
