"""Documents that came in a container: what it was, and the media types of what is in one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEFORE = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/heic",
    "image/avif",
    "application/xml",
)
AFTER = (*BEFORE, "text/html", "application/zip", "message/rfc822")


def json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def set_media_types(media_types: tuple[str, ...]) -> None:
    """SQLite rebuilds the table, and takes the check with it; Postgres is told what to put in its place."""
    listed = ", ".join(f"'{each}'" for each in media_types)
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_documents_media_type"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_documents_media_type"), f"media_type IN ({listed})")


def upgrade() -> None:
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("container", json(), nullable=True))
    set_media_types(AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM documents WHERE media_type IN ('text/html', 'application/zip', 'message/rfc822')")
    set_media_types(BEFORE)
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_column("container")
