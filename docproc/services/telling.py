"""Tells how a task goes: when it begins, how it ends, how a document goes on. Changes nothing."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from docproc.domain.document import DocumentState
from docproc.domain.errors import LeaseLostError
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.observability import bound, event
from docproc.observability.events import Fact
from docproc.observability.tracing import step_of
from docproc.services.records import Claim, Document, WindowClaim
from docproc.services.work_on import LeaveWork
from docproc.services.work_records import Task

logger = logging.getLogger(__name__)


@contextmanager
def about(task: Task, **facts: Fact) -> Iterator[None]:
    """Everything that happens meanwhile is about this task."""
    page = {"page": task.first_page} if task.first_page else {}
    with bound(step=task.step.value, **page, **facts), step_of(task.step.value):
        yield


@contextmanager
def timed() -> Iterator[None]:
    """Tells when the work on a claim began and how it ended."""
    event(logger, "task_started")
    began, outcome = time.monotonic(), "broken_off"
    try:
        yield
        outcome = "done"
    except LeaveWork:
        outcome = "left"
        raise
    except LeaseLostError:
        outcome = "lease_lost"
        raise
    finally:
        event(logger, "task_done", outcome=outcome, seconds=round(time.monotonic() - began, 4))


def tell(claim: Claim | WindowClaim, document: Document) -> None:
    """How a document goes on."""
    if document.state in FINAL_DOCUMENT_STATES:
        _tell_end(document)
    elif claim.document.state is DocumentState.PREPARING:
        pages = document.pages
        event(logger, "document_prepared", pages=pages.total, blank=pages.blank, failed=pages.failed)


def _tell_end(document: Document) -> None:
    finished_at = document.finished_at or document.created_at
    event(
        logger,
        "document_ended",
        state=document.state.value,
        code=document.failure.code.value if document.failure else None,
        pages=document.pages.total,
        seconds=round(document.seconds, 4),
        since_submission=round((finished_at - document.created_at).total_seconds(), 4),
    )
