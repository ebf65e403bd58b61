"""The seams of delivery: what hands out work, who holds it, who is there to do it. Adapters: storage and queueing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from docproc.domain.failure import Failure
from docproc.services.keeping import KeepingStore
from docproc.services.records import Claim, Document, WindowClaim
from docproc.services.served_models import ModelStore
from docproc.services.work_records import Held, Lane, Pauses, Swept, Task, Worker


class Broker(Protocol):
    """Carries tasks to workers. It may lose them and may bring them twice: the database is the truth."""

    def send(self, messages: Sequence[Sequence[Task]]) -> None:
        """Each message is of one task, or of windows of one document, which are read one after the other.

        Raises BrokerError when it cannot be reached; some may be sent all the same.
        """
        ...

    def waiting(self, queue: str) -> int:
        """Messages that no worker has taken. Raises BrokerError."""
        ...


class TaskStore(Protocol):
    """The backlog: what is due, what is with the broker, what was lost on the way."""

    def capacity(self, *, alive_s: float) -> Mapping[str, int]:
        """Slots by queue, of workers that gave a sign of life within `alive_s` and do not drain."""
        ...

    def queued(self) -> Mapping[str, int]:
        """Tasks with the broker, by queue."""
        ...

    def overdue(self, *, older_than_s: float) -> Mapping[str, int]:
        """The same of those queues where one task has been with the broker for longer than that."""
        ...

    def lanes(self, queue: str) -> Sequence[Lane]:
        """Who has something due in a queue, highest priority first."""
        ...

    def enqueue(self, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        """Mark the oldest due tasks of a lane as queued, and return them to be sent once that is committed."""
        ...

    def running(self) -> int:
        """Tasks that workers do now."""
        ...

    def requeue(self, queue: str, *, older_than_s: float) -> int:
        """Make due again what was queued longer ago than that: its message is lost. Returns how many."""
        ...

    def withdraw(self, tasks: Collection[Task]) -> None:
        """Make due again what could not be sent."""
        ...

    def sweep(self, *, limit: int = 200) -> Swept:
        """Free what leases hold that have expired; give up what was lost too often."""
        ...

    def due(self) -> Mapping[str, int]:
        """Tasks that wait to be handed out, by queue: for people and metrics, for it counts them all."""
        ...


class LeaseStore(Protocol):
    """Who works on what: each lease counts its attempt before the work."""

    def claim_document(self, document_id: UUID, *, owner: str, lease_s: float) -> Claim | None:
        """The step that the document is in; None when it is not due."""
        ...

    def claim_window(self, document_id: UUID, first_page: int, *, owner: str, lease_s: float) -> WindowClaim | None:
        """The pages of a window that wait; None when none does."""
        ...

    def extend(self, owner: str, in_hand: Collection[Held], *, lease_s: float) -> None:
        """Renew these leases of `owner`; any other one of its own is nobody's work any more, and expires."""
        ...

    def pass_on(self, claim: Claim | WindowClaim, failure: Failure) -> Document:
        """Leave it to another worker, for this one cannot do it; the document fails when none could, time and again.

        Raises LeaseLostError.
        """
        ...

    def put_off(self, claim: Claim, *, for_s: float) -> None:
        """Hand it back, to be taken again only after `for_s`; the attempt was not in vain.

        Raises LeaseLostError.
        """
        ...

    def resting(self, job_id: UUID) -> int:
        """How many documents of the job are put off."""
        ...

    def let_go(self, owner: str) -> int:
        """Hand back everything that `owner` holds, as if it had never been taken; of how many documents and errands."""
        ...

    def standing(self, owner: str) -> frozenset[Held]:
        """Which leases of `owner` stand: what is missing was canceled, deleted, or given to somebody else."""
        ...


class WorkerStore(Protocol):
    """Workers as they announce themselves, and the role of handing out work."""

    def announce(self, worker: Worker) -> None:
        """A sign of life; the first one registers it."""
        ...

    def drain(self, worker_id: str) -> None:
        """It takes nothing more."""
        ...

    def draining(self, worker_id: str) -> bool: ...

    def leave(self, worker_id: str) -> None: ...

    def living(self, *, alive_s: float) -> Sequence[Worker]: ...

    def forget(self, *, silent_s: float) -> int:
        """Delete workers that have been silent for that long."""
        ...

    def hold_role(self, name: str, holder: str, *, for_s: float) -> bool:
        """Take or renew a role; False while somebody else has it."""
        ...

    def drop_role(self, name: str, holder: str) -> None: ...


class TenantStore(Protocol):
    """Tenants, and what is paused."""

    def create(self, name: str) -> None:
        """Raises ConflictError."""
        ...

    def names(self) -> Sequence[str]: ...

    def pause_tenant(self, name: str, *, paused: bool) -> None:
        """Raises NotFoundError."""
        ...

    def pause_queue(self, queue: str, *, paused: bool) -> None: ...

    def pauses(self) -> Pauses: ...

    def forget_old_keys(self) -> int:
        """Delete idempotency keys that no longer count; returns how many."""
        ...


class Alarm(Protocol):
    """Tells when something became due."""

    def wait(self, timeout_s: float) -> bool:
        """Whether somebody called within the time."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStores:
    """What a service has beside the stores of jobs, over the same database."""

    tasks: TaskStore
    leases: LeaseStore
    workers: WorkerStore
    tenants: TenantStore
    keeping: KeepingStore
    models: ModelStore
