"""Paths of any length in the ledger of watched places, how each file is read, and which rows are old."""

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEX = "uq_watched_files_standing"
OVER = "ix_watched_files_tenant_finished_at"
STANDING: dict[str, Any] = {"sqlite_where": sa.text("standing"), "postgresql_where": sa.text("standing")}
FILES = sa.table("watched_files", sa.column("id"), sa.column("path"), sa.column("path_hash"))
BATCH = 1000


def key(path: str) -> list[str]:
    return ["tenant", "place", path, "byte_count", "modified_ns", "identity"]


def upgrade() -> None:
    op.add_column("watched_files", sa.Column("read_as", sa.String(length=64), nullable=True))
    # a row is given its hash below, and every new one has its own
    op.add_column("watched_files", sa.Column("path_hash", sa.String(length=64), server_default="", nullable=False))
    _hash_paths()
    op.drop_index(INDEX, "watched_files", **STANDING)
    op.create_index(INDEX, "watched_files", key("path_hash"), unique=True, **STANDING)
    op.create_index(OVER, "watched_files", ["tenant", "finished_at"])


def _hash_paths() -> None:
    connection = op.get_bind()
    statement = sa.update(FILES).where(FILES.c.id == sa.bindparam("row")).values(path_hash=sa.bindparam("hash"))
    first = sa.select(FILES.c.id, FILES.c.path).order_by(FILES.c.id).limit(BATCH)
    rows = connection.execute(first).all()
    while rows:
        connection.execute(
            statement, [{"row": row.id, "hash": hashlib.sha256(row.path.encode()).hexdigest()} for row in rows]
        )
        rows = connection.execute(first.where(FILES.c.id > rows[-1].id)).all()


def downgrade() -> None:
    op.drop_index(OVER, "watched_files")
    op.drop_index(INDEX, "watched_files", **STANDING)
    op.create_index(INDEX, "watched_files", key("path"), unique=True, **STANDING)
    with op.batch_alter_table("watched_files", schema=None) as batch_op:
        batch_op.drop_column("path_hash")
        batch_op.drop_column("read_as")
