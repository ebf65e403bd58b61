"""The audit, read: who did what to what, newest first. Knows no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from docproc.services.upkeep_records import Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlace:
    """Where an entry stands in the book."""

    happened_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A deed and when it was done."""

    place: AuditPlace
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are meant; None: any."""

    actor: str | None = None
    #: `record.read`, or all that begin so: `record.`
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class AuditBook(Protocol):
    """Entries are only added, and nobody changes one."""

    def page_through(
        self, tenant: str, *, wanted: AuditFilter, after: AuditPlace | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """Those behind `after`, newest first."""
        ...
