"""How often a watcher looks at everything: what lies in the place in thousands is not to be looked at all the time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from doubles.watching import PACE, Watched, until

from docproc.services.ledger_records import Sighting
from docproc.watch.ports import Place

pytestmark = pytest.mark.integration


@dataclass
class Looks:
    """When the place was looked at, by the clock that only grows; each look takes a moment longer."""

    takes_s: float = 0.0
    began: list[float] = field(default_factory=list)

    def over(self, place: Place) -> Place:
        look: Callable[[], Iterator[Sighting]] = place.look

        def counted() -> Iterator[Sighting]:
            self.began.append(time.monotonic())
            time.sleep(self.takes_s)
            return look()

        place.look = counted  # type: ignore[method-assign]
        return place


def test_a_run_to_the_end_looks_once_more_when_nothing_is_in_hand_any_more(watched: Watched) -> None:
    looks = Looks()
    watched.seen_as = looks.over
    watched.pace = replace(PACE, rescan_s=3600.0)
    watched.jobs.answers.clear()
    for number in range(20):
        watched.drop(f"{number}.pdf", str(number))

    with watched.watching(once=True):
        until(lambda: len(watched.jobs.tickets) == 20)
        time.sleep(5 * PACE.due_every_s)
        assert len(looks.began) == 1
        watched.jobs.answers.set()

    assert len(watched.records) == 20
    assert len(looks.began) == 2


def test_looks_take_a_tenth_of_the_time_while_more_waits_than_can_be_taken(watched: Watched) -> None:
    looks = Looks(takes_s=0.1)
    watched.seen_as = looks.over
    watched.pace = replace(PACE, in_hand=1, rescan_s=0.1)
    watched.jobs.answers.clear()
    for number in range(50):
        watched.drop(f"{number}.pdf", str(number))

    with watched.watching():
        until(lambda: len(looks.began) >= 3)

    first, second, third = looks.began[:3]
    assert second - first >= 1.0
    assert third - second >= 1.0


def test_what_there_was_no_room_to_remember_is_taken_without_waiting_for_the_next_look(watched: Watched) -> None:
    watched.pace = replace(PACE, in_hand=1, rescan_s=3600.0)  # 64 are remembered
    for number in range(90):
        watched.drop(f"{number}.pdf", str(number))

    watched.watch_once()

    assert len(watched.records) == 90
