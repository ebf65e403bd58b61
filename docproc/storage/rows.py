"""Rows to records and records to rows; knows no query."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from docproc.domain.document import DocumentState
from docproc.domain.extraction import ContainerFacts, PageFacts
from docproc.domain.failure import Failure
from docproc.domain.page import Grid, PageState
from docproc.domain.reading import Attempt
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.services.records import (
    AttachmentPlace,
    Body,
    Document,
    DocumentCounts,
    Job,
    JobOptions,
    NewDocument,
    Original,
    PageCounts,
    PreparedPage,
    SchemaVersion,
    SpilledTable,
    StoredExtraction,
    StoredReading,
)
from docproc.storage.paths import path_of

AnyRow = Row[Any]

#: beside the failure record of a page, which says no value
ATTEMPTS = "attempts"


def failure_json(failure: Failure | None) -> dict[str, Any] | None:
    return None if failure is None else failure.model_dump(mode="json")


def failure_of(stored: Mapping[str, Any] | None) -> Failure | None:
    return None if stored is None else Failure.model_validate(stored)


def page_failure_json(failure: Failure, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """A page's failure, with what a model answered instead of a record."""
    told = [attempt.model_dump(mode="json") for attempt in attempts]
    return {**failure.model_dump(mode="json"), **({ATTEMPTS: told} if told else {})}


def attempts_of(stored: Mapping[str, Any] | None) -> tuple[Attempt, ...]:
    return tuple(Attempt.model_validate(told) for told in (stored or {}).get(ATTEMPTS, ()))


def page_counts(row: AnyRow) -> PageCounts:
    return PageCounts(
        total=row.pages_total,
        read=row.pages_read,
        blank=row.pages_blank,
        failed=row.pages_failed,
        canceled=row.pages_canceled,
        open=row.pages_open,
    )


def document_counts(row: AnyRow) -> DocumentCounts:
    return DocumentCounts(**{state.value: getattr(row, f"documents_{state.value}") for state in DocumentState})


def job_of(row: AnyRow, schema: SchemaVersion) -> Job:
    return Job(
        id=row.id,
        tenant=row.tenant,
        schema=schema,
        options=JobOptions.from_json(row.options),
        inputs=tuple(map(path_of, row.inputs)),
        recursive=row.recursive,
        queue=row.queue,
        priority=row.priority,
        external_id=row.external_id,
        metadata=row.metadata or {},
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        cancel_requested_at=row.cancel_requested_at,
        finished_at=row.finished_at,
        documents=document_counts(row),
        pages=page_counts(row),
    )


def document_of(row: AnyRow) -> Document:
    return Document(
        id=row.id,
        job_id=row.job_id,
        tenant=row.tenant,
        position=row.position,
        file=row.file,
        original=Original(
            path=row.path,
            sha256=row.sha256,
            media_type=row.media_type,
            byte_count=row.byte_count,
            modified_ns=row.modified_ns,
            blob_key=row.original_key,
            container=None if row.container is None else ContainerFacts.model_validate(row.container),
        ),
        external_id=row.external_id,
        metadata=row.metadata or {},
        state=row.state,
        failure=failure_of(row.failure),
        attempt=row.attempt,
        page_count=row.page_count,
        pages=page_counts(row),
        words_key=row.words_key,
        attachments=tuple(AttachmentPlace(**place) for place in row.attachments or ()),
        seconds=row.seconds,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def original_values(original: Original) -> dict[str, Any]:
    return {
        "path": original.path,
        "sha256": original.sha256,
        "media_type": original.media_type,
        "byte_count": original.byte_count,
        "modified_ns": original.modified_ns,
        "original_key": original.blob_key,
        "container": None if original.container is None else original.container.model_dump(),
    }


def new_document_values(
    document: NewDocument, job: AnyRow, *, position: int, state: DocumentState, now: datetime
) -> dict[str, Any]:
    """`state` is that of a document which intake did not refuse."""
    if document.failure is not None:
        state = DocumentState.FAILED
    return {
        "id": document.id,
        "job_id": job.id,
        "tenant": job.tenant,
        "queue": job.queue,
        "priority": job.priority,
        "position": position,
        "file": document.file,
        "external_id": document.external_id,
        "metadata": dict(document.metadata) or None,
        **original_values(document.original),
        "state": state,
        "failure": failure_json(document.failure),
        "created_at": now,
        "finished_at": now if state in FINAL_DOCUMENT_STATES else None,
    }


def page_values(page: PreparedPage, document: AnyRow) -> dict[str, Any]:
    facts = page.facts
    columns, rows = facts.grid or (None, None)
    return {
        "document_id": document.id,
        "tenant": document.tenant,
        "queue": document.queue,
        "priority": document.priority,
        "number": facts.number,
        "first_page": page.first_page or facts.number,
        "state": facts.state,
        "width": facts.width,
        "height": facts.height,
        "rotation": facts.rotation,
        "words": facts.words,
        "source": facts.source,
        "ink": page.ink,
        "grid_columns": columns,
        "grid_rows": rows,
        "reader": facts.reader,
        "words_offset": page.offset,
        "words_length": page.length,
        "failure": failure_json(page.failure),
    }


def page_of(row: AnyRow) -> PreparedPage:
    grid = None if row.grid_columns is None else Grid(row.grid_columns, row.grid_rows)
    return PreparedPage(
        facts=PageFacts(
            number=row.number,
            state=PageState(row.state),
            width=row.width,
            height=row.height,
            rotation=row.rotation,
            words=row.words,
            source=row.source,
            reader=row.reader,
            grid=grid,
        ),
        ink=row.ink,
        offset=row.words_offset,
        length=row.words_length,
        failure=failure_of(row.failure),
        first_page=row.first_page,
        attempt=row.attempt,
    )


def reading_of(row: AnyRow) -> StoredReading:
    return StoredReading(
        reading_key=row.reading_key,
        reader=row.reader,
        reader_version=row.reader_version,
        pages=tuple(row.pages),
        complete=row.complete,
        body=Body(text=row.body, blob_key=row.body_key),
    )


def extraction_of(row: AnyRow) -> StoredExtraction:
    return StoredExtraction(
        revision=row.revision,
        state=row.state,
        body=Body(text=row.body, blob_key=row.body_key),
        tables=tuple(SpilledTable(**table) for table in row.tables or ()),
    )
