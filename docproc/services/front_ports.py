"""The seams of a service's face: who may ask, for how much, and what people look up and correct. Adapters: storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from docproc.services.audit_book import AuditBook
from docproc.services.catalog import Catalog
from docproc.services.key_records import ApiKey, KeyTerms
from docproc.services.limits import LimitStore
from docproc.services.local_backlog import LocalBacklog
from docproc.services.receipts import ReceiptStore
from docproc.services.review_records import ReviewStore
from docproc.services.usage import UsageStore


class KeyStore(Protocol):
    """API keys, found by the hash of their token."""

    def add(self, terms: KeyTerms, *, tenant: str, prefix: str, token_sha256: str) -> UUID:
        """Raises NotFoundError when there is no such tenant."""
        ...

    def live(self, token_sha256: str) -> ApiKey | None:
        """The key, unless it is expired or revoked; notes about when it was used last."""
        ...

    def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """All of them, oldest first: revoked and expired ones too."""
        ...

    def revoke(self, key_id: UUID, *, tenant: str) -> None:
        """From now on; once more changes nothing. Raises NotFoundError."""
        ...

    def revoke_all(self, tenant: str) -> int:
        """Every key of the tenant's, from now on; how many opened something until now."""
        ...

    def any_live(self) -> bool:
        """Whether somebody has a key that still opens something."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontStores:
    """What a service's face needs beside its other stores, over the same database."""

    keys: KeyStore
    catalog: Catalog
    reviews: ReviewStore
    limits: LimitStore
    usage: UsageStore
    audit: AuditBook
    receipts: ReceiptStore
    #: of a service that is one process on one machine
    backlog: LocalBacklog
