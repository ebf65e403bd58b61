"""Where a watched file is in trouble, beside what the trouble is."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("watched_files", sa.Column("trouble_where", sa.String(length=16), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("watched_files", schema=None) as batch_op:
        batch_op.drop_column("trouble_where")
