"""What travels between a docproc server and its clients, as pydantic types. Knows no server and no store."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from docproc.domain.document import DocumentState, JobState, MediaType
from docproc.domain.errand import ErrandState
from docproc.domain.extraction import ContainerFacts, Extraction, PageFacts
from docproc.domain.failure import Failure

T = TypeVar("T")

_ID = "019a7f3e-5f00-7c21-9b1d-0c7a52e6a001"


class Shape(BaseModel):
    """Everything that is answered."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Listed(Shape, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: Annotated[
        str | None, Field(description="Give it as `cursor` for what follows; null: that was all.")
    ] = None


class PageCounts(Shape):
    """total = read + blank + failed + canceled + open, always."""

    total: int
    read: int
    blank: int
    failed: int
    canceled: int
    open: int

    @property
    def done(self) -> int:
        return self.total - self.open


class DocumentCounts(Shape):
    """How many documents of a job are in which state; the sum is the total."""

    total: int
    received: int
    preparing: int
    reading: int
    assembling: int
    succeeded: int
    needs_review: int
    failed: int
    canceled: int

    @property
    def done(self) -> int:
        return self.succeeded + self.needs_review + self.failed + self.canceled


class JobFacts(Shape):
    """A job as it stands."""

    id: Annotated[UUID, Field(examples=[_ID])]
    state: JobState
    extraction_schema: Annotated[str, Field(alias="schema", description="name@version", examples=["invoice@1"])]
    reader: Annotated[str, Field(examples=["auto"])]
    priority: int
    external_id: str | None
    metadata: dict[str, Any]
    created_at: datetime
    submitted_at: Annotated[datetime | None, Field(description="Null: its submission is under way, or broke off.")]
    cancel_requested_at: datetime | None
    finished_at: datetime | None
    documents: DocumentCounts
    pages: PageCounts


class JobDetail(JobFacts):
    """A job, with what it waits for."""

    waiting_for: Annotated[
        str | None, Field(description="What has to be there before its pages move; null: nothing is missing.")
    ] = None
    failures: Annotated[
        dict[str, int], Field(description="How many documents failed, by code; see docs/errors.md.")
    ] = {}


class SubmittedJob(JobFacts):
    """A job that was submitted, with its records when they were ready in time."""

    extractions: Annotated[
        list[Extraction] | None,
        Field(
            description="One for each document, when the request asked to `wait` and its key may read records. "
            "Null otherwise, and when they were not ready in time or are too many."
        ),
    ] = None


class RetriedJob(JobFacts):
    """A job whose failed documents are read again."""

    received: Annotated[int, Field(description="How many documents are read again.")]


class DocumentFacts(Shape):
    """A document as it stands."""

    id: Annotated[UUID, Field(examples=[_ID])]
    job_id: UUID
    position: Annotated[int, Field(description="Place in the order of submission, from 0.")]
    file: Annotated[str, Field(examples=["bill.pdf"])]
    external_id: str | None
    metadata: dict[str, Any]
    state: DocumentState
    failure: Failure | None
    sha256: str | None
    container: Annotated[ContainerFacts | None, Field(description="The archive or mail that it came in.")] = None
    media_type: MediaType | None
    byte_count: int | None
    page_count: Annotated[int | None, Field(description="Of the whole file; null before it was taken apart.")]
    pages: PageCounts
    attempts: Annotated[int, Field(description="How often work on it began.")]
    seconds: Annotated[float, Field(description="Time that the work took, without waiting.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class PageDetail(PageFacts):
    """One page: how it stands, and why it failed if it did."""

    failure: Failure | None = None


class ExportFacts(Shape):
    """A job's records as one file."""

    id: Annotated[UUID, Field(examples=[_ID])]
    job_id: UUID
    format: Annotated[str, Field(examples=["xlsx"])]
    dialect: str
    state: Annotated[ErrandState, Field(description="`succeeded`: it can be downloaded.")]
    byte_count: int | None
    records: int | None
    failure: Failure | None
    created_at: datetime
    finished_at: datetime | None


class UploadPlace(Shape):
    """Where the bytes of an announced file go."""

    upload_id: Annotated[str, Field(description="For `documents` of POST /v1/jobs.")]
    there: Annotated[bool, Field(description="You sent these bytes before: nothing is left to send.")]
    method: str = "PUT"
    url: Annotated[str | None, Field(description="Of the store, or of this API, then with the same key.")]
    headers: Annotated[dict[str, str], Field(description="Send them along.")]
    expires_s: int


class Removed(Shape):
    """The receipt of a deletion."""

    jobs: int
    documents: int
    rows: int
    blobs: int
    byte_count: int


class JobEvent(Shape):
    """Something that happened to a job; numbers begin at 1 and have no gap."""

    number: int
    kind: Annotated[str, Field(examples=["document.succeeded"])]
    job_id: UUID
    document_id: UUID | None
    happened_at: datetime


class Progress(Shape):
    """How far a job is; told from rows alone, so everybody who watches is told the same."""

    job_id: UUID
    documents: DocumentCounts
    pages: PageCounts
    pages_per_s: float | None
    seconds_left: Annotated[float | None, Field(description="At the pace so far; null when that tells nothing.")]
    jobs_ahead: Annotated[int, Field(description="Unfinished jobs of the same queue that are served before it.")]
    pages_ahead: int


class FieldProblem(BaseModel):
    """One part of a request that cannot be used."""

    place: Annotated[str, Field(description="Where in the request.", examples=["body.priority"])]
    problem: Annotated[str, Field(examples=["Input should be less than or equal to 100"])]


class Problem(BaseModel):
    """What was wrong, for programs (`code`) and for people (`detail`); problem+json, RFC 9457."""

    type: Annotated[str, Field(examples=["urn:docproc:problem:not_found"])]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    code: Annotated[str, Field(description="Never changes its meaning; see docs/errors.md.", examples=["not_found"])]
    detail: Annotated[str, Field(examples=["there is no job 019a0000-0000-7000-8000-000000000000"])]
    errors: Annotated[
        list[FieldProblem] | None, Field(description="With `invalid_request`: every part that is wrong.")
    ] = None
    request_id: Annotated[
        str | None, Field(description="Name it when you ask for help: the server's log has it too.")
    ] = None
