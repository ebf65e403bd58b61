"""The seams of errands: their stores, and who carries a message to a webhook. Adapters: storage and sinks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from docproc.domain.errand import ErrandState
from docproc.domain.failure import Failure
from docproc.services.errand_records import Delivery, ErrandClaim, Export, LogEntry, LoggedTry, LogPlace, Tried, Webhook
from docproc.services.work_records import Swept


class ErrandStore(Protocol):
    """What all errands have in common: each is leased, fenced, and given up after too many attempts."""

    def claim(self, errand_id: UUID, *, owner: str, lease_s: float) -> ErrandClaim | None:
        """None when it is not due. The attempt is counted before the work."""
        ...

    def release(self, claim: ErrandClaim, *, after_s: float = 0.0) -> None:
        """Hand it back, to be tried again after some time. Raises LeaseLostError."""
        ...

    def fail(self, claim: ErrandClaim, failure: Failure) -> None:
        """Raises LeaseLostError."""
        ...

    def sweep(self, *, limit: int = 200) -> Swept:
        """Free what leases hold that have expired; give up what was lost too often."""
        ...


class ExportStore(ErrandStore, Protocol):
    """Exports of jobs."""

    def ask_for(self, job_id: UUID, *, tenant: str, export_format: str, dialect: str) -> UUID: ...

    def get(self, export_id: UUID, *, tenant: str) -> Export:
        """Raises NotFoundError."""
        ...

    def of_job(self, job_id: UUID, *, tenant: str) -> Sequence[Export]:
        """Newest first."""
        ...

    def succeed(self, claim: ErrandClaim, *, blob_key: str, byte_count: int, records: int) -> None:
        """Raises LeaseLostError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which deliveries are meant; None: any."""

    webhook_id: UUID | None = None
    state: ErrandState | None = None
    job_id: UUID | None = None


class DeliveryStore(ErrandStore, Protocol):
    """Webhooks, and events on their way to them."""

    def add_webhook(self, *, tenant: str, url: str, secret: str, kinds: Sequence[str]) -> UUID: ...

    def webhooks(self, *, tenant: str) -> Sequence[Webhook]:
        """Without callbacks of single jobs."""
        ...

    def disable(self, webhook_id: UUID, *, tenant: str) -> None:
        """Raises NotFoundError."""
        ...

    def get(self, delivery_id: UUID) -> Delivery:
        """Raises NotFoundError."""
        ...

    def succeed(self, claim: ErrandClaim, *, tried: Tried) -> None:
        """Raises LeaseLostError."""
        ...

    def put_off(self, claim: ErrandClaim, *, tried: Tried, after_s: float) -> None:
        """To be tried again. Raises LeaseLostError."""
        ...

    def give_up(self, claim: ErrandClaim, failure: Failure, *, tried: Tried | None = None) -> None:
        """Raises LeaseLostError."""
        ...

    def set_secrets(self, webhook_id: UUID, secrets: Sequence[str], *, before: Sequence[str], tenant: str) -> None:
        """Raises NotFoundError, ConflictError when they are no longer those of `before`."""
        ...

    def ping(self, webhook_id: UUID, *, tenant: str) -> UUID:
        """The id of a delivery that tries the webhook out. Raises NotFoundError, ConflictError when it is removed."""
        ...

    def log(
        self, tenant: str, *, wanted: LogFilter, after: LogPlace | None = None, limit: int = 100
    ) -> Sequence[LogEntry]:
        """Deliveries behind `after`, newest first."""
        ...

    def entry(self, delivery_id: UUID, *, tenant: str) -> LogEntry:
        """Raises NotFoundError."""
        ...

    def tries(self, delivery_id: UUID, *, tenant: str) -> Sequence[LoggedTry]:
        """In order."""
        ...

    def replay(self, tenant: str, *, wanted: LogFilter, delivery_id: UUID | None = None) -> int:
        """Send again what has ended: one, or all that are meant; how many."""
        ...

    def forget_ended(self, *, older_than_s: float, limit: int) -> int:
        """Delete at most so many that ended long ago; returns how many."""
        ...

    def open_count(self, *, tenant: str) -> int:
        """Deliveries that are still to be made."""
        ...


class WebhookRefusedError(Exception):
    """The message did not arrive; the text says why and holds nothing of it."""

    def __init__(self, reason: str, *, final: bool = False, status_code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        #: of the answer, if there was one
        self.status_code = status_code
        #: trying again will not help
        self.final = final


class WebhookSender(Protocol):
    """Carries a message to a URL that a user gave."""

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        """The status code, which is one of success. Raises WebhookRefusedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandStores:
    """All errands over one database."""

    exports: ExportStore
    deliveries: DeliveryStore
