"""Errands: what workers do beside the way of a document, exports and deliveries. Plain values; knows no database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from docproc.domain.document import JobState
from docproc.domain.errand import ErrandState
from docproc.domain.failure import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandClaim:
    """The right to run an errand, until the lease ends or another attempt begins."""

    id: UUID
    #: whose records or events it is about
    job_id: UUID
    tenant: str
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The records of a job as one file, made by a worker and kept as a blob."""

    id: UUID
    job_id: UUID
    tenant: str
    #: a FileFormat
    format: str
    #: how a CSV is spelt
    dialect: str
    state: ErrandState
    blob_key: str | None
    byte_count: int | None
    records: int | None
    failure: Failure | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a tenant wants to be told events at."""

    id: UUID
    tenant: str
    url: str
    #: newest first; every one of them signs, so that one can replace the other
    secrets: tuple[str, ...]
    #: kinds of events; empty: all
    kinds: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Who is told when a job has ended."""

    url: str
    #: signs the message; whoever asks for it chose it, so that it need not be answered, and is known before the message
    secret: str = field(repr=False)


#: what a callback of a job is told
ENDS_OF_JOBS = tuple(f"job.{state}" for state in JobState if state not in {JobState.QUEUED, JobState.RUNNING})

#: of a message that tries a webhook out, and is about no job
PING = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What its sender calls a job or a document, and says of it."""

    external_id: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook."""

    id: UUID
    webhook: Webhook
    #: None with the next one: a ping
    job_id: UUID | None
    event_number: int | None
    kind: str
    document_id: UUID | None
    happened_at: datetime
    attempt: int
    #: attempts that were made before it was asked for once more
    spent: int
    job: Named | None
    document: Named | None

    @property
    def tries(self) -> int:
        """Attempts since it was asked for."""
        return self.attempt - self.spent

    @property
    def event_id(self) -> str:
        """The same however often it is sent, by which receivers know what they have."""
        return f"{PING}.{self.id}" if self.job_id is None else f"{self.job_id}.{self.event_number}"

    def to_json(self) -> Mapping[str, Any]:
        """What is sent: names and places, never a field value."""
        return {
            "id": self.event_id,
            "number": self.event_number,
            "kind": self.kind,
            "job_id": None if self.job_id is None else str(self.job_id),
            "document_id": None if self.document_id is None else str(self.document_id),
            "happened_at": self.happened_at.isoformat(),
            "job": None if self.job is None else asdict(self.job),
            "document": None if self.document is None else asdict(self.document),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How one try to deliver ended."""

    seconds: float
    status_code: int | None = None
    #: why it was not taken; None: it was
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedTry:
    """A try as the log has it."""

    attempt: int
    happened_at: datetime
    tried: Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where a delivery stands in the log."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A delivery as the log has it."""

    place: LogPlace
    webhook_id: UUID
    job_id: UUID | None
    event_number: int | None
    #: None: its job was deleted, and the event with it
    kind: str | None
    document_id: UUID | None
    state: ErrandState
    attempts: int
    #: when it is tried next, or was
    due_at: datetime
    finished_at: datetime | None
    failure: Failure | None
