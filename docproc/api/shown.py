"""What is kept as what is answered: jobs, documents, events, exports. The types are the client's; knows no store."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar
from uuid import UUID

from docproc.client import types
from docproc.services.catalog import JobEvent, Pace, Pulse
from docproc.services.errand_records import Export
from docproc.services.records import Document, DocumentCounts, Job, PageCounts, PreparedPage, Removed
from docproc.services.show import JobDetail

T = TypeVar("T")

#: of an answer that is a file
BINARY = {"type": "string", "format": "binary"}


def job_facts(job: Job) -> types.JobFacts:
    return types.JobFacts(**_facts(job))


def job_detail(detail: JobDetail, *, waiting_for: str | None) -> types.JobDetail:
    failures = {code.value: count for code, count in detail.failures.items()}
    return types.JobDetail(**_facts(detail.job), waiting_for=waiting_for, failures=failures)


def retried_job(job: Job, *, received: int) -> types.RetriedJob:
    return types.RetriedJob(**_facts(job), received=received)


def _facts(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state,
        "extraction_schema": job.schema.label,
        "reader": job.options.reader,
        "priority": job.priority,
        "external_id": job.external_id,
        "metadata": dict(job.metadata),
        "created_at": job.created_at,
        "submitted_at": job.submitted_at,
        "cancel_requested_at": job.cancel_requested_at,
        "finished_at": job.finished_at,
        "documents": _document_counts(job.documents),
        "pages": _page_counts(job.pages),
    }


def _document_counts(counts: DocumentCounts) -> types.DocumentCounts:
    return types.DocumentCounts(total=counts.total, **asdict(counts))


def _page_counts(counts: PageCounts) -> types.PageCounts:
    return types.PageCounts(**asdict(counts))


def document_facts(document: Document) -> types.DocumentFacts:
    original = document.original
    return types.DocumentFacts(
        id=document.id,
        job_id=document.job_id,
        position=document.position,
        file=document.file,
        external_id=document.external_id,
        metadata=dict(document.metadata),
        state=document.state,
        failure=document.failure,
        sha256=original.sha256,
        container=original.container,
        media_type=original.media_type,
        byte_count=original.byte_count,
        page_count=document.page_count,
        pages=_page_counts(document.pages),
        attempts=document.attempt,
        seconds=document.seconds,
        created_at=document.created_at,
        started_at=document.started_at,
        finished_at=document.finished_at,
    )


def page_detail(page: PreparedPage) -> types.PageDetail:
    return types.PageDetail(**page.facts.model_dump(), failure=page.failure)


def export_facts(export: Export) -> types.ExportFacts:
    return types.ExportFacts(
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


def removed(gone: Removed) -> types.Removed:
    return types.Removed(**asdict(gone))


def job_event(happened: JobEvent, *, job_id: UUID) -> types.JobEvent:
    return types.JobEvent(
        number=happened.number,
        kind=happened.kind,
        job_id=job_id,
        document_id=happened.document_id,
        happened_at=happened.happened_at,
    )


def progress(pulse: Pulse, pace: Pace, *, job_id: UUID) -> types.Progress:
    rate, left = pace.pages_per_s(pulse.pages), pace.seconds_left(pulse)
    return types.Progress(
        job_id=job_id,
        documents=_document_counts(pulse.documents),
        pages=_page_counts(pulse.pages),
        pages_per_s=None if rate is None else round(rate, 3),
        seconds_left=None if left is None else round(left, 1),
        jobs_ahead=pace.jobs_ahead,
        pages_ahead=pace.pages_ahead,
    )


def listed(items: Sequence[T], *, limit: int, cursor: str | None) -> types.Listed[T]:
    """`cursor` is of the last item; there is more when the page is full."""
    return types.Listed(items=list(items), next_cursor=cursor if len(items) >= limit else None)
