"""API keys as plain values: what a key may do, and for whom. Knows no database and no request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What an API key may be for."""

    #: hand over documents, follow, cancel and retry the jobs
    SUBMIT = "submit"
    #: see records, page images and exports
    READ = "read"
    #: correct and confirm records
    REVIEW = "review"
    #: keys, webhooks, holds, deletion, audit and usage of the tenant; includes the others
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as it is kept: of the key itself only a hash."""

    id: UUID
    tenant: str
    #: what its owner calls it
    name: str
    #: its first characters, by which people tell keys apart
    prefix: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    #: within a few minutes; None: never used
    last_used_at: datetime | None

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def actor(self) -> str:
        """Who does what is done with it, for the audit."""
        return f"key:{self.prefix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What somebody asks a key for."""

    name: str
    scopes: frozenset[Scope]
    #: None: until it is revoked
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made: its token is shown once and kept nowhere."""

    id: UUID
    token: str
    prefix: str
