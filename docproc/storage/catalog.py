"""Looks things up for those who ask a service: jobs, documents, events, each bound to a tenant. Changes nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, null, or_, select

from docproc.services.catalog import DocumentFilter, JobEvent, JobFilter, JobPlace, Pace, Pulse
from docproc.services.records import Document, Job
from docproc.storage.changes import OPEN_DOCUMENT_STATES
from docproc.storage.database import Database
from docproc.storage.documents import find_document
from docproc.storage.jobs import job_with_schema, jobs_with_schemas
from docproc.storage.list_terms import behind, has_metadata, is_schema, job_is
from docproc.storage.rows import document_counts, document_of, page_counts
from docproc.storage.service_tables import EVENTS
from docproc.storage.tables import DOCUMENTS, JOBS, SCHEMAS


class SqlCatalog:
    """What a database says to those who ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def jobs(self, tenant: str, *, wanted: JobFilter, after: JobPlace | None, limit: int) -> Sequence[Job]:
        terms = _terms(wanted, is_sqlite=self._database.is_sqlite)
        statement = jobs_with_schemas(null()).where(JOBS.c.tenant == tenant, *terms)
        if after is not None:
            statement = statement.where(behind(JOBS, after.created_at, after.id))
        newest = statement.order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [job_with_schema(row) for row in connection.execute(newest)]

    def documents(self, job: Job, *, wanted: DocumentFilter, after: int, limit: int) -> Sequence[Document]:
        # the tenant follows from the job, but indexes by what senders say begin with it
        mine = (DOCUMENTS.c.job_id == job.id, DOCUMENTS.c.tenant == job.tenant, DOCUMENTS.c.position > after)
        statement = select(DOCUMENTS).where(*mine, *self._document_terms(wanted))
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(DOCUMENTS.c.position).limit(limit))
            return [document_of(row) for row in rows]

    def _document_terms(self, wanted: DocumentFilter) -> Iterator[ColumnElement[bool]]:
        if wanted.state is not None:
            yield DOCUMENTS.c.state == wanted.state
        if wanted.schema is not None:
            of_schema = (
                select(JOBS.c.id).join(SCHEMAS, SCHEMAS.c.id == JOBS.c.schema_id).where(is_schema(wanted.schema))
            )
            yield DOCUMENTS.c.job_id.in_(of_schema)
        if wanted.external_id is not None:
            yield DOCUMENTS.c.external_id == wanted.external_id
        yield from has_metadata(DOCUMENTS.c.metadata, wanted.metadata, is_sqlite=self._database.is_sqlite)
        if wanted.since is not None:
            yield DOCUMENTS.c.created_at >= wanted.since
        if wanted.before is not None:
            yield DOCUMENTS.c.created_at < wanted.before

    def document(self, document_id: UUID, *, tenant: str) -> Document:
        return find_document(self._database, document_id, tenant=tenant)

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


def _terms(wanted: JobFilter, *, is_sqlite: bool) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield job_is(wanted.state)
    if wanted.schema is not None:
        yield is_schema(wanted.schema)
    if wanted.external_id is not None:
        yield JOBS.c.external_id == wanted.external_id
    yield from has_metadata(JOBS.c.metadata, wanted.metadata, is_sqlite=is_sqlite)
    if wanted.since is not None:
        yield JOBS.c.created_at >= wanted.since
    if wanted.before is not None:
        yield JOBS.c.created_at < wanted.before
