"""What the stores keep, as plain values: jobs, documents, pages, claims. Knows no database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from docproc.domain import ids
from docproc.domain.document import DocumentState, JobState, MediaType, PageRanges
from docproc.domain.extraction import ContainerFacts, PageFacts
from docproc.domain.failure import Failure, Phase
from docproc.domain.page import PageState
from docproc.domain.reading import Usage
from docproc.domain.states import FINAL_DOCUMENT_STATES, job_state
from docproc.services.errand_records import Callback

#: whose rows and blobs these are, until there are several
LOCAL_TENANT = ids.LOCAL_TENANT


#: pages that are still to be read
OPEN_PAGE_STATES = (PageState.WAITING, PageState.QUEUED, PageState.LEASED)

#: the step that a document is in, by its state
PHASES: Mapping[DocumentState, Phase] = {
    DocumentState.RECEIVED: Phase.INTAKE,
    DocumentState.PREPARING: Phase.PREPARE,
    DocumentState.READING: Phase.READ,
    DocumentState.ASSEMBLING: Phase.ASSEMBLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How the documents of a job are to be read."""

    reader: str = "auto"
    pages: PageRanges = None
    #: order of numeric dates; None: let the schema or the document tell
    day_first: bool | None = None
    #: copy the originals into the blob store instead of pointing at them
    keep_originals: bool = False
    #: passwords were given; what they are is nothing that a job's row may say
    passwords: bool = False
    #: take what an earlier job read from the same bytes under the same schema, reader and options
    reuse: bool = True
    #: documents worked on at the same time; None: as the settings say
    workers: int | None = None
    #: the model of workers that `reader` leaves pages to; None: what the settings of who reads say
    model: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        pages = stored.get("pages")
        ranges = None if pages is None else tuple((first, last) for first, last in pages)
        return cls(**{**stored, "pages": ranges})


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaVersion:
    """An extraction schema as a job was submitted with it."""

    name: str
    version: int
    #: of the canonical JSON: tells whether it is still the same
    sha256: str
    #: how another process loads it again
    reference: str
    #: what it can be compiled from, where its name does not lead to it
    json_schema: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job before it has documents."""

    id: UUID
    schema: SchemaVersion
    options: JobOptions
    #: the paths as the user gave them, made absolute: how an interrupted submission goes on
    inputs: tuple[str, ...] = ()
    recursive: bool = False
    tenant: str = LOCAL_TENANT
    #: where workers read its pages; None: whoever runs the job works on it in one process
    queue: str | None = None
    #: higher comes first
    priority: int = 0
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: it is deleted so many days after its end; None: as its tenant wants it
    keep_days: int | None = None
    callback: Callback | None = None
    #: kept for the workers, from before the first document is added
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What makes a submission that is sent again the same submission."""

    key: str
    #: of everything that was asked for: the same key with another request is a mistake
    request_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The bytes of a document: where they lie and how to tell that they are still the same."""

    #: absolute path of the file as it was submitted; in a container: the container's, and the path in it
    path: str
    sha256: str | None = None
    media_type: MediaType | None = None
    byte_count: int | None = None
    #: modification time when it was hashed, nanoseconds
    modified_ns: int | None = None
    #: of the kept copy
    blob_key: str | None = None
    #: what it came in; its bytes are then nowhere but in the kept copy
    container: ContainerFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document as it is submitted; one that intake refused carries its failure."""

    id: UUID
    #: path relative to the argument given
    file: str
    original: Original
    failure: Failure | None = None
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCounts:
    """total = read + blank + failed + canceled + open, always."""

    total: int = 0
    read: int = 0
    blank: int = 0
    failed: int = 0
    canceled: int = 0
    open: int = 0

    @property
    def done(self) -> int:
        return self.total - self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCounts:
    """How many documents of a job are in which state; the sum is the total."""

    received: int = 0
    preparing: int = 0
    reading: int = 0
    assembling: int = 0
    succeeded: int = 0
    needs_review: int = 0
    failed: int = 0
    canceled: int = 0

    def of(self, state: DocumentState) -> int:
        count: int = getattr(self, state.value)
        return count

    @property
    def total(self) -> int:
        return sum(self.of(state) for state in DocumentState)

    @property
    def done(self) -> int:
        return sum(self.of(state) for state in FINAL_DOCUMENT_STATES)

    @property
    def open(self) -> int:
        return self.total - self.done

    @property
    def job_state(self) -> JobState:
        return job_state(state for state in DocumentState if self.of(state))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands."""

    id: UUID
    tenant: str
    schema: SchemaVersion
    options: JobOptions
    inputs: tuple[str, ...]
    recursive: bool
    queue: str | None
    priority: int
    external_id: str | None
    metadata: Mapping[str, Any]
    created_at: datetime
    #: every file has its document row; None: the submission was interrupted
    submitted_at: datetime | None
    cancel_requested_at: datetime | None
    finished_at: datetime | None
    documents: DocumentCounts
    pages: PageCounts

    @property
    def state(self) -> JobState:
        if self.cancel_requested_at is not None and not self.documents.total:
            return JobState.CANCELED
        return self.documents.job_state

    @property
    def resumable(self) -> bool:
        """Something is left to do, and nobody asked for it not to be done."""
        return self.cancel_requested_at is None and (self.submitted_at is None or self.documents.open > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentPlace:
    """Where an attachment lies in the words blob of its document."""

    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it stands."""

    id: UUID
    job_id: UUID
    tenant: str
    #: place in the order of submission, from 0
    position: int
    file: str
    original: Original
    external_id: str | None
    metadata: Mapping[str, Any]
    state: DocumentState
    failure: Failure | None
    attempt: int
    page_count: int | None
    pages: PageCounts
    words_key: str | None
    attachments: tuple[AttachmentPlace, ...]
    #: time that the work took, without waiting
    seconds: float
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on a document, until the lease ends or another attempt begins."""

    document: Document
    owner: str
    #: nothing may be written once the row has another number
    attempt: int
    #: for the step that the document is in alone: with its end the lease ends too, and the next step is due
    one_step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage:
    """One page with its facts, and where its words lie in the words blob."""

    facts: PageFacts
    ink: float = 0.0
    offset: int = 0
    #: 0: there are no words to load
    length: int = 0
    failure: Failure | None = None
    #: number of the first page of its window; None: not decided yet
    first_page: int | None = None
    #: how often a worker leased it
    attempt: int = 0

    @property
    def state(self) -> PageState:
        return self.facts.state


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClaim:
    """The right to read some pages of a document together, until the lease of any of them ends."""

    document: Document
    owner: str
    #: with the number of the attempt that this is for each
    pages: tuple[PreparedPage, ...]

    @property
    def attempt(self) -> int:
        return max(page.attempt for page in self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """A document taken apart: pages, words, attachments."""

    #: what it depended on besides the bytes; another document with the same one can take it over
    fingerprint: str
    #: of the whole file, also when only some pages were asked for
    page_count: int
    words_key: str
    attachments: tuple[AttachmentPlace, ...]
    pages: tuple[PreparedPage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """JSON text: in the row when short, else in a blob."""

    text: str | None = None
    blob_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """What is kept of a window's reading."""

    #: names everything that the reading depends on
    reading_key: str
    reader: str
    reader_version: str
    pages: tuple[int, ...]
    #: it speaks for the whole document
    complete: bool
    body: Body
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpilledTable:
    """A long table that lies outside its extraction: JSON lines in a blob, one row a line."""

    path: str
    rows: int
    blob_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExtraction:
    """A document's extraction as it is kept; a correction is the next revision."""

    #: from 1; 0: not stored yet
    revision: int = 0
    state: DocumentState
    body: Body
    tables: tuple[SpilledTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The receipt of a deletion."""

    jobs: int = 0
    documents: int = 0
    rows: int = 0
    blobs: int = 0
    byte_count: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        mine, theirs = asdict(self), asdict(other)
        return Removed(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedDocument:
    """A document that is gone: what a receipt says of it."""

    id: UUID
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What is deleted with the rows of a job, and by whom: the facts of a receipt."""

    tenant: str
    job_id: UUID
    by: str
    #: gone already
    blobs: Removed
    documents: tuple[ErasedDocument, ...]
    exports: tuple[UUID, ...]
