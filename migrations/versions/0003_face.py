"""Open up: limits, retention, reviews, holds, receipts, delivery logs, lists by what users say of things."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: by table: names of indexes with their columns and, of those of few rows, which
INDEXES: dict[str, dict[str, tuple[list[str], str | None]]] = {
    "deliveries": {
        "newest": (["tenant", "created_at", "id"], None),
        "log": (["webhook_id", "created_at", "id"], None),
    },
    "documents": {
        "newest": (["tenant", "created_at", "id"], None),
        "needs_review": (["tenant", "id"], "state = 'needs_review'"),
        "external_id": (["tenant", "external_id", "created_at", "id"], "external_id IS NOT NULL"),
    },
    "jobs": {
        "newest": (["tenant", "created_at", "id"], None),
        "unfinished": (["tenant", "created_at", "id"], "finished_at IS NULL"),
        "kept": (["tenant", "keep_days", "finished_at"], "finished_at IS NOT NULL"),
        "deleting": (["tenant", "deleting_at"], "deleting_at IS NOT NULL"),
        "with_canceled": (["tenant", "created_at", "id"], "documents_canceled > 0"),
        "empty": (["tenant", "created_at", "id"], "documents_total = 0"),
        "schema_id": (["schema_id", "tenant", "created_at", "id"], None),
        "with_failures": (["tenant", "created_at", "id"], "documents_failed > 0"),
        "external_id": (["tenant", "external_id", "created_at", "id"], "external_id IS NOT NULL"),
    },
}
LIMITS: dict[str, sa.types.TypeEngine[Any]] = {
    "requests_per_s": sa.Double(),
    "burst": sa.Integer(),
    "pages_per_month": sa.Integer(),
    "keep_days": sa.Integer(),
}


def only(where: str | None) -> dict[str, Any]:
    return {} if where is None else {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def create_indexes(batch_op: BatchOperations, table: str) -> None:
    for name, (columns, where) in INDEXES[table].items():
        batch_op.create_index(f"ix_{table}_{name}", columns, unique=False, **only(where))


def drop_indexes(batch_op: BatchOperations, table: str) -> None:
    for name, (_, where) in INDEXES[table].items():
        batch_op.drop_index(f"ix_{table}_{name}", **only(where))


def create_metadata_index(batch_op: BatchOperations, table: str) -> None:
    kind = {"postgresql_using": "gin", "postgresql_ops": {"metadata": "jsonb_path_ops"}}
    batch_op.create_index(f"ix_{table}_metadata", ["metadata"], unique=False, **kind, **only("metadata IS NOT NULL"))


def moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant"], ["tenants.name"], name=op.f(f"fk_{table}_tenant_tenants"), ondelete="CASCADE"
    )


def upgrade() -> None:
    with op.batch_alter_table("tenants", schema=None) as batch_op:
        for name, kind in LIMITS.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True))

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keep_days", sa.Integer(), nullable=True))
        batch_op.add_column(moment("deleting_at", nullable=True))
        batch_op.drop_index("ix_jobs_tenant_created_at")
        batch_op.drop_index("ix_jobs_schema_id")
        create_indexes(batch_op, "jobs")
        create_metadata_index(batch_op, "jobs")

    with op.batch_alter_table("documents", schema=None) as batch_op:
        create_indexes(batch_op, "documents")
        create_metadata_index(batch_op, "documents")

    with op.batch_alter_table("extractions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author", sa.Text(), nullable=True))

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("spent", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.alter_column("job_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.alter_column("event_number", existing_type=sa.Integer(), nullable=True)
        batch_op.create_check_constraint(
            batch_op.f("ck_deliveries_of_an_event_or_a_ping"), "(job_id IS NULL) = (event_number IS NULL)"
        )
        create_indexes(batch_op, "deliveries")

    create_delivery_attempts()
    create_rates()
    create_holds()
    create_receipts()


def create_delivery_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        moment("happened_at"),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_delivery_attempts_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "attempt", name=op.f("pk_delivery_attempts")),
    )


def create_rates() -> None:
    op.create_table(
        "rates",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        moment("refilled_at"),
        of_tenant("rates"),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_rates")),
    )


def create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        moment("placed_at"),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        moment("lifted_at", nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_holds_lifted_by_somebody")),
        of_tenant("holds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_tenant_placed_at"), "holds", ["tenant", "placed_at"], unique=False)


def create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_receipts_tenant_number")),
    )
    op.create_index(op.f("ix_receipts_tenant_job_id"), "receipts", ["tenant", "job_id"], unique=False)


def downgrade() -> None:
    for table in ("receipts", "holds", "rates", "delivery_attempts"):
        op.drop_table(table)

    op.execute("DELETE FROM deliveries WHERE job_id IS NULL")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        drop_indexes(batch_op, "deliveries")
        batch_op.drop_constraint(batch_op.f("ck_deliveries_of_an_event_or_a_ping"), type_="check")
        batch_op.alter_column("event_number", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("job_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("spent")

    with op.batch_alter_table("extractions", schema=None) as batch_op:
        batch_op.drop_column("author")

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("ix_documents_metadata", **only("metadata IS NOT NULL"))
        drop_indexes(batch_op, "documents")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_metadata", **only("metadata IS NOT NULL"))
        drop_indexes(batch_op, "jobs")
        batch_op.create_index("ix_jobs_tenant_created_at", ["tenant", "created_at"], unique=False)
        batch_op.create_index("ix_jobs_schema_id", ["schema_id"], unique=False)
        batch_op.drop_column("deleting_at")
        batch_op.drop_column("keep_days")

    with op.batch_alter_table("tenants", schema=None) as batch_op:
        for name in reversed(LIMITS):
            batch_op.drop_column(name)
