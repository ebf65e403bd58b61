"""What those who review see: documents that ask for a person, revisions of their extractions. Knows no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from docproc.services.records import Document, StoredExtraction
from docproc.services.upkeep_records import Deed

#: events that are told of a document that somebody reviewed
CORRECTED, CONFIRMED = "document.corrected", "document.confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """Which documents are meant; None: any that needs review."""

    job_id: UUID | None = None
    #: `name`, or `name@version`
    schema: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An extraction as it was at one time."""

    extraction: StoredExtraction
    #: who made it; None: docproc, of readings
    author: str | None
    created_at: datetime

    @property
    def number(self) -> int:
        return self.extraction.revision


class ReviewStore(Protocol):
    """Documents that need review, and the revisions of their extractions, which are only added to."""

    def waiting(
        self, tenant: str, *, wanted: ReviewFilter, after: UUID | None = None, limit: int = 50
    ) -> Sequence[Document]:
        """Documents that need review behind the one `after`, oldest first."""
        ...

    def document(self, document_id: UUID, *, tenant: str) -> Document:
        """Raises NotFoundError."""
        ...

    def revisions(self, document_id: UUID, *, tenant: str) -> Sequence[Revision]:
        """Oldest first."""
        ...

    def revise(self, extraction: StoredExtraction, *, of: Document, kind: str, deed: Deed) -> Document:
        """Add the revision behind `extraction.revision`, tell it as an event of `kind`, and note the deed.

        Raises StaleError when it is no longer the newest, ConflictError when the document is being worked on.
        """
        ...
