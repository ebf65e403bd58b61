"""The ledger of watched places: which version of which file was taken, and by whom."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = "state IN ('claimed', 'submitted', 'delivering')"
STATES = ("claimed", "submitted", "delivering", "done", "failed", "skipped", "known", "gone")
TROUBLES = (
    "disk_full",
    "no_permission",
    "place_gone",
    "io_error",
    "store_gone",
    "unsettled",
    "twin",
    "internal",
)


def words(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=16)


def only(where: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def upgrade() -> None:
    op.create_table(
        "watched_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("state", words("state", *STATES), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("trouble", words("trouble", *TROUBLES), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_watched_files_lease_is_whole")
        ),
        sa.CheckConstraint(f"{OPEN} OR lease_owner IS NULL", name=op.f("ck_watched_files_final_at_rest")),
        sa.CheckConstraint(f"({OPEN}) = (finished_at IS NULL)", name=op.f("ck_watched_files_finished_when_final")),
        sa.CheckConstraint(
            "state NOT IN ('submitted', 'delivering') OR job_id IS NOT NULL",
            name=op.f("ck_watched_files_submitted_as_a_job"),
        ),
        sa.CheckConstraint("state <> 'gone' OR NOT standing", name=op.f("ck_watched_files_gone_does_not_stand")),
        sa.CheckConstraint("attempt >= 0 AND tries >= 0", name=op.f("ck_watched_files_attempts_from_0")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched_files")),
    )
    with op.batch_alter_table("watched_files", schema=None) as batch_op:
        batch_op.create_index(
            "uq_watched_files_standing",
            ["tenant", "place", "path", "byte_count", "modified_ns", "identity"],
            unique=True,
            **only("standing"),
        )
        batch_op.create_index("ix_watched_files_due", ["tenant", "place", "due_at"], unique=False, **only(OPEN))
        batch_op.create_index(
            "ix_watched_files_lease_owner", ["lease_owner"], unique=False, **only("lease_owner IS NOT NULL")
        )
        batch_op.create_index("ix_watched_files_content", ["tenant", "place", "sha256", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_watched_files_tenant_place_state"), ["tenant", "place", "state"])


def downgrade() -> None:
    op.drop_table("watched_files")
