"""Handing out work: bounded by room, highest priority first, tenants in turn, whole when the broker is not."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import pytest

from docproc.domain.errors import BrokerError
from docproc.domain.ids import new_id
from docproc.services.dispatching import (
    Pace,
    Supply,
    Turns,
    ask_for_upkeep,
    dispatch,
    send_lost_again,
    waiting_for,
)
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import Lane, Pauses, Step, Task

QUEUE = "read.cpu"


@dataclass
class Backlog:
    """Tasks that wait in lanes, and what is with the broker."""

    slots: Mapping[str, int]
    waiting: dict[tuple[str, Lane], list[Task]] = field(default_factory=dict)
    sent: list[tuple[Lane, Task]] = field(default_factory=list)
    paused: Pauses = field(default_factory=Pauses)
    running_now: int = 0
    #: since when everything is queued that is
    age_s: float = 60.0
    #: how old what is made due again had to be
    ages: list[float] = field(default_factory=list)

    def add_document(self, *, pages: int) -> None:
        of = new_id()
        tasks = [Task(step=Step.READ, queue=QUEUE, id=of, first_page=page + 1) for page in range(pages)]
        self.waiting.setdefault((QUEUE, Lane(priority=0, tenant="a")), []).extend(tasks)

    def add(self, count: int, *, tenant: str = "a", priority: int = 0, queue: str = QUEUE) -> None:
        lane = Lane(priority=priority, tenant=tenant)
        tasks = [Task(step=Step.READ, queue=queue, id=new_id(), first_page=1) for _ in range(count)]
        self.waiting.setdefault((queue, lane), []).extend(tasks)

    def done(self, count: int) -> None:
        """The workers finish the oldest of what they were sent."""
        del self.sent[:count]

    def capacity(self, *, alive_s: float) -> Mapping[str, int]:  # noqa: ARG002 the port's signature
        return self.slots

    def queued(self) -> Mapping[str, int]:
        return Counter(task.queue for _, task in self.sent)

    def overdue(self, *, older_than_s: float) -> Mapping[str, int]:
        return self.queued() if self.age_s > older_than_s else {}

    def lanes(self, queue: str) -> Sequence[Lane]:
        found = {lane for (of, lane), tasks in self.waiting.items() if of == queue and tasks}
        return sorted(found, key=lambda lane: (-lane.priority, lane.tenant))

    def enqueue(self, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        tasks = self.waiting.get((queue, lane), [])
        taken, self.waiting[queue, lane] = tasks[:limit], tasks[limit:]
        self.sent += [(lane, task) for task in taken]
        return taken

    def running(self) -> int:
        return self.running_now

    def requeue(self, queue: str, *, older_than_s: float) -> int:
        self.ages.append(older_than_s)
        return self._back(lambda task: task.queue == queue)

    def withdraw(self, tasks: Collection[Task]) -> None:
        self._back(lambda task: task in tasks)

    def _back(self, chosen: Callable[[Task], bool]) -> int:
        back = [(lane, task) for lane, task in self.sent if chosen(task)]
        self.sent = [each for each in self.sent if each not in back]
        for lane, task in back:
            self.waiting[task.queue, lane].insert(0, task)
        return len(back)

    def pauses(self) -> Pauses:
        return self.paused

    @property
    def stores(self) -> WorkStores:
        unused = cast("Any", None)
        return WorkStores(
            tasks=cast("Any", self),
            leases=unused,
            workers=unused,
            tenants=cast("Any", self),
            keeping=unused,
            models=unused,
        )

    def tenants_sent(self) -> list[str]:
        return [lane.tenant for lane, _ in self.sent]


@dataclass
class Messages:
    """A broker that remembers, or cannot be reached."""

    reachable: bool = True
    carried: list[Task] = field(default_factory=list)
    #: how many tasks travelled in each message
    lengths: list[int] = field(default_factory=list)

    def send(self, messages: Sequence[Sequence[Task]]) -> None:
        if not self.reachable:
            raise BrokerError
        self.carried += [task for message in messages for task in message]
        self.lengths += map(len, messages)

    def waiting(self, queue: str) -> int:
        if not self.reachable:
            raise BrokerError
        return sum(task.queue == queue for task in self.carried)


@pytest.fixture
def broker() -> Messages:
    return Messages()


def test_twice_what_the_workers_do_at_a_time_is_sent_and_no_more(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 4})
    backlog.add(1_000)
    assert dispatch(backlog.stores, broker, Turns()).sent == 8
    assert dispatch(backlog.stores, broker, Turns()).sent == 0
    backlog.done(3)
    assert dispatch(backlog.stores, broker, Turns()).sent == 3
    assert len(broker.carried) == 11


def test_nothing_is_sent_where_nobody_works(broker: Messages) -> None:
    backlog = Backlog({"prepare": 4})
    backlog.add(5)
    assert dispatch(backlog.stores, broker, Turns()).sent == 0
    backlog.slots = {QUEUE: 0}
    assert dispatch(backlog.stores, broker, Turns()).sent == 0


def test_nobody_is_asked_to_keep_house_who_is_not_there_for_it(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 4})
    assert not ask_for_upkeep(backlog.stores, broker)
    assert broker.carried == []
    backlog.slots = {QUEUE: 4, "upkeep": 1}
    assert ask_for_upkeep(backlog.stores, broker)
    assert [(task.step, task.queue) for task in broker.carried] == [(Step.UPKEEP, "upkeep")]
    backlog.paused = Pauses(queues=frozenset({"upkeep"}))
    assert not ask_for_upkeep(backlog.stores, broker)
    assert len(broker.carried) == 1


def test_the_highest_priority_goes_first_whosever_it_is(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 2})
    backlog.add(10, tenant="a")
    backlog.add(3, tenant="b", priority=9)
    dispatch(backlog.stores, broker, Turns())
    assert backlog.tenants_sent() == ["b", "b", "b", "a"]


def test_tenants_of_one_priority_share_the_room(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 6})
    for tenant, count in (("a", 1_000), ("b", 2), ("c", 1_000)):
        backlog.add(count, tenant=tenant)
    assert dispatch(backlog.stores, broker, Turns()).sent == 12
    assert Counter(backlog.tenants_sent()) == {"a": 5, "b": 2, "c": 5}


def test_tenants_take_turns_when_there_is_room_for_one_at_a_time(broker: Messages) -> None:
    backlog, turns = Backlog({QUEUE: 1}), Turns()
    for tenant in "abc":
        backlog.add(100, tenant=tenant)
    dispatch(backlog.stores, broker, turns)
    order = backlog.tenants_sent()
    for _ in range(7):
        backlog.done(1)
        dispatch(backlog.stores, broker, turns)
        order += backlog.tenants_sent()[-1:]
    assert order == ["a", "b", "c"] * 3


@pytest.mark.parametrize("slots", [1, 4, 16])
def test_ten_pages_behind_a_hundred_thousand_end_within_twice_their_solo_time(broker: Messages, slots: int) -> None:
    assert _rounds(broker, slots, crowd=100_000) <= 2 * _rounds(broker, slots, crowd=0) + 2  # those already sent


def _rounds(broker: Messages, slots: int, *, crowd: int) -> int:
    """How many times all slots have to finish a task until the ten are done."""
    backlog, turns = Backlog({QUEUE: slots}), Turns(now=lambda: 0.0)  # how long a round takes here says nothing
    backlog.add(crowd, tenant="big")
    dispatch(backlog.stores, broker, turns)
    backlog.add(10, tenant="small")
    for count in range(1, 1_000):
        dispatch(backlog.stores, broker, turns)
        backlog.done(slots)
        lane = Lane(priority=0, tenant="small")
        if not backlog.waiting[QUEUE, lane] and "small" not in backlog.tenants_sent():
            return count
    raise AssertionError("they never end")


def _at(per_s: float) -> Turns:
    """Workers have just been seen to take so many messages a second."""
    return Turns(paces={QUEUE: Pace(seen_at=0.0, left=0, per_s=per_s)}, now=lambda: 0.0)


def test_quick_windows_of_one_document_share_messages(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 2})
    for pages in (4, 1, 100):
        backlog.add_document(pages=pages)
    assert dispatch(backlog.stores, broker, _at(60)).sent == 2 * 2 + 6
    assert broker.lengths == [3, 1, 1, 3, 2]  # what a slot does within a tenth of a second
    assert [task.first_page for task in broker.carried] == [1, 2, 3, 4, 1, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("per_s", [0.0, 1.0, 15.0])
def test_windows_that_take_longer_travel_alone(broker: Messages, per_s: float) -> None:
    backlog = Backlog({QUEUE: 2})
    backlog.add_document(pages=100)
    dispatch(backlog.stores, broker, _at(per_s))
    assert set(broker.lengths) == {1}


def test_paused_queues_and_tenants_are_given_nothing(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 2, "prepare": 2})
    backlog.add(3, tenant="a")
    backlog.add(3, tenant="b")
    backlog.add(3, tenant="b", queue="prepare")
    backlog.paused = Pauses(queues=frozenset({"prepare"}), tenants=frozenset({"a"}))
    assert dispatch(backlog.stores, broker, Turns()).sent == 3
    assert {task.queue for task in broker.carried} == {QUEUE}
    assert set(backlog.tenants_sent()) == {"b"}


def test_what_could_not_be_sent_waits_again(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 2})
    backlog.add(10)
    broker.reachable = False
    with pytest.raises(BrokerError):
        dispatch(backlog.stores, broker, Turns())
    assert backlog.sent == []
    broker.reachable = True
    assert dispatch(backlog.stores, broker, Turns()).sent == 4


def test_messages_that_the_broker_lost_are_sent_again(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 2})
    backlog.add(10)
    dispatch(backlog.stores, broker, Turns())
    assert send_lost_again(backlog.stores, broker) == 0
    broker.carried.clear()
    assert send_lost_again(backlog.stores, broker) == 4
    assert dispatch(backlog.stores, broker, Turns()).sent == 4
    broker.reachable = False
    with pytest.raises(BrokerError):
        send_lost_again(backlog.stores, broker)


@pytest.mark.parametrize(
    ("taken", "running", "is_lost"),
    [(2, 2, False), (2, 5, False), (3, 5, True), (2, 1, True), (1, 0, True)],
    ids=["taken ahead", "other queues run too", "more than slots", "a slot is free", "nothing runs"],
)
def test_messages_that_busy_workers_may_have_taken_ahead_count_as_lost_much_later(
    broker: Messages, taken: int, running: int, is_lost: bool
) -> None:
    backlog, supply = Backlog({QUEUE: 2}, running_now=running), Supply()
    backlog.add(10)
    dispatch(backlog.stores, broker, Turns())
    del broker.carried[:taken]
    send_lost_again(backlog.stores, broker)
    assert backlog.ages == [supply.lost_after_s if is_lost else supply.lost_at_most_s]


def test_the_supply_is_as_large_as_it_is_set(broker: Messages) -> None:
    backlog = Backlog({QUEUE: 2})
    backlog.add(100)
    assert dispatch(backlog.stores, broker, Turns(), supply=Supply(per_slot=5)).sent == 10


@pytest.mark.parametrize(
    ("queue", "capacity", "pauses", "missing"),
    [
        (None, {}, Pauses(), None),
        (QUEUE, {"prepare": 1, QUEUE: 1, "assemble": 1}, Pauses(), None),
        (QUEUE, {QUEUE: 1, "assemble": 1}, Pauses(), "a worker serving the queue prepare"),
        (QUEUE, {"prepare": 1, "assemble": 1}, Pauses(), "a worker serving the queue read.cpu"),
        ("read.nvlm-d-72b", {"prepare": 1, "assemble": 1}, Pauses(), "a worker serving nvlm-d-72b"),
        (QUEUE, {"prepare": 1, QUEUE: 1}, Pauses(), "a worker serving the queue assemble"),
        (QUEUE, {}, Pauses(tenants=frozenset({"a"})), "the tenant a is paused"),
        (QUEUE, {}, Pauses(tenants=frozenset({"b"})), "a worker serving the queue prepare"),
        (QUEUE, {"prepare": 1}, Pauses(queues=frozenset({QUEUE})), "the queue read.cpu is paused"),
    ],
)
def test_a_job_says_what_it_waits_for(
    queue: str | None, capacity: Mapping[str, int], pauses: Pauses, missing: str | None
) -> None:
    assert waiting_for(queue, capacity, pauses, tenant="a") == missing


def test_a_task_names_what_to_do_and_nothing_of_what_is_there() -> None:
    task = Task(step=Step.ASSEMBLE, queue="assemble", id=UUID(int=7))
    assert (task.first_page, task.id.int) == (0, 7)
