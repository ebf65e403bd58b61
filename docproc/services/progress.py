"""How far a job is, told while it runs; knows no terminal."""

from dataclasses import dataclass

from docproc.services.records import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One look at a job that is being worked on."""

    documents_total: int
    documents_done: int
    needs_review: int
    failed: int
    canceled: int
    #: of the documents prepared so far
    pages_total: int
    pages_done: int
    #: every file has been submitted: `documents_total` is final
    submitted: bool


def progress_of(job: Job) -> Progress:
    return Progress(
        documents_total=job.documents.total,
        documents_done=job.documents.done,
        needs_review=job.documents.needs_review,
        failed=job.documents.failed,
        canceled=job.documents.canceled,
        pages_total=job.pages.total,
        pages_done=job.pages.done,
        submitted=job.submitted_at is not None,
    )
