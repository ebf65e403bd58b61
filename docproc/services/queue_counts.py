"""What each queue has to do and who does it, for people. Knows neither broker nor database."""

from dataclasses import dataclass

from docproc.services.dispatching import Supply
from docproc.services.upkeep_ports import Census
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import CPU_QUEUE, QUEUES


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """One queue at a moment."""

    queue: str
    #: waiting in the database
    due: int
    #: with the broker
    queued: int
    #: in the hands of workers
    leased: int
    #: how much workers that live can do at a time
    slots: int
    paused: bool

    @property
    def is_stuck(self) -> bool:
        """Something waits, and nobody is there for it."""
        return not self.slots and bool(self.due or self.queued)


def count_queues(work: WorkStores, census: Census) -> list[QueueCounts]:
    """Every queue that has work or a worker or is paused, and those that are always there; by name."""
    due, queued, leased = work.tasks.due(), work.tasks.queued(), census.leased()
    slots = work.tasks.capacity(alive_s=Supply().alive_s)
    paused = work.tenants.pauses().queues
    names = {*QUEUES.values(), CPU_QUEUE, *due, *queued, *leased, *slots, *paused}
    return [
        QueueCounts(
            queue=name,
            due=due.get(name, 0),
            queued=queued.get(name, 0),
            leased=leased.get(name, 0),
            slots=slots.get(name, 0),
            paused=name in paused,
        )
        for name in sorted(names)
    ]
