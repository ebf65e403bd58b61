"""The tables that a service has beside those of jobs: tenants, workers, exports, events, webhooks, usage, audit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from docproc.services.errand_records import ErrandState
from docproc.storage.columns import Base, partial_index, state_column


class TenantRow(Base):
    """Whose documents these are; nothing is shared between tenants."""

    __tablename__ = "tenants"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    #: how much it may ask for; NULL: as much as it likes
    requests_per_s: Mapped[float | None]
    burst: Mapped[int | None]
    pages_per_month: Mapped[int | None]
    #: its jobs are deleted so many days after their end; NULL: never
    keep_days: Mapped[int | None]


class KeyRow(Base):
    """An API key: kept as a hash, for some scopes of one tenant."""

    __tablename__ = "keys"
    __table_args__ = (UniqueConstraint("hash"), Index(None, "tenant", "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text, ForeignKey("tenants.name", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    #: its first characters, by which people tell keys apart
    prefix: Mapped[str] = mapped_column(String(16))
    hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class IdempotencyRow(Base):
    """Which job a tenant's idempotency key made, and of what request."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    tenant: Mapped[str] = mapped_column(Text, ForeignKey("tenants.name", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class WorkerRow(Base):
    """A worker process: what it serves, how much at a time, when it last gave a sign of life."""

    __tablename__ = "workers"
    __table_args__ = (CheckConstraint("slots >= 0", name="slots_from_0"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(Text)
    queues: Mapped[list[Any]]
    slots: Mapped[int]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    draining_at: Mapped[datetime | None]


class ModelRow(Base):
    """A model that workers host, as others must know it; it stays when its workers are gone."""

    __tablename__ = "models"
    __table_args__ = (CheckConstraint("window_pages > 0", name="window_pages_from_1"),)

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    window_pages: Mapped[int]
    #: kind and terms of the page image that it looks at; null: none
    image: Mapped[dict[str, Any] | None]
    is_held: Mapped[bool]
    seen_at: Mapped[datetime]


class RoleRow(Base):
    """A duty that one process has at a time, as long as it renews it: dispatching."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]


class PausedQueueRow(Base):
    """A queue that is given nothing for now."""

    __tablename__ = "paused_queues"

    queue: Mapped[str] = mapped_column(Text, primary_key=True)
    paused_at: Mapped[datetime]


class ExportRow(Base):
    """An export of a job's records, made by a worker and kept as a blob."""

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("(state = 'leased') = (lease_owner IS NOT NULL)", name="leased_by_somebody"),
        CheckConstraint("(lease_owner IS NULL) = (lease_expires_at IS NULL)", name="lease_is_whole"),
        CheckConstraint("(state = 'succeeded') = (blob_key IS NOT NULL)", name="succeeded_with_a_blob"),
        Index(None, "job_id", "created_at"),
        partial_index("ix_exports_due", "tenant", "due_at", "id", where="state = 'waiting'"),
        partial_index("ix_exports_queued", "queued_at", where="state = 'queued'"),
        partial_index("ix_exports_lease_owner", "lease_owner", where="lease_owner IS NOT NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    tenant: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    dialect: Mapped[str] = mapped_column(Text)
    state: Mapped[ErrandState] = mapped_column(state_column(ErrandState, "state"))
    due_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    stalled: Mapped[int] = mapped_column(server_default=text("0"))
    blob_key: Mapped[str | None] = mapped_column(Text)
    byte_count: Mapped[int | None] = mapped_column(BigInteger)
    records: Mapped[int | None]
    failure: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class EventRow(Base):
    """What happened to a job, numbered without a gap under the lock of its row."""

    __tablename__ = "events"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    document_id: Mapped[UUID | None]
    happened_at: Mapped[datetime]


class WebhookRow(Base):
    """A URL that a tenant wants to be told events at."""

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "tenant"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text, ForeignKey("tenants.name", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(Text)
    #: newest first; two may be live while one replaces the other
    secrets: Mapped[list[Any]]
    kinds: Mapped[list[Any]]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class DeliveryRow(Base):
    """One event on its way to one webhook."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "job_id", "event_number"),
        CheckConstraint("(state = 'leased') = (lease_owner IS NOT NULL)", name="leased_by_somebody"),
        CheckConstraint("(lease_owner IS NULL) = (lease_expires_at IS NULL)", name="lease_is_whole"),
        CheckConstraint("(job_id IS NULL) = (event_number IS NULL)", name="of_an_event_or_a_ping"),
        Index("ix_deliveries_newest", "tenant", "created_at", "id"),
        Index("ix_deliveries_log", "webhook_id", "created_at", "id"),
        partial_index("ix_deliveries_due", "tenant", "due_at", "id", where="state = 'waiting'"),
        partial_index("ix_deliveries_queued", "queued_at", where="state = 'queued'"),
        partial_index("ix_deliveries_lease_owner", "lease_owner", where="lease_owner IS NOT NULL"),
        partial_index("ix_deliveries_finished_at", "finished_at", where="finished_at IS NOT NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    tenant: Mapped[str] = mapped_column(Text)
    #: NULL with the next one: a ping, which is about no job
    job_id: Mapped[UUID | None]
    event_number: Mapped[int | None]
    state: Mapped[ErrandState] = mapped_column(state_column(ErrandState, "state"))
    due_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    stalled: Mapped[int] = mapped_column(server_default=text("0"))
    #: attempts that were made before it was asked for once more
    spent: Mapped[int] = mapped_column(server_default=text("0"))
    status_code: Mapped[int | None]
    failure: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class DeliveryAttemptRow(Base):
    """One try to deliver an event, and how it ended."""

    __tablename__ = "delivery_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    happened_at: Mapped[datetime]
    seconds: Mapped[float]
    status_code: Mapped[int | None]
    #: why it was not taken; NULL: it was
    reason: Mapped[str | None] = mapped_column(Text)


class RateRow(Base):
    """What is left of the requests that a tenant may make now."""

    __tablename__ = "rates"

    tenant: Mapped[str] = mapped_column(Text, ForeignKey("tenants.name", ondelete="CASCADE"), primary_key=True)
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]


class HoldRow(Base):
    """A legal hold on a job, or on everything of a tenant: nothing of it is deleted until it is lifted."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_somebody"),
        Index(None, "tenant", "placed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text, ForeignKey("tenants.name", ondelete="CASCADE"))
    #: NULL: all jobs of the tenant, those to come too
    job_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = mapped_column(Text)
    lifted_at: Mapped[datetime | None]


class ReceiptRow(Base):
    """What was deleted: each receipt of a tenant names the one before, so that none can be taken away."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("tenant", "number"), Index(None, "tenant", "job_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # no foreign key: receipts outlive what they are about
    tenant: Mapped[str] = mapped_column(Text)
    number: Mapped[int]
    job_id: Mapped[UUID]
    # text: what is hashed keeps its spelling
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class UsageRow(Base):
    """What one reading cost its tenant; rows are only added, so that readers never wait for each other."""

    __tablename__ = "usage"
    __table_args__ = (Index(None, "tenant", "happened_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # no foreign key: usage outlives what it was for
    tenant: Mapped[str] = mapped_column(Text)
    job_id: Mapped[UUID]
    reader: Mapped[str] = mapped_column(Text)
    pages: Mapped[int]
    tiles: Mapped[int]
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    happened_at: Mapped[datetime]


class AuditRow(Base):
    """Who did what to what; never a field value."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "tenant", "happened_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime]


TENANTS = Base.metadata.tables["tenants"]
KEYS = Base.metadata.tables["keys"]
IDEMPOTENCY_KEYS = Base.metadata.tables["idempotency_keys"]
WORKERS = Base.metadata.tables["workers"]
MODELS = Base.metadata.tables["models"]
ROLES = Base.metadata.tables["roles"]
PAUSED_QUEUES = Base.metadata.tables["paused_queues"]
EXPORTS = Base.metadata.tables["exports"]
EVENTS = Base.metadata.tables["events"]
WEBHOOKS = Base.metadata.tables["webhooks"]
DELIVERIES = Base.metadata.tables["deliveries"]
DELIVERY_ATTEMPTS = Base.metadata.tables["delivery_attempts"]
RATES = Base.metadata.tables["rates"]
HOLDS = Base.metadata.tables["holds"]
RECEIPTS = Base.metadata.tables["receipts"]
USAGE = Base.metadata.tables["usage"]
AUDIT = Base.metadata.tables["audit"]
