"""Job rows: created, listed, canceled, tried again, removed. Knows nothing of how documents are worked on."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from string import hexdigits
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    text,
    update,
)

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.ids import new_id
from docproc.domain.page import PageState
from docproc.services.records import (
    LOCAL_TENANT,
    Erasure,
    IdempotencyKey,
    Job,
    NewDocument,
    NewJob,
    Original,
    Removed,
    SchemaVersion,
)
from docproc.storage.callbacks import keep_callback
from docproc.storage.changes import (
    OPEN_DOCUMENT_STATES,
    PUT_OFF,
    UNPREPARED,
    change_document,
    drop_preparation,
    each_alone,
    end_document,
    finish_job,
    move_pages,
    wake,
)
from docproc.storage.database import Database
from docproc.storage.keeping import refuse_while_held
from docproc.storage.locks import lock_together
from docproc.storage.paths import stored_path
from docproc.storage.receipts import keep_receipt, rows_below
from docproc.storage.rows import AnyRow, document_of, job_of, new_document_values
from docproc.storage.service_tables import EXPORTS
from docproc.storage.tables import CANCEL_BEGUN, DOCUMENTS, JOBS, PAGES, SCHEMAS
from docproc.storage.tenants import job_of_key, remember_key, require_tenant
from docproc.storage.upserts import insert_or_leave

#: documents changed in one transaction, so that others get their turn
BATCH = 200
_ID_DIGITS = 32


class SqlJobStore:
    """Jobs in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, job: NewJob, *, idempotency: IdempotencyKey | None = None) -> UUID:
        with self._database.write() as connection:
            now = self._database.now(connection)
            if idempotency is not None:
                earlier = job_of_key(connection, job.tenant, idempotency, now=now)
                if earlier is not None:
                    return earlier
            require_tenant(connection, job.tenant)
            connection.execute(
                insert(JOBS).values(
                    id=job.id,
                    tenant=job.tenant,
                    queue=job.queue,
                    priority=job.priority,
                    schema_id=_schema_id(connection, job.schema),
                    options=job.options.to_json(),
                    inputs=list(map(stored_path, job.inputs)),
                    recursive=job.recursive,
                    keep_days=job.keep_days,
                    external_id=job.external_id,
                    metadata=dict(job.metadata) or None,
                    created_at=now,
                )
            )
            keep_callback(connection, job, now)
            if idempotency is not None:
                remember_key(connection, job, idempotency)
            return job.id

    def add_documents(self, job_id: UUID, documents: Sequence[NewDocument]) -> int:
        with self._database.write() as connection:
            job = connection.execute(select(JOBS).where(JOBS.c.id == job_id).with_for_update()).first()
            if job is None:
                raise NotFoundError(f"there is no job {job_id}")
            known = _known_paths(connection, job_id, [document.original.path for document in documents])
            fresh = list({each.original.path: each for each in documents if each.original.path not in known}.values())
            now = self._database.now(connection)
            # whoever cancels locks the job too: no document is received behind their back
            state = DocumentState.RECEIVED if job.cancel_requested_at is None else DocumentState.CANCELED
            values = [
                new_document_values(each, job, position=position, state=state, now=now)
                for position, each in enumerate(fresh, start=job.documents_total)
            ]
            if values:
                lock_together(connection, {each["original_key"] for each in values if each["original_key"]})
                connection.execute(insert(DOCUMENTS), values)
                _count_new(connection, job_id, values)
                if job.queue is not None:
                    wake(connection)
            return len(values)

    def known_files(self, job_id: UUID, paths: Collection[str]) -> Mapping[str, Original]:
        statement = select(DOCUMENTS).where(DOCUMENTS.c.job_id == job_id, DOCUMENTS.c.path.in_(paths))
        with self._database.read() as connection:
            return {row.path: document_of(row).original for row in connection.execute(statement)}

    def mark_submitted(self, job_id: UUID) -> None:
        with self._database.write() as connection:
            now = self._database.now(connection)
            statement = update(JOBS).where(JOBS.c.id == job_id).values(submitted_at=now)
            finish_job(connection, connection.execute(statement.returning(JOBS)).one())

    def get(self, job_id: UUID, *, tenant: str = LOCAL_TENANT) -> Job:
        with self._database.read() as connection:
            row = connection.execute(_JOB, {"job_id": job_id, "tenant": tenant}).first()
        if row is None:
            raise NotFoundError(f"there is no job {job_id}")
        return job_with_schema(row)

    def newest(self, *, tenant: str = LOCAL_TENANT, limit: int | None = None) -> Sequence[Job]:
        statement = jobs_with_schemas(null()).where(JOBS.c.tenant == tenant)
        newest = statement.order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [job_with_schema(row) for row in connection.execute(newest)]

    def unfinished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        statement = select(JOBS.c.id).where(JOBS.c.id.in_(job_ids), JOBS.c.finished_at.is_(None))
        with self._database.read() as connection:
            return frozenset(connection.scalars(statement))

    def find(self, beginning: str, *, tenant: str = LOCAL_TENANT, limit: int = 2) -> Sequence[UUID]:
        digits = beginning.replace("-", "").lower()
        if not digits or len(digits) > _ID_DIGITS or not set(digits) <= set(hexdigits):
            return []
        # as a range of ids, which the index answers on both databases
        first, last = (UUID(hex=digits.ljust(_ID_DIGITS, fill)) for fill in "0f")
        statement = select(JOBS.c.id).where(JOBS.c.tenant == tenant, JOBS.c.id.between(first, last))
        with self._database.read() as connection:
            return list(connection.scalars(statement.order_by(JOBS.c.id).limit(limit)))

    def created_before(self, moment: datetime, *, tenant: str = LOCAL_TENANT) -> Sequence[UUID]:
        statement = select(JOBS.c.id).where(JOBS.c.tenant == tenant, JOBS.c.created_at < moment)
        with self._database.read() as connection:
            return list(connection.scalars(statement.order_by(JOBS.c.created_at)))

    def cancel(self, job_id: UUID) -> int:
        with self._database.write() as connection:
            job = connection.execute(select(JOBS).where(JOBS.c.id == job_id).with_for_update()).first()
            if job is None:
                raise NotFoundError(f"there is no job {job_id}")
            open_count = _open_documents(job)
            unfinished = open_count or job.submitted_at is None
            if unfinished and job.cancel_requested_at is None:
                now = self._database.now(connection)
                connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(cancel_requested_at=now))
        while open_count and self._cancel_batch(job_id):
            pass
        return open_count

    def _cancel_batch(self, job_id: UUID) -> int:
        with self._database.write() as connection:
            now = self._database.now(connection)
            free = or_(func.coalesce(DOCUMENTS.c.lease_owner, PUT_OFF) == PUT_OFF, DOCUMENTS.c.lease_expires_at <= now)
            # workers notice within a moment that their lease is gone; a run in one process asks for its own documents
            at_once = or_(DOCUMENTS.c.queue.is_not(None), free)
            rows = connection.execute(
                select(DOCUMENTS)
                .where(DOCUMENTS.c.job_id == job_id, DOCUMENTS.c.state.in_(OPEN_DOCUMENT_STATES), at_once)
                .order_by(DOCUMENTS.c.position)
                .limit(BATCH)
                .with_for_update()
            ).all()
            for row in rows:
                end_document(connection, row, to=DocumentState.CANCELED, now=now)
            return len(rows)

    def retry(self, job_id: UUID) -> int:
        self._require(job_id)
        count = 0
        while batch := self._retry_batch(job_id):
            count += batch
        return count

    def _retry_batch(self, job_id: UUID) -> int:
        with self._database.write() as connection:
            # whoever cancels or deletes locks the job too; documents that somebody holds are left out, not waited for
            asked = select(JOBS.c.cancel_requested_at).where(JOBS.c.id == job_id).with_for_update()
            if connection.scalar(asked) is not None:
                raise ConflictError("the job was canceled: submit a new one")
            rows = connection.execute(
                select(DOCUMENTS)
                .where(DOCUMENTS.c.job_id == job_id, _FAILED)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                receive_again(connection, row)
            return len(rows)

    def _require(self, job_id: UUID) -> None:
        """Raises NotFoundError."""
        with self._database.read() as connection:
            if connection.scalar(select(JOBS.c.id).where(JOBS.c.id == job_id)) is None:
                raise NotFoundError(f"there is no job {job_id}")

    def finish_cancels(self, *, limit: int = 10) -> int:
        begun = select(JOBS.c.id).where(text(CANCEL_BEGUN)).limit(limit)
        with self._database.read() as connection:
            job_ids = list(connection.scalars(begun))
        return sum(self._cancel_batch(job_id) for job_id in job_ids)

    def close(self, job_id: UUID) -> None:
        with self._database.write() as connection:
            job = connection.execute(select(JOBS).where(JOBS.c.id == job_id).with_for_update()).first()
            if job is None:
                raise NotFoundError(f"there is no job {job_id}")
            refuse_while_held(connection, job)
            now = self._database.now(connection)
            _refuse_while_worked_on(connection, job, now)
            values = {"deleting_at": func.coalesce(JOBS.c.deleting_at, now)}
            if job.queue is not None:
                values["cancel_requested_at"] = func.coalesce(JOBS.c.cancel_requested_at, now)
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))

    def export_ids(self, job_id: UUID) -> Sequence[UUID]:
        with self._database.read() as connection:
            return list(connection.scalars(select(EXPORTS.c.id).where(EXPORTS.c.job_id == job_id)))

    def remove(self, job_id: UUID, *, erasure: Erasure | None = None) -> Removed:
        with self._database.write() as connection:
            # documents before their job, as every worker locks them: the other way round two could wait for each other
            documents_of = select(DOCUMENTS.c.id).where(DOCUMENTS.c.job_id == job_id).order_by(DOCUMENTS.c.position)
            connection.execute(documents_of.with_for_update())
            job = connection.execute(select(JOBS).where(JOBS.c.id == job_id).with_for_update()).first()
            if job is None:
                raise NotFoundError(f"there is no job {job_id}")
            _refuse_while_worked_on(connection, job, self._database.now(connection))
            rows = rows_below(connection, job_id)
            connection.execute(delete(JOBS).where(JOBS.c.id == job_id))
            # whoever submits with the same schema holds on to it: wait, and only then look whether it is used
            connection.execute(select(SCHEMAS.c.id).where(SCHEMAS.c.id == job.schema_id).with_for_update())
            unused = ~select(JOBS.c.id).where(JOBS.c.schema_id == SCHEMAS.c.id).exists()
            schemas = connection.execute(delete(SCHEMAS).where(SCHEMAS.c.id == job.schema_id, unused)).rowcount
            counts = {"jobs": 1, **rows, "schemas": schemas}
            if erasure is not None:
                keep_receipt(connection, erasure, rows=counts, at=self._database.now(connection))
            return Removed(jobs=1, documents=counts["documents"], rows=sum(counts.values()))


def _schema_id(connection: Connection, schema: SchemaVersion) -> UUID:
    """Of any number that bring a new one at once, one inserts it; kept from whoever removes its last job."""
    same = (SCHEMAS.c.sha256 == schema.sha256, SCHEMAS.c.reference == schema.reference)
    kept = select(SCHEMAS.c.id).where(*same).with_for_update(read=True, key_share=True)
    while (found := connection.scalar(kept)) is None:
        values = {
            "id": new_id(),
            "name": schema.name,
            "version": schema.version,
            "sha256": schema.sha256,
            "reference": schema.reference,
            "json_schema": json.dumps(dict(schema.json_schema), ensure_ascii=False),
        }
        insert_or_leave(connection, SCHEMAS, values)
    schema_id: UUID = found
    return schema_id


def _known_paths(connection: Connection, job_id: UUID, paths: Collection[str]) -> frozenset[str]:
    statement = select(DOCUMENTS.c.path).where(DOCUMENTS.c.job_id == job_id, DOCUMENTS.c.path.in_(paths))
    return frozenset(connection.scalars(statement))


def _count_new(connection: Connection, job_id: UUID, values: Sequence[dict[str, Any]]) -> None:
    counts = Counter(f"documents_{value['state']}" for value in values)
    counts["documents_total"] = len(values)
    added = {name: JOBS.c[name] + count for name, count in counts.items()}
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(added))


def jobs_with_schemas(json_schema: ColumnElement[Any] = SCHEMAS.c.json_schema) -> Select[Any]:
    return select(
        JOBS,
        SCHEMAS.c.name.label("schema_name"),
        SCHEMAS.c.version.label("schema_version"),
        SCHEMAS.c.sha256.label("schema_sha256"),
        SCHEMAS.c.reference.label("schema_reference"),
        json_schema.label("schema_json"),
    ).join(SCHEMAS, SCHEMAS.c.id == JOBS.c.schema_id)


#: kept, for people wait for a job by asking again and again
_JOB = jobs_with_schemas().where(JOBS.c.id == bindparam("job_id"), JOBS.c.tenant == bindparam("tenant"))


def job_with_schema(row: AnyRow) -> Job:
    schema = SchemaVersion(
        name=row.schema_name,
        version=row.schema_version,
        sha256=row.schema_sha256,
        reference=row.schema_reference,
        json_schema={} if row.schema_json is None else json.loads(row.schema_json),
    )
    return job_of(row, schema)


def receive_again(connection: Connection, row: AnyRow, *, only: int | None = None) -> None:
    """A document that failed, or of which pages did, is worked on again.

    With a preparation that was whole, only what failed while reading is done again; of that one page, if asked.
    """
    lost = select(PAGES.c.number).where(
        PAGES.c.document_id == row.id, PAGES.c.state == PageState.FAILED, PAGES.c.words_length == 0
    )
    if only is not None:
        lost = lost.where(PAGES.c.number == only)
    values: dict[str, Any] = {"failure": None, "finished_at": None, "stalled": 0}
    whole = row.words_key is not None and connection.execute(lost.limit(1)).first() is None
    if whole:
        anew = {"failure": None, "stalled": 0}
        failed = select(PAGES.c.number).where(PAGES.c.document_id == row.id, PAGES.c.state == PageState.FAILED)
        numbers = list(connection.scalars(failed)) if only is None else [only]
        each_alone(connection, row.id, numbers)
        along = (PageState.FAILED, PageState.WAITING)
        waiting = move_pages(connection, row.id, along=along, numbers=numbers, values=anew)
        pages = {"failed": -waiting, "open": waiting}
    else:
        pages = drop_preparation(connection, row)
        values |= UNPREPARED
    row = change_document(connection, row, to=DocumentState.RECEIVED, pages=pages, values=values)
    if whole and row.queue is not None:  # nothing is left to prepare: the pages are due at once
        for state in (DocumentState.PREPARING, DocumentState.READING):
            row = change_document(connection, row, to=state)


#: failed altogether, or in some pages
_FAILED = or_(
    DOCUMENTS.c.state == DocumentState.FAILED,
    and_(DOCUMENTS.c.state == DocumentState.NEEDS_REVIEW, DOCUMENTS.c.pages_failed > 0),
)


def _refuse_while_worked_on(connection: Connection, job: AnyRow, now: datetime) -> None:
    """A job of workers is worked on as long as anything of it is left to do: they may take it at any moment."""
    if job.queue is not None:
        if _open_documents(job) or (job.submitted_at is None and job.cancel_requested_at is None):
            raise ConflictError("the job is not finished: cancel it first")
        return
    leased = select(DOCUMENTS.c.id).where(
        DOCUMENTS.c.job_id == job.id, DOCUMENTS.c.lease_owner != PUT_OFF, DOCUMENTS.c.lease_expires_at > now
    )
    pages = (
        select(DOCUMENTS.c.id)
        .join(PAGES, PAGES.c.document_id == DOCUMENTS.c.id)
        .where(DOCUMENTS.c.job_id == job.id, PAGES.c.state == PageState.LEASED, PAGES.c.lease_expires_at > now)
    )
    if any(connection.execute(each.limit(1)).first() is not None for each in (leased, pages)):
        raise ConflictError("the job is being worked on: stop it or cancel it first")


def _open_documents(job: AnyRow) -> int:
    return sum(getattr(job, f"documents_{state}") for state in OPEN_DOCUMENT_STATES)
