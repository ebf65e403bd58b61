"""The tables of jobs and what becomes of their documents, on SQLite and Postgres alike. Knows no query."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from docproc.domain.document import DocumentState, MediaType
from docproc.domain.page import PageState, TextSource
from docproc.storage.columns import Base, PathText, metadata_index, partial_index, state_column

#: the next step of the document waits for a worker: prepare, read what has no page to read, or assemble
DOCUMENT_DUE = (
    "queue IS NOT NULL AND queued_at IS NULL AND lease_owner IS NULL AND "
    "(state IN ('received', 'assembling') OR (state = 'reading' AND pages_open = 0))"
)
_IS_FINAL = "state IN ('succeeded', 'needs_review', 'failed', 'canceled')"
_PAGES_FROM_0 = "pages_read >= 0 AND pages_blank >= 0 AND pages_failed >= 0 AND pages_canceled >= 0 AND pages_open >= 0"
#: somebody canceled a job of workers and died before all its documents were
CANCEL_BEGUN = (
    "cancel_requested_at IS NOT NULL AND queue IS NOT NULL AND "
    "documents_received + documents_preparing + documents_reading + documents_assembling > 0"
)
#: the page, which stands for its window, waits for a worker
PAGE_DUE = "state = 'waiting' AND queue IS NOT NULL AND number = first_page"


class SchemaRow(Base):
    """An extraction schema as it was when a job used it."""

    __tablename__ = "schemas"
    __table_args__ = (UniqueConstraint("sha256", "reference"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(Text)
    # text: the order of the fields matters and JSONB does not keep it
    json_schema: Mapped[str] = mapped_column(Text)


class JobRow(Base):
    """A job with the counts of its documents and pages."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "pages_total = pages_read + pages_blank + pages_failed + pages_canceled + pages_open", name="pages_add_up"
        ),
        CheckConstraint(
            "documents_total = " + " + ".join(f"documents_{state}" for state in DocumentState),
            name="documents_add_up",
        ),
        CheckConstraint(_PAGES_FROM_0, name="pages_from_0"),
        CheckConstraint(" AND ".join(f"documents_{state} >= 0" for state in DocumentState), name="documents_from_0"),
        CheckConstraint("finished_at IS NULL OR submitted_at IS NOT NULL", name="submitted_before_finished"),
        Index("ix_jobs_newest", "tenant", "created_at", "id"),
        partial_index("ix_jobs_unfinished", "tenant", "created_at", "id", where="finished_at IS NULL"),
        partial_index("ix_jobs_kept", "tenant", "keep_days", "finished_at", where="finished_at IS NOT NULL"),
        partial_index("ix_jobs_deleting", "tenant", "deleting_at", where="deleting_at IS NOT NULL"),
        partial_index("ix_jobs_with_canceled", "tenant", "created_at", "id", where="documents_canceled > 0"),
        partial_index("ix_jobs_empty", "tenant", "created_at", "id", where="documents_total = 0"),
        Index("ix_jobs_schema_id", "schema_id", "tenant", "created_at", "id"),
        partial_index("ix_jobs_with_failures", "tenant", "created_at", "id", where="documents_failed > 0"),
        partial_index(
            "ix_jobs_external_id", "tenant", "external_id", "created_at", "id", where="external_id IS NOT NULL"
        ),
        metadata_index("ix_jobs_metadata"),
        partial_index("ix_jobs_cancel_begun", "id", where=CANCEL_BEGUN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text, ForeignKey("tenants.name"), server_default=text("'local'"))
    #: where its pages are read by workers; NULL: whoever runs the job works on it in one process
    queue: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    #: number of the newest event
    events: Mapped[int] = mapped_column(server_default=text("0"))
    schema_id: Mapped[UUID] = mapped_column(ForeignKey("schemas.id"))
    options: Mapped[dict[str, Any]]
    inputs: Mapped[list[Any]]
    recursive: Mapped[bool]
    external_id: Mapped[str | None] = mapped_column(Text)
    job_metadata: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    #: it is deleted so many days after its end; NULL: as its tenant wants it
    keep_days: Mapped[int | None]
    #: somebody began to delete it: it can only go on
    deleting_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    documents_total: Mapped[int] = mapped_column(server_default=text("0"))
    documents_received: Mapped[int] = mapped_column(server_default=text("0"))
    documents_preparing: Mapped[int] = mapped_column(server_default=text("0"))
    documents_reading: Mapped[int] = mapped_column(server_default=text("0"))
    documents_assembling: Mapped[int] = mapped_column(server_default=text("0"))
    documents_succeeded: Mapped[int] = mapped_column(server_default=text("0"))
    documents_needs_review: Mapped[int] = mapped_column(server_default=text("0"))
    documents_failed: Mapped[int] = mapped_column(server_default=text("0"))
    documents_canceled: Mapped[int] = mapped_column(server_default=text("0"))
    pages_total: Mapped[int] = mapped_column(server_default=text("0"))
    pages_read: Mapped[int] = mapped_column(server_default=text("0"))
    pages_blank: Mapped[int] = mapped_column(server_default=text("0"))
    pages_failed: Mapped[int] = mapped_column(server_default=text("0"))
    pages_canceled: Mapped[int] = mapped_column(server_default=text("0"))
    pages_open: Mapped[int] = mapped_column(server_default=text("0"))


class DocumentRow(Base):
    """A document, its lease and the counts of its pages."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        UniqueConstraint("job_id", "path"),
        CheckConstraint(
            "pages_total = pages_read + pages_blank + pages_failed + pages_canceled + pages_open", name="pages_add_up"
        ),
        CheckConstraint("(lease_owner IS NULL) = (lease_expires_at IS NULL)", name="lease_is_whole"),
        CheckConstraint("queued_at IS NULL OR lease_owner IS NULL", name="queued_or_leased"),
        CheckConstraint(_PAGES_FROM_0, name="pages_from_0"),
        CheckConstraint("attempt >= 0 AND stalled >= 0", name="attempts_from_0"),
        CheckConstraint(
            f"NOT ({_IS_FINAL}) OR (pages_open = 0 AND lease_owner IS NULL AND queued_at IS NULL)", name="final_at_rest"
        ),
        CheckConstraint(f"({_IS_FINAL}) = (finished_at IS NOT NULL)", name="finished_when_final"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_with_failure"),
        Index(None, "job_id", "state", "position"),
        partial_index("ix_documents_lease_owner", "lease_owner", where="lease_owner IS NOT NULL"),
        Index("ix_documents_prepared", "tenant", "sha256", "preparation"),
        partial_index("ix_documents_original_key", "original_key", where="original_key IS NOT NULL"),
        partial_index("ix_documents_due", "state", "priority", "tenant", "id", where=DOCUMENT_DUE),
        partial_index("ix_documents_queued", "queued_at", where="queued_at IS NOT NULL"),
        partial_index("ix_documents_failed", "tenant", "id", where="state = 'failed'"),
        partial_index("ix_documents_needs_review", "tenant", "id", where="state = 'needs_review'"),
        Index("ix_documents_newest", "tenant", "created_at", "id"),
        partial_index(
            "ix_documents_external_id", "tenant", "external_id", "created_at", "id", where="external_id IS NOT NULL"
        ),
        metadata_index("ix_documents_metadata"),
        partial_index("ix_documents_of_failed_pages", "tenant", "id", where="pages_failed > 0 AND state <> 'failed'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    tenant: Mapped[str] = mapped_column(Text, server_default=text("'local'"))
    position: Mapped[int]
    file: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    document_metadata: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    path: Mapped[str] = mapped_column(PathText)
    sha256: Mapped[str | None] = mapped_column(String(64))
    media_type: Mapped[MediaType | None] = mapped_column(state_column(MediaType, "media_type"))
    byte_count: Mapped[int | None] = mapped_column(BigInteger)
    modified_ns: Mapped[int | None] = mapped_column(BigInteger)
    original_key: Mapped[str | None] = mapped_column(Text)
    #: the archive or mail that it came in
    container: Mapped[dict[str, Any] | None]
    state: Mapped[DocumentState] = mapped_column(state_column(DocumentState, "state"))
    failure: Mapped[dict[str, Any] | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    #: attempts in a row that ended without any progress and without a word
    stalled: Mapped[int] = mapped_column(server_default=text("0"))
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None]
    #: where the pages are read; NULL: by whoever runs the job
    queue: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    #: a message about its next step is with the broker
    queued_at: Mapped[datetime | None]
    page_count: Mapped[int | None]
    preparation: Mapped[str | None] = mapped_column(Text)
    words_key: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[list[Any] | None]
    pages_total: Mapped[int] = mapped_column(server_default=text("0"))
    pages_read: Mapped[int] = mapped_column(server_default=text("0"))
    pages_blank: Mapped[int] = mapped_column(server_default=text("0"))
    pages_failed: Mapped[int] = mapped_column(server_default=text("0"))
    pages_canceled: Mapped[int] = mapped_column(server_default=text("0"))
    pages_open: Mapped[int] = mapped_column(server_default=text("0"))
    seconds: Mapped[float] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class PageRow(Base):
    """A page's state and facts; its words lie in the words blob of its document."""

    __tablename__ = "pages"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number_from_1"),
        CheckConstraint("(state = 'leased') = (lease_owner IS NOT NULL)", name="leased_by_somebody"),
        CheckConstraint("(lease_owner IS NULL) = (lease_expires_at IS NULL)", name="lease_is_whole"),
        CheckConstraint("(state = 'queued') = (queued_at IS NOT NULL)", name="queued_at_some_time"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_with_failure"),
        CheckConstraint("first_page >= 1 AND first_page <= number", name="window_begins_before"),
        CheckConstraint("attempt >= 0 AND stalled >= 0", name="attempts_from_0"),
        partial_index("ix_pages_due", "queue", "priority", "tenant", "document_id", "number", where=PAGE_DUE),
        partial_index("ix_pages_queued", "queue", "queued_at", where="state = 'queued'"),
        partial_index("ix_pages_lease_owner", "lease_owner", where="state = 'leased'"),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[PageState] = mapped_column(state_column(PageState, "state"))
    width: Mapped[float | None]
    height: Mapped[float | None]
    rotation: Mapped[int]
    words: Mapped[int]
    source: Mapped[TextSource] = mapped_column(state_column(TextSource, "source"))
    ink: Mapped[float]
    grid_columns: Mapped[int | None]
    grid_rows: Mapped[int | None]
    reader: Mapped[str | None] = mapped_column(Text)
    words_offset: Mapped[int] = mapped_column(BigInteger)
    words_length: Mapped[int] = mapped_column(BigInteger)
    failure: Mapped[dict[str, Any] | None]
    tenant: Mapped[str] = mapped_column(Text, server_default=text("'local'"))
    queue: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    #: number of the first page of its window: pages of one window are queued, leased and read together
    first_page: Mapped[int]
    queued_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    #: attempts in a row that ended without a word
    stalled: Mapped[int] = mapped_column(server_default=text("0"))


class ReadingRow(Base):
    """What a reader made of one window of a document."""

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("document_id", "first_page"),
        CheckConstraint("(body IS NULL) <> (body_key IS NULL)", name="one_body"),
        Index(None, "tenant", "reading_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    tenant: Mapped[str] = mapped_column(Text, server_default=text("'local'"))
    reading_key: Mapped[str] = mapped_column(String(64))
    reader: Mapped[str] = mapped_column(Text)
    reader_version: Mapped[str] = mapped_column(Text)
    #: 0: a document without pages
    first_page: Mapped[int]
    pages: Mapped[list[Any]]
    complete: Mapped[bool]
    body: Mapped[str | None] = mapped_column(Text)
    body_key: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class ExtractionRow(Base):
    """One revision of a document's extraction."""

    __tablename__ = "extractions"
    __table_args__ = (
        UniqueConstraint("document_id", "revision"),
        CheckConstraint("(body IS NULL) <> (body_key IS NULL)", name="one_body"),
        CheckConstraint("revision >= 1", name="revision_from_1"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    tenant: Mapped[str] = mapped_column(Text, server_default=text("'local'"))
    revision: Mapped[int]
    #: the document's state that this revision led to
    state: Mapped[DocumentState] = mapped_column(state_column(DocumentState, "state"))
    #: who corrected or confirmed it; NULL: made of readings
    author: Mapped[str | None] = mapped_column(Text)
    # text: JSONB would lose the order of the record's fields
    body: Mapped[str | None] = mapped_column(Text)
    body_key: Mapped[str | None] = mapped_column(Text)
    tables: Mapped[list[Any] | None]
    created_at: Mapped[datetime]


class SealedPasswordsRow(Base):
    """What opens the encrypted documents of a job, sealed with a key that the database never sees."""

    __tablename__ = "sealed_passwords"
    __table_args__ = (Index(None, "key_id"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    #: tells which key opens it, and nothing of the key
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[str] = mapped_column(Text)


SCHEMAS = Base.metadata.tables["schemas"]
JOBS = Base.metadata.tables["jobs"]
DOCUMENTS = Base.metadata.tables["documents"]
PAGES = Base.metadata.tables["pages"]
READINGS = Base.metadata.tables["readings"]
EXTRACTIONS = Base.metadata.tables["extractions"]
SEALED_PASSWORDS = Base.metadata.tables["sealed_passwords"]
