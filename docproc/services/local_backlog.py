"""What waits to be worked on where a service is one process on one machine. Adapter: storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from docproc.services.work_records import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A job that was handed over to be worked on here, and has a document that nobody works on."""

    id: UUID
    tenant: str
    priority: int


class LocalBacklog(Protocol):
    """Jobs and errands that this machine's own service is to do: not those that somebody runs at the command line."""

    def open_jobs(self, *, each: int) -> Sequence[OpenJob]:
        """The oldest jobs of every tenant and priority, at most so many of each; none of a paused tenant."""
        ...

    def unfinished(self) -> Sequence[UUID]:
        """All jobs that are to be worked on here, also those that somebody works on."""
        ...

    def due_errands(self, *, limit: int) -> Sequence[Task]:
        """Exports and deliveries that are due."""
        ...

    def abandoned(self, *, older_than_s: float) -> Sequence[UUID]:
        """Jobs whose submission broke off so long ago: nobody has what is missing any more."""
        ...


def in_turn(jobs: Sequence[OpenJob], *, last: str) -> list[OpenJob]:
    """Highest priority first; within it the tenant behind the one that had the last turn."""
    return sorted(jobs, key=lambda job: (-job.priority, job.tenant <= last, job.tenant))
