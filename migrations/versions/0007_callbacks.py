"""Callbacks: webhooks of one job, which go with it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LASTING = sa.text("job_id IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("job_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_webhooks_job_id_jobs"), "jobs", ["job_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.drop_index("ix_webhooks_tenant")
        batch_op.create_index(
            "ix_webhooks_lasting", ["tenant"], unique=False, sqlite_where=LASTING, postgresql_where=LASTING
        )
        batch_op.create_index(batch_op.f("ix_webhooks_job_id"), ["job_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM webhooks WHERE job_id IS NOT NULL")
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhooks_job_id"))
        batch_op.drop_index("ix_webhooks_lasting", sqlite_where=LASTING, postgresql_where=LASTING)
        batch_op.create_index("ix_webhooks_tenant", ["tenant"], unique=False)
        batch_op.drop_constraint(batch_op.f("fk_webhooks_job_id_jobs"), type_="foreignkey")
        batch_op.drop_column("job_id")
