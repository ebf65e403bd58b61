"""What one watcher holds: fenced by the time since its leases were renewed, and by the attempt."""

from collections.abc import Collection
from uuid import UUID

import pytest

from docproc.domain.errors import LeaseLostError
from docproc.services.ledger_records import Entry, EntryState, Version
from docproc.watch.in_hand import InHand, now


class Renewing:
    """As much of a ledger as renews leases."""

    def __init__(self) -> None:
        self.released: list[UUID] = []

    def extend(self, owner: str, ids: Collection[UUID], *, lease_s: float) -> frozenset[UUID]:
        assert owner
        assert lease_s > 0
        return frozenset(ids)

    def release(self, owner: str, ids: Collection[UUID]) -> None:
        assert owner
        self.released += ids


def entry(*, attempt: int = 1, job_id: UUID | None = None) -> Entry:
    return Entry(
        id=UUID(int=7),
        path="a.pdf",
        version=Version(identity="1", byte_count=1, modified_ns=1),
        state=EntryState.CLAIMED,
        standing=True,
        sha256=None,
        duplicate_of=None,
        job_id=job_id,
        owner="one",
        attempt=attempt,
        tries=0,
    )


def held(ledger: Renewing, *, lease_s: float = 60.0) -> InHand:
    return InHand(ledger, owner="one", lease_s=lease_s)  # type: ignore[arg-type]


def test_what_is_held_may_be_moved_and_what_is_not_may_not() -> None:
    in_hand = held(Renewing())
    in_hand.add(entry(), claimed_at=now())
    in_hand.require(entry())

    in_hand.drop(entry())
    with pytest.raises(LeaseLostError):
        in_hand.require(entry())
    in_hand.end()


def test_a_lease_that_was_not_renewed_in_time_is_taken_for_lost() -> None:
    """Another watcher may be about to begin: what cannot be taken back is not done any more."""
    in_hand = held(Renewing())
    in_hand.add(entry(), claimed_at=now() - 45)

    with pytest.raises(LeaseLostError):
        in_hand.require(entry())
    in_hand.end()


def test_the_end_of_an_earlier_attempt_does_not_end_a_later_one() -> None:
    in_hand = held(Renewing())
    in_hand.add(entry(attempt=1), claimed_at=now())
    in_hand.add(entry(attempt=2), claimed_at=now())

    in_hand.change(entry(attempt=1, job_id=UUID(int=9)))
    in_hand.drop(entry(attempt=1))

    assert len(in_hand) == 1
    assert in_hand.submitted() == {}
    in_hand.require(entry(attempt=2))
    with pytest.raises(LeaseLostError):
        in_hand.require(entry(attempt=1))
    in_hand.end()


def test_what_is_left_in_hand_at_the_end_is_handed_back() -> None:
    ledger = Renewing()
    in_hand = held(ledger)
    in_hand.add(entry(job_id=UUID(int=9)), claimed_at=now())
    assert list(in_hand.submitted()) == [UUID(int=9)]

    in_hand.end()

    assert ledger.released == [UUID(int=7)]
