"""Hand out what is due: bounded by what workers can take, by priority, tenants in turn. Knows neither SQL nor Celery.

The backlog stays in the database; only about twice what the workers do at a time is with the broker, so a million
waiting pages cost it nothing, and who comes late waits for few.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from docproc.domain.errors import BrokerError
from docproc.services.work_ports import Broker, WorkStores
from docproc.services.work_records import CPU_QUEUE, MODEL_QUEUE, QUEUES, Lane, Pauses, Step, Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How much is handed out, and when a message counts as lost."""

    #: messages with the broker for each slot of the workers, beside the task that runs in it
    per_slot: int = 2
    #: a worker that was silent for this long gets nothing
    alive_s: float = 15.0
    #: a queued task whose message the broker no longer has is sent again after this long
    lost_after_s: float = 10.0


@dataclass(slots=True)
class Turns:
    """Which tenant was served last in each queue: the next one comes first."""

    last: dict[str, str] = field(default_factory=dict)

    def rotated(self, queue: str, lanes: Sequence[Lane]) -> list[Lane]:
        last = self.last.get(queue, "")
        return [*(lane for lane in lanes if lane.tenant > last), *(lane for lane in lanes if lane.tenant <= last)]


def dispatch(stores: WorkStores, broker: Broker, turns: Turns, *, supply: Supply = Supply()) -> int:
    """Send what the workers have room for; how many tasks were sent.

    Raises BrokerError when the broker cannot be reached; what could not be sent is due again.
    """
    tasks, pauses = stores.tasks, stores.tenants.pauses()
    queued = tasks.queued()
    sent = 0
    for queue, slots in tasks.capacity(alive_s=supply.alive_s).items():
        room = slots * supply.per_slot - queued.get(queue, 0)
        if room > 0 and queue not in pauses.queues:
            chosen = list(_chosen(stores, queue, turns, room=room, pauses=pauses))
            _send(stores, broker, chosen)
            sent += len(chosen)
    return sent


def _chosen(stores: WorkStores, queue: str, turns: Turns, *, room: int, pauses: Pauses) -> Iterator[Task]:
    """Highest priority first; within it each tenant gets one share of the room after the other."""
    lanes = [lane for lane in stores.tasks.lanes(queue) if lane.tenant not in pauses.tenants]
    for _, equals in groupby(lanes, key=lambda lane: lane.priority):
        open_ = turns.rotated(queue, list(equals))
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


def _send(stores: WorkStores, broker: Broker, tasks: Sequence[Task]) -> None:
    if not tasks:
        return
    try:
        broker.send(tasks)
    except BrokerError:
        # one that was sent all the same comes twice, and finds nothing to do the second time
        stores.tasks.withdraw(tasks)
        raise


def send_lost_again(stores: WorkStores, broker: Broker, *, supply: Supply = Supply()) -> int:
    """Make due again what is queued, but no longer with the broker; how many tasks.

    Raises BrokerError.
    """
    again = 0
    for queue, count in stores.tasks.queued().items():
        if count > broker.waiting(queue):
            again += stores.tasks.requeue(queue, older_than_s=supply.lost_after_s)
    if again:
        logger.warning("messages were lost", extra={"action": "messages_lost", "tasks": again})
    return again


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
