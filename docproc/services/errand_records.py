"""Errands: what workers do beside the way of a document, exports and deliveries. Plain values; knows no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from docproc.domain.failure import Failure


class ErrandState(StrEnum):
    """Where an errand stands; the last two are final."""

    WAITING = "waiting"
    QUEUED = "queued"
    LEASED = "leased"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


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
    #: jsonl, csv or xlsx
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
class Delivery:
    """One event on its way to one webhook."""

    id: UUID
    webhook: Webhook
    job_id: UUID
    event_number: int
    kind: str
    document_id: UUID | None
    happened_at: datetime
    attempt: int

    def to_json(self) -> Mapping[str, Any]:
        """What is sent: names and places, never a field value."""
        return {
            "id": f"{self.job_id}.{self.event_number}",
            "number": self.event_number,
            "kind": self.kind,
            "job_id": str(self.job_id),
            "document_id": None if self.document_id is None else str(self.document_id),
            "happened_at": self.happened_at.isoformat(),
        }
