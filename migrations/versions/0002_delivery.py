"""Deliver through workers: leases of pages, tenants, keys, workers, exports, events, webhooks, usage, audit."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


DOCUMENT_DUE = (
    "queue IS NOT NULL AND queued_at IS NULL AND lease_owner IS NULL AND "
    "(state IN ('received', 'assembling') OR (state = 'reading' AND pages_open = 0))"
)
IS_FINAL = "state IN ('succeeded', 'needs_review', 'failed', 'canceled')"
PAGES_FROM_0 = "pages_read >= 0 AND pages_blank >= 0 AND pages_failed >= 0 AND pages_canceled >= 0 AND pages_open >= 0"
JOB_CHECKS = {
    "pages_from_0": PAGES_FROM_0,
    "documents_from_0": "documents_received >= 0 AND documents_preparing >= 0 AND documents_reading >= 0"
    " AND documents_assembling >= 0 AND documents_succeeded >= 0 AND documents_needs_review >= 0"
    " AND documents_failed >= 0 AND documents_canceled >= 0",
    "submitted_before_finished": "finished_at IS NULL OR submitted_at IS NOT NULL",
}
DOCUMENT_CHECKS = {
    "queued_or_leased": "queued_at IS NULL OR lease_owner IS NULL",
    "pages_from_0": PAGES_FROM_0,
    "attempts_from_0": "attempt >= 0 AND stalled >= 0",
    "final_at_rest": f"NOT ({IS_FINAL}) OR (pages_open = 0 AND lease_owner IS NULL AND queued_at IS NULL)",
    "finished_when_final": f"({IS_FINAL}) = (finished_at IS NOT NULL)",
    "failed_with_failure": "(state = 'failed') = (failure IS NOT NULL)",
}
PAGE_CHECKS = {
    "leased_by_somebody": "(state = 'leased') = (lease_owner IS NOT NULL)",
    "lease_is_whole": "(lease_owner IS NULL) = (lease_expires_at IS NULL)",
    "queued_at_some_time": "(state = 'queued') = (queued_at IS NOT NULL)",
    "failed_with_failure": "(state = 'failed') = (failure IS NOT NULL)",
    "window_begins_before": "first_page >= 1 AND first_page <= number",
    "attempts_from_0": "attempt >= 0 AND stalled >= 0",
}
CANCEL_BEGUN = (
    "cancel_requested_at IS NOT NULL AND queue IS NOT NULL AND "
    "documents_received + documents_preparing + documents_reading + documents_assembling > 0"
)
SOME_PAGES_FAILED = "pages_failed > 0 AND state <> 'failed'"
PAGE_DUE = "state = 'waiting' AND queue IS NOT NULL AND number = first_page"


def only(where: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def errand_state() -> sa.Enum:
    states = ("waiting", "queued", "leased", "succeeded", "failed")
    return sa.Enum(*states, name="state", native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_tenant_happened_at"), ["tenant", "happened_at"], unique=False)

    op.create_table(
        "paused_queues",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_paused_queues")),
    )
    op.create_table(
        "roles",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_roles")),
    )
    op.create_table(
        "tenants",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tenants")),
    )
    op.create_table(
        "usage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("tiles", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
    )
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_tenant_happened_at"), ["tenant", "happened_at"], unique=False)

    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("queues", json(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draining_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("slots >= 0", name=op.f("ck_workers_slots_from_0")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", json(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_keys_tenant_tenants"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_keys_hash")),
    )
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_keys_tenant_created_at"), ["tenant", "created_at"], unique=False)

    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secrets", json(), nullable=False),
        sa.Column("kinds", json(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant"], ["tenants.name"], name=op.f("fk_webhooks_tenant_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhooks_tenant"), ["tenant"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("state", errand_state(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stalled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("failure", json(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'leased') = (lease_owner IS NOT NULL)", name=op.f("ck_deliveries_leased_by_somebody")
        ),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_deliveries_lease_is_whole")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_deliveries_webhook_id_webhooks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "webhook_id", "job_id", "event_number", name=op.f("uq_deliveries_webhook_id_job_id_event_number")
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_open", ["due_at", "id"], unique=False, **only("state IN ('waiting', 'queued', 'leased')")
        )

    op.create_table(
        "events",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_events_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_events")),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("state", errand_state(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stalled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=True),
        sa.Column("byte_count", sa.BigInteger(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.Column("failure", json(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'leased') = (lease_owner IS NOT NULL)", name=op.f("ck_exports_leased_by_somebody")
        ),
        sa.CheckConstraint(
            "(state = 'succeeded') = (blob_key IS NOT NULL)", name=op.f("ck_exports_succeeded_with_a_blob")
        ),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_exports_lease_is_whole")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_exports_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exports_job_id_created_at"), ["job_id", "created_at"], unique=False)
        batch_op.create_index(
            "ix_exports_open", ["due_at", "id"], unique=False, **only("state IN ('waiting', 'queued', 'leased')")
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_idempotency_keys_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant"], ["tenants.name"], name=op.f("fk_idempotency_keys_tenant_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_idempotency_keys_job_id"), ["job_id"], unique=False)

    # whoever submitted before there were tenants becomes one
    op.execute(
        "INSERT INTO tenants (name, created_at) SELECT tenant, MIN(created_at) FROM jobs GROUP BY tenant "
        "UNION SELECT 'local', CURRENT_TIMESTAMP WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE tenant = 'local')"
    )

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
        for name, condition in DOCUMENT_CHECKS.items():
            batch_op.create_check_constraint(batch_op.f(f"ck_documents_{name}"), condition)
        batch_op.create_index(
            "ix_documents_due", ["state", "priority", "tenant", "id"], unique=False, **only(DOCUMENT_DUE)
        )
        batch_op.create_index("ix_documents_failed", ["tenant", "id"], unique=False, **only("state = 'failed'"))
        batch_op.create_index("ix_documents_of_failed_pages", ["tenant", "id"], unique=False, **only(SOME_PAGES_FAILED))
        batch_op.create_index("ix_documents_queued", ["queued_at"], unique=False, **only("queued_at IS NOT NULL"))

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("events", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True))
        for name, condition in JOB_CHECKS.items():
            batch_op.create_check_constraint(batch_op.f(f"ck_jobs_{name}"), condition)
        batch_op.create_foreign_key(batch_op.f("fk_jobs_tenant_tenants"), "tenants", ["tenant"], ["name"])
        batch_op.create_index("ix_jobs_cancel_begun", ["id"], unique=False, **only(CANCEL_BEGUN))

    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tenant", sa.Text(), server_default=sa.text("'local'"), nullable=False))
        batch_op.add_column(sa.Column("queue", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("first_page", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("lease_owner", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("stalled", sa.Integer(), server_default=sa.text("0"), nullable=False))

    op.execute(
        "UPDATE jobs SET finished_at = (SELECT MAX(finished_at) FROM documents WHERE job_id = jobs.id) "
        "WHERE submitted_at IS NOT NULL AND documents_received + documents_preparing + documents_reading"
        " + documents_assembling = 0"
    )
    op.execute(
        "UPDATE pages SET first_page = number, tenant = (SELECT tenant FROM documents WHERE id = pages.document_id)"
    )
    # one process used to lease and end a page in one transaction: no page was ever left leased or queued
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.alter_column("first_page", existing_type=sa.Integer(), nullable=False)
        for name, condition in PAGE_CHECKS.items():
            batch_op.create_check_constraint(batch_op.f(f"ck_pages_{name}"), condition)
        batch_op.create_index(
            "ix_pages_due", ["queue", "priority", "tenant", "document_id", "number"], unique=False, **only(PAGE_DUE)
        )
        batch_op.create_index("ix_pages_lease_owner", ["lease_owner"], unique=False, **only("state = 'leased'"))
        batch_op.create_index("ix_pages_queued", ["queue", "queued_at"], unique=False, **only("state = 'queued'"))


def downgrade() -> None:
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.drop_index("ix_pages_queued", **only("state = 'queued'"))
        batch_op.drop_index("ix_pages_lease_owner", **only("state = 'leased'"))
        batch_op.drop_index("ix_pages_due", **only(PAGE_DUE))
        for name in PAGE_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_pages_{name}"), type_="check")
        batch_op.drop_column("stalled")
        batch_op.drop_column("attempt")
        batch_op.drop_column("lease_expires_at")
        batch_op.drop_column("lease_owner")
        batch_op.drop_column("queued_at")
        batch_op.drop_column("first_page")
        batch_op.drop_column("priority")
        batch_op.drop_column("queue")
        batch_op.drop_column("tenant")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_cancel_begun", **only(CANCEL_BEGUN))
        batch_op.drop_constraint(batch_op.f("fk_jobs_tenant_tenants"), type_="foreignkey")
        for name in JOB_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_jobs_{name}"), type_="check")
        batch_op.drop_column("finished_at")
        batch_op.drop_column("events")
        batch_op.drop_column("priority")
        batch_op.drop_column("queue")

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("ix_documents_queued", **only("queued_at IS NOT NULL"))
        batch_op.drop_index("ix_documents_of_failed_pages", **only(SOME_PAGES_FAILED))
        batch_op.drop_index("ix_documents_failed", **only("state = 'failed'"))
        batch_op.drop_index("ix_documents_due", **only(DOCUMENT_DUE))
        for name in DOCUMENT_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_documents_{name}"), type_="check")
        batch_op.drop_column("queued_at")
        batch_op.drop_column("priority")
        batch_op.drop_column("queue")

    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_job_id"))
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.drop_index("ix_exports_open", **only("state IN ('waiting', 'queued', 'leased')"))
        batch_op.drop_index(batch_op.f("ix_exports_job_id_created_at"))

    op.drop_table("exports")
    op.drop_table("events")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_open", **only("state IN ('waiting', 'queued', 'leased')"))

    op.drop_table("deliveries")
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhooks_tenant"))

    op.drop_table("webhooks")
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_keys_tenant_created_at"))

    op.drop_table("keys")
    op.drop_table("workers")
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_usage_tenant_happened_at"))

    op.drop_table("usage")
    op.drop_table("tenants")
    op.drop_table("roles")
    op.drop_table("paused_queues")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_tenant_happened_at"))

    op.drop_table("audit")
