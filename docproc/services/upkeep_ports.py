"""The seams of keeping house: who did what, what ended dead, which blobs rows name. Adapters: storage."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from docproc.services.blob_keys import BlobKind
from docproc.services.passwords import SealedPasswords
from docproc.services.upkeep_records import DeadEnd, DeadFilter, DeadPlace, Deed


class AuditLog(Protocol):
    """Who did what to what; entries are only added."""

    def note(self, deed: Deed) -> None: ...


class DeadStore(Protocol):
    """Pages and documents that failed for good."""

    def page_through(
        self, tenant: str, *, wanted: DeadFilter, after: DeadPlace | None = None, limit: int = 100
    ) -> Sequence[DeadEnd]:
        """Those behind `after`, by document and page; pages of a document that failed itself are left out."""
        ...

    def get(self, tenant: str, place: DeadPlace) -> DeadEnd:
        """Raises NotFoundError when there is no such failed page or document of the tenant's."""
        ...

    def replay(self, tenant: str, place: DeadPlace, *, by: str) -> int:
        """Let it be worked on again, and note who asked for it; returns how many pages wait now.

        Raises NotFoundError, or ConflictError when its job was canceled or a page cannot be replayed alone.
        """
        ...


class BlobNames(Protocol):
    """Which blobs the rows of a tenant name."""

    def kinds(self) -> tuple[BlobKind, ...]:
        """Those that rows name by their keys."""
        ...

    def named(self, tenant: str, kind: BlobKind) -> Iterator[str]:
        """Every key of a kind that a row names, in no order, some more than once."""
        ...

    def naming(self, kind: BlobKind, keys: Collection[str]) -> Mapping[str, UUID]:
        """Of `keys` those that a row names now, with a document whose row does."""
        ...


class Census(Protocol):
    """What the database can be asked about the service as a whole."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def leased(self) -> Mapping[str, int]:
        """Tasks that workers have in hand, by queue."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepStores:
    """What those who look after a service need beside its other stores, over the same database."""

    audit: AuditLog
    dead: DeadStore
    names: BlobNames
    census: Census
    sealed: SealedPasswords
