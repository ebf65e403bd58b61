"""The leases of one process: renewed while in hand and no longer, whatever goes wrong meanwhile."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from doubles.waiting import PATIENCE_S, until

from docproc.domain.errors import LeaseLostError, StorageError
from docproc.domain.ids import new_id
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.work_on import LeaveWork
from docproc.services.work_records import Held

FAST = Beat(lease_s=0.04, look_every_s=0.01)


@dataclass
class Leases:
    """What was renewed; the first questions end with `errors`."""

    errors: list[Exception] = field(default_factory=list)
    renewed: list[frozenset[Held]] = field(default_factory=list)
    there: set[Held] = field(default_factory=set)
    looked: threading.Event = field(default_factory=threading.Event)

    def extend(self, owner: str, held: Collection[Held], *, lease_s: float) -> None:  # noqa: ARG002 the port's
        self.renewed.append(frozenset(held))

    def let_go(self, owner: str) -> int:  # noqa: ARG002
        return 0

    def standing(self, owner: str) -> frozenset[Held]:  # noqa: ARG002
        if self.errors:
            raise self.errors.pop(0)
        self.looked.set()
        return frozenset(self.there)


def test_only_what_is_in_hand_is_renewed() -> None:
    first, second = Held(id=new_id()), Held(id=new_id(), first_page=3)
    leases = Leases(there={first, second})
    in_hand = LeasesInHand(cast("Any", leases), beat=FAST)
    with in_hand.holding(first):
        with in_hand.holding(second):
            until(lambda: frozenset({first, second}) in leases.renewed)
        before = len(leases.renewed)
        until(lambda: len(leases.renewed) > before + 2)
        assert leases.renewed[-1] == {first}  # though the other one's row still names this process
    in_hand.close()


@pytest.mark.parametrize("error", [StorageError("away"), RuntimeError("whatever a driver raises")])
def test_leases_are_looked_after_whatever_went_wrong_before(error: Exception) -> None:
    held = Held(id=new_id())
    leases = Leases(errors=[error, error], there={held})
    in_hand = LeasesInHand(cast("Any", leases), beat=FAST)
    with in_hand.holding(held):
        assert leases.looked.wait(PATIENCE_S)
    in_hand.close()


def test_what_comes_to_no_checkpoint_for_long_is_not_renewed_any_more() -> None:
    hanging, moving = Held(id=new_id()), Held(id=new_id())
    leases, hung = Leases(there={hanging, moving}), []
    beat = Beat(lease_s=0.04, look_every_s=0.01, longest_s=0.5)
    in_hand = LeasesInHand(cast("Any", leases), beat=beat, on_hang=lambda: hung.append(1))
    with in_hand.holding(hanging) as late, in_hand.holding(moving) as checkpoint:

        def goes_on() -> bool:
            checkpoint()
            return bool(hung)

        until(goes_on)
        before = len(leases.renewed)
        until(lambda: goes_on() and len(leases.renewed) > before + 2)
        assert leases.renewed[-1] == {moving}
        with pytest.raises(LeaseLostError):
            late()
    assert hung == [1]
    in_hand.close()


def test_work_without_a_lease_stops_when_its_worker_leaves_and_not_before() -> None:
    leases, leaving = Leases(), threading.Event()
    in_hand = LeasesInHand(cast("Any", leases), beat=FAST, is_leaving=leaving.is_set)
    with in_hand.holding(None) as checkpoint:
        assert leases.looked.wait(PATIENCE_S)
        until(lambda: leases.renewed)
        checkpoint()

        def stops() -> bool:
            try:
                checkpoint()
            except LeaveWork:
                return True
            return False

        leaving.set()
        until(stops)
    assert set(leases.renewed) == {frozenset()}
    in_hand.close()
