"""Looks things up for those who ask a service: jobs, documents, events, each bound to a tenant. Changes nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, func, null, or_, select

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import NotFoundError
from docproc.services.catalog import DocumentFilter, JobEvent, JobFilter, JobPlace, Pace, Pulse
from docproc.services.records import Document, Job
from docproc.storage.changes import OPEN_DOCUMENT_STATES
from docproc.storage.database import Database
from docproc.storage.jobs import job_with_schema, jobs_with_schemas
from docproc.storage.rows import document_counts, document_of, page_counts
from docproc.storage.service_tables import EVENTS
from docproc.storage.tables import DOCUMENTS, JOBS, SCHEMAS


class SqlCatalog:
    """What a database says to those who ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def jobs(self, tenant: str, *, wanted: JobFilter, after: JobPlace | None, limit: int) -> Sequence[Job]:
        statement = jobs_with_schemas(null()).where(JOBS.c.tenant == tenant, *_terms(wanted))
        if after is not None:
            # spelt out: a comparison of rows would bind its values without their types
            earlier = and_(JOBS.c.created_at == after.created_at, JOBS.c.id < after.id)
            statement = statement.where(or_(JOBS.c.created_at < after.created_at, earlier))
        newest = statement.order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [job_with_schema(row) for row in connection.execute(newest)]

    def documents(self, job: Job, *, wanted: DocumentFilter, after: int, limit: int) -> Sequence[Document]:
        statement = select(DOCUMENTS).where(DOCUMENTS.c.job_id == job.id, DOCUMENTS.c.position > after)
        if wanted.state is not None:
            statement = statement.where(DOCUMENTS.c.state == wanted.state)
        if wanted.external_id is not None:
            statement = statement.where(DOCUMENTS.c.external_id == wanted.external_id)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(DOCUMENTS.c.position).limit(limit))
            return [document_of(row) for row in rows]

    def document(self, document_id: UUID, *, tenant: str) -> Document:
        mine = (DOCUMENTS.c.id == document_id, DOCUMENTS.c.tenant == tenant)
        with self._database.read() as connection:
            row = connection.execute(select(DOCUMENTS).where(*mine)).first()
        if row is None:
            raise NotFoundError(f"there is no document {document_id}")
        return document_of(row)

    def events(self, job_id: UUID, *, after: int, limit: int) -> Sequence[JobEvent]:
        statement = select(EVENTS).where(EVENTS.c.job_id == job_id, EVENTS.c.number > after)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(EVENTS.c.number).limit(limit))
            return [
                JobEvent(number=row.number, kind=row.kind, document_id=row.document_id, happened_at=row.happened_at)
                for row in rows
            ]

    def pulses(self, job_ids: Collection[UUID]) -> Mapping[UUID, Pulse]:
        with self._database.read() as connection:
            rows = connection.execute(select(JOBS).where(JOBS.c.id.in_(job_ids)))
            return {
                row.id: Pulse(
                    events=row.events,
                    documents=document_counts(row),
                    pages=page_counts(row),
                    submitted=row.submitted_at is not None,
                    canceled=row.cancel_requested_at is not None,
                    finished_at=row.finished_at,
                )
                for row in rows
            }

    def pace(self, job: Job) -> Pace:
        same_queue = JOBS.c.queue.is_(None) if job.queue is None else JOBS.c.queue == job.queue
        open_documents = sum((JOBS.c[f"documents_{state}"] for state in OPEN_DOCUMENT_STATES[1:]), _first_open())
        earlier = and_(JOBS.c.priority == job.priority, JOBS.c.created_at < job.created_at)
        ahead = (
            select(func.count(), func.coalesce(func.sum(JOBS.c.pages_open), 0))
            .where(same_queue, JOBS.c.finished_at.is_(None), JOBS.c.cancel_requested_at.is_(None), open_documents > 0)
            .where(or_(JOBS.c.priority > job.priority, earlier))
        )
        began = select(func.min(DOCUMENTS.c.started_at)).where(DOCUMENTS.c.job_id == job.id)
        with self._database.read() as connection:
            jobs, pages = connection.execute(ahead).one()
            started_at = connection.scalar(began)
            now = self._database.now(connection)
        return Pace(jobs_ahead=jobs, pages_ahead=int(pages), started_at=started_at, now=now)


def _first_open() -> ColumnElement[int]:
    return JOBS.c[f"documents_{OPEN_DOCUMENT_STATES[0]}"]


def _terms(wanted: JobFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield _is_in(wanted.state)
    if wanted.schema is not None:
        name, _, version = wanted.schema.partition("@")
        yield SCHEMAS.c.name == name
        if version:
            yield cast(SCHEMAS.c.version, Text) == version
    if wanted.external_id is not None:
        yield JOBS.c.external_id == wanted.external_id
    for key, value in wanted.metadata.items():
        yield JOBS.c.metadata[key].as_string() == value
    if wanted.since is not None:
        yield JOBS.c.created_at >= wanted.since
    if wanted.before is not None:
        yield JOBS.c.created_at < wanted.before


def _is_in(state: JobState) -> ColumnElement[bool]:
    """What `domain.states.job_state` and `Job.state` say, as a question to the rows."""
    count = {each: JOBS.c[f"documents_{each}"] for each in DocumentState}
    total = JOBS.c.documents_total
    begun = sum((count[each] for each in OPEN_DOCUMENT_STATES[1:]), count[OPEN_DOCUMENT_STATES[0]])
    usable = count[DocumentState.SUCCEEDED] + count[DocumentState.NEEDS_REVIEW]
    asked = JOBS.c.cancel_requested_at.is_not(None)
    only_received = count[DocumentState.RECEIVED] == total
    ended = and_(total > 0, begun == 0)
    match state:
        case JobState.QUEUED:
            return and_(only_received, or_(total > 0, ~asked))
        case JobState.RUNNING:
            return and_(begun > 0, ~only_received)
        case JobState.SUCCEEDED:
            return and_(ended, usable == total)
        case JobState.PARTIAL:
            return and_(ended, usable > 0, usable < total)
        case JobState.FAILED:
            return and_(ended, usable == 0, count[DocumentState.FAILED] > 0)
        case JobState.CANCELED:
            none_failed = and_(ended, usable == 0, count[DocumentState.FAILED] == 0)
            return or_(and_(total == 0, asked), none_failed)
