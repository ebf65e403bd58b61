"""What those who look after a service see, as plain values. Knows no database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.failure import Failure, FailureCode

#: what an audit entry says of whose it is when it is about the whole service
WHOLE_SERVICE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who did what to what; never a field value."""

    tenant: str
    actor: str
    action: str
    subject: str


@dataclass(frozen=True, slots=True, order=True)
class DeadPlace:
    """A failed document, or a failed page of one: how it is named and where it stands in the list."""

    document_id: UUID
    #: 0: the document itself
    page: int = 0

    def __str__(self) -> str:
        return f"{self.document_id}/{self.page}" if self.page else str(self.document_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadFilter:
    """Which failed things are meant; None: any."""

    job_id: UUID | None = None
    code: FailureCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnd:
    """A failed page or document with everything that tells why; no field value."""

    place: DeadPlace
    job_id: UUID
    tenant: str
    file: str
    #: of the document
    state: DocumentState
    reader: str
    queue: str | None
    failure: Failure | None
    #: how often workers tried: the page, or a step of the document
    attempts: int
    sha256: str | None
    byte_count: int | None
    page_count: int | None
    #: of the document
    pages_failed: int
    #: of the page: where its window begins, what stands on it
    first_page: int | None = None
    words: int | None = None
    finished_at: datetime | None = None
