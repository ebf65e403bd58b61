"""Sealed passwords: what opens a job's encrypted documents, sealed, for the workers of a service."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealed_passwords",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_sealed_passwords_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_sealed_passwords")),
    )
    op.create_index(op.f("ix_sealed_passwords_key_id"), "sealed_passwords", ["key_id"], unique=False)


def downgrade() -> None:
    op.drop_table("sealed_passwords")
