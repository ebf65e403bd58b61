"""Jobs: listed, looked at, their records streamed, canceled, tried again, deleted."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from docproc.api import cursors
from docproc.api.asks import Moment, Password, ShortText
from docproc.api.audits import note
from docproc.api.callers import Admin, Follower, Reader, Submitter, TheFace
from docproc.api.problems import problems
from docproc.api.shown import document_facts, job_detail, job_facts, listed, removed, retried_job
from docproc.api.streams import in_chunks
from docproc.client.types import DocumentFacts, JobDetail, JobFacts, Listed, Removed, RetriedJob
from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import UsageError
from docproc.services.answering import job_lines
from docproc.services.cancel import cancel as cancel_job
from docproc.services.catalog import DocumentFilter, JobFilter
from docproc.services.delete import delete as delete_job
from docproc.services.retry import retry as receive_again
from docproc.services.show import show_job
from docproc.services.storable import storable
from docproc.services.waiting import waiting_of

routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Limit = Annotated[int, Field(ge=1, le=200, description="At most so many.")]
Cursor = Annotated[str | None, Field(max_length=300, description="`next_cursor` of the page before.")]
_Word = Annotated[str, AfterValidator(storable)]


class JobQuery(BaseModel):
    """Which jobs, and how many at a time."""

    model_config = ConfigDict(extra="forbid")

    state: JobState | None = None
    extraction_schema: Annotated[
        ShortText | None, Field(alias="schema", description="`name` or `name@version`.", examples=["invoice"])
    ] = None
    external_id: ShortText | None = None
    metadata: Annotated[
        list[_Word],
        Field(description="`name:value`, once or more: all of them stand in the job's metadata.", max_length=10),
    ] = []
    since: Annotated[Moment | None, Field(description="Created then or later.")] = None
    before: Annotated[Moment | None, Field(description="Created earlier than that.")] = None
    limit: Limit = 50
    cursor: Cursor = None

    def filter(self) -> JobFilter:
        return JobFilter(
            state=self.state,
            schema=self.extraction_schema,
            external_id=self.external_id,
            metadata=dict(map(_pair, self.metadata)),
            since=self.since,
            before=self.before,
        )


@routes.get("", response_model=Listed[JobFacts])
def list_jobs(face: TheFace, key: Reader, asked: Annotated[JobQuery, Query()]) -> Listed[JobFacts]:
    """List jobs, newest first."""
    after = cursors.job_place(asked.cursor)
    found = face.desk.front.catalog.jobs(key.tenant, wanted=asked.filter(), after=after, limit=asked.limit)
    last = cursors.cursor_of(found[-1].created_at.isoformat(), found[-1].id) if found else None
    return listed([job_facts(job) for job in found], limit=asked.limit, cursor=last)


def _pair(word: str) -> tuple[str, str]:
    name, colon, value = word.partition(":")
    if not (name and colon):
        raise UsageError("metadata is asked for as name:value")
    return name, value


@routes.get("/{job_id}", response_model=JobDetail, responses=problems(404))
def get_job(job_id: UUID, face: TheFace, key: Follower) -> JobDetail:
    """A job as it stands: its counts, what it waits for, why documents failed."""
    detail = show_job(face.desk.stores, job_id, tenant=key.tenant)
    waits = waiting_of(detail.job, face.desk.work)
    return job_detail(detail, waiting_for=waits)


class DocumentQuery(BaseModel):
    """Which documents of a job, and how many at a time."""

    model_config = ConfigDict(extra="forbid")

    state: DocumentState | None = None
    external_id: ShortText | None = None
    limit: Limit = 50
    cursor: Cursor = None


@routes.get("/{job_id}/documents", response_model=Listed[DocumentFacts], responses=problems(404))
def list_documents(
    job_id: UUID, face: TheFace, key: Reader, asked: Annotated[DocumentQuery, Query()]
) -> Listed[DocumentFacts]:
    """Documents of a job in the order of submission."""
    job = face.desk.stores.jobs.get(job_id, tenant=key.tenant)
    wanted = DocumentFilter(state=asked.state, external_id=asked.external_id)
    after = cursors.position(asked.cursor)
    found = face.desk.front.catalog.documents(job, wanted=wanted, after=after, limit=asked.limit)
    last = cursors.cursor_of(found[-1].position) if found else None
    return listed([document_facts(document) for document in found], limit=asked.limit, cursor=last)


@routes.get(
    "/{job_id}/results",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One extraction a line, for each document that has ended",
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
        },
        **problems(404, 410),
    },
)
def get_results(job_id: UUID, face: TheFace, key: Reader) -> StreamingResponse:
    """The records of a job as JSON lines, as often as you ask: also while it runs, then of those that have ended."""
    job = face.desk.stores.jobs.get(job_id, tenant=key.tenant)
    note(face, key, "record.read", job.id)
    lines = in_chunks(job_lines(face.desk.stores, job, schema_of=face.schema_of))
    return StreamingResponse(lines, media_type="application/jsonl")


@routes.post("/{job_id}/cancel", response_model=JobFacts, responses=problems(404, 409))
def cancel(job_id: UUID, face: TheFace, key: Submitter) -> JobFacts:
    """Cancel a job: what waits ends at once, what is worked on at its next page. Once more changes nothing."""
    job = cancel_job(face.desk.stores, job_id, owners=face.desk.owners, tenant=key.tenant)
    note(face, key, "job.cancel", job_id)
    face.wake()
    return job_facts(job)


class RetryAsk(BaseModel):
    """What a new attempt may need."""

    model_config = ConfigDict(extra="forbid")

    password: Annotated[Password | None, Field(description="Of encrypted documents, besides the earlier.")] = None


@routes.post("/{job_id}/retry", response_model=RetriedJob, responses=problems(404, 409))
def retry(job_id: UUID, face: TheFace, key: Submitter, asked: RetryAsk | None = None) -> RetriedJob:
    """Read failed documents again, and those of which pages failed; what was read well is not read again."""
    passwords = () if asked is None or asked.password is None else (asked.password.get_secret_value(),)
    received = receive_again(face.desk.stores, job_id, tenant=key.tenant, passwords=passwords)
    note(face, key, "job.retry", job_id)
    face.wake()
    now = face.desk.stores.jobs.get(job_id, tenant=key.tenant)
    return retried_job(now, received=received)


@routes.delete("/{job_id}", response_model=Removed, responses=problems(404, 409))
def delete(job_id: UUID, face: TheFace, key: Admin) -> Removed:
    """Delete a job with everything kept of its documents; the answer is the receipt. Cancel it first if it runs."""
    gone = delete_job(face.desk.stores, job_id, owners=face.desk.owners, tenant=key.tenant, by=key.actor)
    note(face, key, "job.delete", job_id)
    return removed(gone)
