"""What is handed out to workers and what they say of themselves, as plain values. Knows neither broker nor database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from docproc.domain.document import DocumentState


class Step(StrEnum):
    """What a task does."""

    PREPARE = "prepare"
    READ = "read"
    ASSEMBLE = "assemble"
    EXPORT = "export"
    DELIVER = "deliver"
    UPKEEP = "upkeep"


#: queues of the steps that any worker can do; pages are read from the queue of their job
QUEUES: Mapping[Step, str] = {step: step.value for step in Step if step is not Step.READ}
#: what is done beside the way of a document
ERRANDS = frozenset({Step.EXPORT, Step.DELIVER})
#: beginning of the names of queues that pages are read from; what follows is served by their workers
MODEL_QUEUE = "read."
#: where pages are read that need no model
CPU_QUEUE = "read.cpu"

#: the step that is next for a document, by its state
NEXT_STEP: Mapping[DocumentState, Step] = {
    DocumentState.RECEIVED: Step.PREPARE,
    DocumentState.READING: Step.READ,
    DocumentState.ASSEMBLING: Step.ASSEMBLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work, small enough for a message: it says where to look, and nothing of what is there."""

    step: Step
    queue: str
    #: of a document, an export or a delivery
    id: UUID
    #: of the window to read; 0: the document is not read page by page
    first_page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What one tenant has waiting at one priority; lanes of the same priority take turns."""

    priority: int
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Who is given nothing for now."""

    queues: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker process as it announces itself."""

    id: str
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    #: tasks at the same time, over all its queues
    slots: int
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    draining_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lease as its holder names it: of a document, or of the window that begins at `first_page`."""

    id: UUID
    first_page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep over expired leases did."""

    #: handed out again
    freed: int = 0
    #: given up, for their worker died every time
    failed: int = 0
