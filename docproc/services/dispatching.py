"""Hand out what is due: bounded by what workers can take, by priority, tenants in turn. Knows neither SQL nor Celery.

The backlog stays in the database; only about twice what the workers do at a time is with the broker, so a million
waiting pages cost it nothing, and who comes late waits for few.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil
from uuid import UUID

from docproc.domain.errors import BrokerError
from docproc.observability import event
from docproc.services.work_ports import Broker, WorkStores
from docproc.services.work_records import CPU_QUEUE, MODEL_QUEUE, QUEUES, Lane, Pauses, Step, Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How much is handed out, and when a message counts as lost."""

    #: messages with the broker for each slot of the workers, beside the task that runs in it
    per_slot: int = 2
    #: and, where tasks are short, as many as workers took within this time: it passes before anybody looks again
    ahead_s: float = 0.1
    #: a worker that was silent for this long gets nothing
    alive_s: float = 15.0
    #: a queued task whose message the broker no longer has is sent again after this long
    lost_after_s: float = 10.0
    #: and after this long also one that a worker may have taken, whose slots are all busy; twice does no harm
    lost_at_most_s: float = 30.0


#: what upkeep is of
_WHOLE_SERVICE = UUID(int=0)
#: a shorter time says nothing of a pace
_LOOK_EVERY_S = 0.02


@dataclass(slots=True)
class Pace:
    """How fast workers take the messages of one queue."""

    seen_at: float
    left: int
    per_s: float = 0.0

    def look(self, now: float, queued: int) -> None:
        """Take note of how many messages are left; a lull halves the pace, for it may be over at once."""
        if now - self.seen_at >= _LOOK_EVERY_S:
            self.per_s = max((self.left - queued) / (now - self.seen_at), self.per_s / 2)
            self.seen_at, self.left = now, queued


@dataclass(slots=True)
class Turns:
    """What is remembered from one round to the next: whose turn it is in each queue, and how fast it moves."""

    last: dict[str, str] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    #: who had something due in each queue when it was last looked at
    regulars: dict[str, frozenset[Lane]] = field(default_factory=dict)
    #: seconds, of any beginning
    now: Callable[[], float] = time.monotonic

    def pace(self, queue: str, queued: int) -> Pace:
        now = self.now()
        pace = self.paces.setdefault(queue, Pace(seen_at=now, left=queued))
        pace.look(now, queued)
        return pace

    def newcomers(self, queue: str, lanes: Sequence[Lane]) -> frozenset[Lane]:
        """Those of `lanes` that had nothing due when the queue was last looked at, and so have waited for nobody."""
        before = self.regulars.get(queue, frozenset())
        self.regulars[queue] = frozenset(lanes)
        return frozenset(lanes) - before

    def rotated(self, queue: str, lanes: Sequence[Lane]) -> list[Lane]:
        last = self.last.get(queue, "")
        return [*(lane for lane in lanes if lane.tenant > last), *(lane for lane in lanes if lane.tenant <= last)]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of handing out did."""

    sent: int
    #: workers take messages now, and soon there will be room for more
    busy: bool


def dispatch(stores: WorkStores, broker: Broker, turns: Turns, *, supply: Supply = Supply()) -> Round:
    """Send what the workers have room for.

    Raises BrokerError when the broker cannot be reached; what could not be sent is due again.
    """
    tasks, pauses = stores.tasks, stores.tenants.pauses()
    queued = tasks.queued()
    sent = 0
    for queue, slots in tasks.capacity(alive_s=supply.alive_s).items():
        there = queued.get(queue, 0)
        pace = turns.pace(queue, there)
        ahead = ceil(pace.per_s * supply.ahead_s)
        room = slots * supply.per_slot + ahead - there
        if room > 0 and queue not in pauses.queues:
            chosen = list(_chosen(stores, queue, turns, room=room, pauses=pauses))
            # what a slot does within that time anyway; a task that takes longer travels alone
            _send(stores, broker, _messages(chosen, together=ahead // slots))
            pace.left = there + len(chosen)
            sent += len(chosen)
    return Round(sent=sent, busy=bool(sent or any(queued.values())))


def _chosen(stores: WorkStores, queue: str, turns: Turns, *, room: int, pauses: Pauses) -> Iterator[Task]:
    """Highest priority first; within it newcomers share the room first, then all who have more, in turn.

    Newcomers first is what FQ-CoDel does with new flows (RFC 8290, section 4.2): who brings little is done soon, and
    who brings much is a newcomer only once.
    """
    lanes = [lane for lane in stores.tasks.lanes(queue) if lane.tenant not in pauses.tenants]
    newcomers = turns.newcomers(queue, lanes)
    for _, equals in groupby(lanes, key=lambda lane: lane.priority):
        ordered = turns.rotated(queue, list(equals))
        for group in ([lane for lane in ordered if lane in newcomers], ordered):
            for task in _shared(stores, queue, turns, group, room=room):
                room -= 1
                yield task
            if room <= 0:
                return


def _shared(stores: WorkStores, queue: str, turns: Turns, lanes: Sequence[Lane], *, room: int) -> Iterator[Task]:
    """Each lane gets one share of the room after the other, until there is no room or nothing is due."""
    open_ = list(lanes)
    while open_ and room > 0:
        share = max(1, room // len(open_))
        for lane in open_[:room]:
            taken = stores.tasks.enqueue(queue, lane, limit=min(share, room))
            turns.last[queue] = lane.tenant
            room -= len(taken)
            yield from taken
            if len(taken) < share:
                open_ = [other for other in open_ if other is not lane]
            if room <= 0:
                return


def _messages(tasks: Sequence[Task], *, together: int) -> list[list[Task]]:
    """Windows of one document that follow one another share a message: carrying one costs more than claiming it."""
    messages: list[list[Task]] = []
    for task in tasks:
        last = messages[-1] if messages else []
        if task.first_page and len(last) < together and last and last[0].id == task.id:
            last.append(task)
        else:
            messages.append([task])
    return messages


def _send(stores: WorkStores, broker: Broker, messages: Sequence[Sequence[Task]]) -> None:
    if not messages:
        return
    try:
        broker.send(messages)
    except BrokerError:
        # one that was sent all the same comes twice, and finds nothing to do the second time
        stores.tasks.withdraw([task for message in messages for task in message])
        raise


def send_lost_again(stores: WorkStores, broker: Broker, *, supply: Supply = Supply()) -> int:
    """Make due again what is queued, but no longer with the broker; how many tasks.

    Raises BrokerError.
    """
    again = 0
    # nothing is lost that was just sent: most times nobody has to be asked
    for queue, count in stores.tasks.overdue(older_than_s=supply.lost_after_s).items():
        missing = count - broker.waiting(queue)
        if missing > 0:
            is_lost = missing > _taken_ahead(stores, queue, supply)
            again += stores.tasks.requeue(queue, older_than_s=supply.lost_after_s if is_lost else supply.lost_at_most_s)
    if again:
        event(logger, "messages_lost", tasks=again)
    return again


def ask_for_upkeep(stores: WorkStores, broker: Broker, *, supply: Supply = Supply()) -> bool:
    """Send a worker to keep house, if one is there for it: else a message more would lie with the broker every time.

    Raises BrokerError.
    """
    queue = QUEUES[Step.UPKEEP]
    if not stores.tasks.capacity(alive_s=supply.alive_s).get(queue) or queue in stores.tenants.pauses().queues:
        return False
    broker.send([[Task(step=Step.UPKEEP, queue=queue, id=_WHOLE_SERVICE)]])
    return True


def _taken_ahead(stores: WorkStores, queue: str, supply: Supply) -> int:
    """How many messages workers may have taken that no slot is free for: one a slot, while something runs in it."""
    return min(stores.tasks.running(), stores.tasks.capacity(alive_s=supply.alive_s).get(queue, 0))


def waiting_for(queue: str | None, capacity: Mapping[str, int], pauses: Pauses, *, tenant: str) -> str | None:
    """Why a job's pages do not move: what has to be there first. None when nothing is missing."""
    if queue is None:
        return None
    if tenant in pauses.tenants:
        return f"the tenant {tenant} is paused"
    for needed in (QUEUES[Step.PREPARE], queue, QUEUES[Step.ASSEMBLE]):
        if needed in pauses.queues:
            return f"the queue {needed} is paused"
        if not capacity.get(needed):
            is_model = needed.startswith(MODEL_QUEUE) and needed != CPU_QUEUE
            return f"a worker serving {needed.removeprefix(MODEL_QUEUE) if is_model else f'the queue {needed}'}"
    return None
