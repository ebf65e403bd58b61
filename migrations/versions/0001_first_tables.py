"""Keep jobs, documents, pages, readings and extractions: the first revision."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schemas",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("json_schema", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schemas")),
        sa.UniqueConstraint("sha256", "reference", name=op.f("uq_schemas_sha256_reference")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), server_default=sa.text("'local'"), nullable=False),
        sa.Column("schema_id", sa.Uuid(), nullable=False),
        sa.Column(
            "options",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "inputs",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("recursive", sa.Boolean(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("documents_total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_received", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_preparing", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_reading", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_assembling", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_succeeded", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_needs_review", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("documents_canceled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_read", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_blank", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_canceled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_open", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "documents_total = documents_received + documents_preparing + documents_reading + documents_assembling"
            " + documents_succeeded + documents_needs_review + documents_failed + documents_canceled",
            name=op.f("ck_jobs_documents_add_up"),
        ),
        sa.CheckConstraint(
            "pages_total = pages_read + pages_blank + pages_failed + pages_canceled + pages_open",
            name=op.f("ck_jobs_pages_add_up"),
        ),
        sa.ForeignKeyConstraint(["schema_id"], ["schemas.id"], name=op.f("fk_jobs_schema_id_schemas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_schema_id"), ["schema_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_tenant_created_at"), ["tenant", "created_at"], unique=False)

    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), server_default=sa.text("'local'"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column(
            "media_type",
            sa.Enum(
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
                name="media_type",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=True,
        ),
        sa.Column("byte_count", sa.BigInteger(), nullable=True),
        sa.Column("modified_ns", sa.BigInteger(), nullable=True),
        sa.Column("original_key", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "preparing",
                "reading",
                "assembling",
                "succeeded",
                "needs_review",
                "failed",
                "canceled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "failure",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stalled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("preparation", sa.Text(), nullable=True),
        sa.Column("words_key", sa.Text(), nullable=True),
        sa.Column(
            "attachments",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("pages_total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_read", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_blank", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_canceled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pages_open", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_documents_lease_is_whole")
        ),
        sa.CheckConstraint(
            "pages_total = pages_read + pages_blank + pages_failed + pages_canceled + pages_open",
            name=op.f("ck_documents_pages_add_up"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_documents_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("job_id", "path", name=op.f("uq_documents_job_id_path")),
        sa.UniqueConstraint("job_id", "position", name=op.f("uq_documents_job_id_position")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_documents_job_id_state_position"), ["job_id", "state", "position"], unique=False
        )
        batch_op.create_index(
            "ix_documents_lease_owner",
            ["lease_owner"],
            unique=False,
            sqlite_where=sa.text("lease_owner IS NOT NULL"),
            postgresql_where=sa.text("lease_owner IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_documents_original_key",
            ["original_key"],
            unique=False,
            sqlite_where=sa.text("original_key IS NOT NULL"),
            postgresql_where=sa.text("original_key IS NOT NULL"),
        )
        batch_op.create_index("ix_documents_prepared", ["tenant", "sha256", "preparation"], unique=False)

    op.create_table(
        "extractions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), server_default=sa.text("'local'"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "preparing",
                "reading",
                "assembling",
                "succeeded",
                "needs_review",
                "failed",
                "canceled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("body_key", sa.Text(), nullable=True),
        sa.Column(
            "tables",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(body IS NULL) <> (body_key IS NULL)", name=op.f("ck_extractions_one_body")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_extractions_revision_from_1")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_extractions_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extractions")),
        sa.UniqueConstraint("document_id", "revision", name=op.f("uq_extractions_document_id_revision")),
    )
    op.create_table(
        "pages",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "queued",
                "leased",
                "read",
                "blank",
                "failed",
                "canceled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("width", sa.Double(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "text_layer", "ocr", "form", "none", name="source", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.Column("ink", sa.Double(), nullable=False),
        sa.Column("grid_columns", sa.Integer(), nullable=True),
        sa.Column("grid_rows", sa.Integer(), nullable=True),
        sa.Column("reader", sa.Text(), nullable=True),
        sa.Column("words_offset", sa.BigInteger(), nullable=False),
        sa.Column("words_length", sa.BigInteger(), nullable=False),
        sa.Column(
            "failure",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_pages_number_from_1")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_pages_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_pages")),
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), server_default=sa.text("'local'"), nullable=False),
        sa.Column("reading_key", sa.String(length=64), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("reader_version", sa.Text(), nullable=False),
        sa.Column("first_page", sa.Integer(), nullable=False),
        sa.Column(
            "pages",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("body_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(body IS NULL) <> (body_key IS NULL)", name=op.f("ck_readings_one_body")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_readings_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("document_id", "first_page", name=op.f("uq_readings_document_id_first_page")),
    )
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_readings_tenant_reading_key"), ["tenant", "reading_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_readings_tenant_reading_key"))

    op.drop_table("readings")
    op.drop_table("pages")
    op.drop_table("extractions")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("ix_documents_prepared")
        batch_op.drop_index(
            "ix_documents_original_key",
            sqlite_where=sa.text("original_key IS NOT NULL"),
            postgresql_where=sa.text("original_key IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_documents_lease_owner",
            sqlite_where=sa.text("lease_owner IS NOT NULL"),
            postgresql_where=sa.text("lease_owner IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_documents_job_id_state_position"))

    op.drop_table("documents")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_tenant_created_at"))
        batch_op.drop_index(batch_op.f("ix_jobs_schema_id"))

    op.drop_table("jobs")
    op.drop_table("schemas")
