"""Models that workers host, as other workers and those who submit must know them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("window_pages", sa.Integer(), nullable=False),
        sa.Column("image", json(), nullable=True),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("window_pages > 0", name=op.f("ck_models_window_pages_from_1")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_models")),
    )


def downgrade() -> None:
    op.drop_table("models")
