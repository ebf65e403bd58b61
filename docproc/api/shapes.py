"""What the API answers with, as pydantic types: jobs, documents, pages, exports. Knows no store."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from docproc.domain.document import DocumentState, JobState, MediaType
from docproc.domain.extraction import Extraction, PageFacts
from docproc.domain.failure import Failure
from docproc.services.errand_records import ErrandState, Export
from docproc.services.records import Document, Job

T = TypeVar("T")

#: of an answer that is a file
BINARY = {"type": "string", "format": "binary"}

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


class PageCountsShape(Shape):
    """total = read + blank + failed + canceled + open, always."""

    total: int
    read: int
    blank: int
    failed: int
    canceled: int
    open: int


class DocumentCountsShape(Shape):
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


class JobShape(Shape):
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
    documents: DocumentCountsShape
    pages: PageCountsShape

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            id=job.id,
            state=job.state,
            extraction_schema=job.schema.label,
            reader=job.options.reader,
            priority=job.priority,
            external_id=job.external_id,
            metadata=dict(job.metadata),
            created_at=job.created_at,
            submitted_at=job.submitted_at,
            cancel_requested_at=job.cancel_requested_at,
            finished_at=job.finished_at,
            documents=DocumentCountsShape(total=job.documents.total, **asdict(job.documents)),
            pages=PageCountsShape(**asdict(job.pages)),
        )


class JobDetailShape(JobShape):
    """A job, with what it waits for."""

    waiting_for: Annotated[
        str | None, Field(description="What has to be there before its pages move; null: nothing is missing.")
    ] = None
    failures: Annotated[
        dict[str, int], Field(description="How many documents failed, by code; see docs/errors.md.")
    ] = {}


class SubmittedShape(JobShape):
    """A job that was submitted, with its records when they were ready in time."""

    extractions: Annotated[
        list[Extraction] | None,
        Field(description="With `wait`: one for each document. Null: not ready yet, or too many to answer with."),
    ] = None


class DocumentShape(Shape):
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
    media_type: MediaType | None
    byte_count: int | None
    page_count: Annotated[int | None, Field(description="Of the whole file; null before it was taken apart.")]
    pages: PageCountsShape
    attempts: Annotated[int, Field(description="How often work on it began.")]
    seconds: Annotated[float, Field(description="Time that the work took, without waiting.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, document: Document) -> Self:
        original = document.original
        return cls(
            id=document.id,
            job_id=document.job_id,
            position=document.position,
            file=document.file,
            external_id=document.external_id,
            metadata=dict(document.metadata),
            state=document.state,
            failure=document.failure,
            sha256=original.sha256,
            media_type=original.media_type,
            byte_count=original.byte_count,
            page_count=document.page_count,
            pages=PageCountsShape(**asdict(document.pages)),
            attempts=document.attempt,
            seconds=document.seconds,
            created_at=document.created_at,
            started_at=document.started_at,
            finished_at=document.finished_at,
        )


class PageShape(PageFacts):
    """One page: how it stands, and why it failed if it did."""

    failure: Failure | None = None


class ExportShape(Shape):
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

    @classmethod
    def of(cls, export: Export) -> Self:
        return cls(
            id=export.id,
            job_id=export.job_id,
            format=export.format,
            dialect=export.dialect,
            state=export.state,
            byte_count=export.byte_count,
            records=export.records,
            failure=export.failure,
            created_at=export.created_at,
            finished_at=export.finished_at,
        )


class RemovedShape(Shape):
    """The receipt of a deletion."""

    jobs: int
    documents: int
    rows: int
    blobs: int
    byte_count: int


def listed(items: Sequence[T], *, limit: int, cursor: str | None) -> Listed[T]:
    """`cursor` is of the last item; there is more when the page is full."""
    return Listed(items=list(items), next_cursor=cursor if len(items) >= limit else None)
