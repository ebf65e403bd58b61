"""The table of the ledger of watched places, on SQLite and Postgres alike. Knows no query."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from docproc.services.ledger_records import EntryState, Trouble
from docproc.storage.columns import Base, PathText, partial_index, state_column

ENTRY_OPEN = "state IN ('claimed', 'submitted', 'delivering')"


class WatchedFileRow(Base):
    """One version of one file of a watched place, and which watcher has it."""

    __tablename__ = "watched_files"
    __table_args__ = (
        CheckConstraint("(lease_owner IS NULL) = (lease_expires_at IS NULL)", name="lease_is_whole"),
        CheckConstraint(f"{ENTRY_OPEN} OR lease_owner IS NULL", name="final_at_rest"),
        CheckConstraint(f"({ENTRY_OPEN}) = (finished_at IS NULL)", name="finished_when_final"),
        CheckConstraint("state NOT IN ('submitted', 'delivering') OR job_id IS NOT NULL", name="submitted_as_a_job"),
        CheckConstraint("state <> 'gone' OR NOT standing", name="gone_does_not_stand"),
        CheckConstraint("attempt >= 0 AND tries >= 0", name="attempts_from_0"),
        # one entry for each version that lies there; where a file was taken away, the same one may come again
        Index(
            "uq_watched_files_standing",
            "tenant",
            "place",
            "path_hash",
            "byte_count",
            "modified_ns",
            "identity",
            unique=True,
            sqlite_where=text("standing"),
            postgresql_where=text("standing"),
        ),
        partial_index("ix_watched_files_due", "tenant", "place", "due_at", where=ENTRY_OPEN),
        partial_index("ix_watched_files_lease_owner", "lease_owner", where="lease_owner IS NOT NULL"),
        Index("ix_watched_files_content", "tenant", "place", "sha256", "id"),
        Index(None, "tenant", "place", "state"),
        Index(None, "tenant", "finished_at"),
    )

    #: also of its job, where the job is in this database
    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(PathText)
    path: Mapped[str] = mapped_column(PathText)
    #: for the index: no index of a server takes a path of any length
    path_hash: Mapped[str] = mapped_column(String(64), server_default=text("''"))
    identity: Mapped[str] = mapped_column(Text)
    byte_count: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[bool]
    sha256: Mapped[str | None] = mapped_column(String(64))
    #: what the settings make of a file, hashed: the same bytes read otherwise are no duplicate. None: in older rows
    read_as: Mapped[str | None] = mapped_column(String(64))
    duplicate_of: Mapped[UUID | None]
    state: Mapped[EntryState] = mapped_column(state_column(EntryState, "state"))
    job_id: Mapped[UUID | None]
    trouble: Mapped[Trouble | None] = mapped_column(state_column(Trouble, "trouble"))
    #: what is full, shut or away; text, for it tells people and decides nothing
    trouble_where: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[datetime]
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    seen_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


WATCHED_FILES = Base.metadata.tables["watched_files"]
