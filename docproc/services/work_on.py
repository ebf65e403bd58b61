"""One claimed document through its steps, from wherever it stands to its end; knows no thread and no queue."""

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import TypeAlias

from docproc.domain.document import DocumentState
from docproc.domain.errors import (
    BlobMissingError,
    DocumentError,
    ImageMissingError,
    LeaseLostError,
    RefusedError,
    StorageError,
)
from docproc.domain.failure import Failure, FailureCategory, FailureCode
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.observability import bound, event
from docproc.observability.lines import frames_of
from docproc.services.assemble import assemble
from docproc.services.job_context import JobContext
from docproc.services.prepare import prepare
from docproc.services.read import read
from docproc.services.records import PHASES, Claim, Document, WindowClaim

logger = logging.getLogger(__name__)

#: called between steps and windows; raises LeaveWork or CancelWork
Checkpoint: TypeAlias = Callable[[], None]


class LeaveWork(Exception):  # noqa: N818 not an error: somebody wants this process to end
    """Hand the document back; another attempt goes on where this one stopped."""


class CancelWork(Exception):  # noqa: N818 not an error: somebody asked for it
    """End the document as canceled."""


def work_on(claim: Claim, context: JobContext, checkpoint: Checkpoint) -> DocumentState | None:
    """Bring the document to its end; the state it ended in, or None when it was left or another attempt has it."""
    documents = context.stores.documents
    try:
        return _through_its_steps(claim, context, checkpoint)
    except LeaseLostError:
        with bound(**log_context(claim)):
            event(logger, "lease_lost")
    except LeaveWork:
        documents.release(claim)
    except CancelWork:
        documents.cancel(claim)
        return DocumentState.CANCELED
    return None


def _through_its_steps(claim: Claim, context: JobContext, checkpoint: Checkpoint) -> DocumentState:
    document, restarted = claim.document, False
    while document.state not in FINAL_DOCUMENT_STATES:
        checkpoint()
        try:
            document = one_step(claim, document, context, checkpoint)
        except BlobMissingError as error:
            if restarted:
                document = _fail(claim, blob_failure(document, error), context)
            else:
                keep = isinstance(error, ImageMissingError)
                document, restarted = context.stores.documents.restart(claim, keep_words=keep), True
    return document.state


def one_step(claim: Claim, document: Document, context: JobContext, checkpoint: Checkpoint) -> Document:
    """The step that the document is in; one that goes wrong fails the document.

    Raises StorageError, LeaseLostError, and what `checkpoint` raises.
    """
    began = context.clock.monotonic()
    try:
        if document.state is DocumentState.PREPARING:
            return prepare(claim, document, context, checkpoint=checkpoint)
        if document.state is DocumentState.READING:
            return read(claim, document, context, checkpoint=checkpoint)
        return assemble(claim, document, context, checkpoint=checkpoint)
    except DocumentError as error:
        seconds = context.clock.monotonic() - began
        return context.stores.documents.fail(claim, error.failure(PHASES[document.state]), seconds=seconds)
    except RefusedError as error:  # it would be refused every time
        return _fail(claim, internal_failure(document, error), context)
    except (StorageError, LeaseLostError, LeaveWork, CancelWork):
        raise  # not the document's fault
    except Exception as error:  # noqa: BLE001 the task wrapper: one bad document must not end the job
        # frames only: the error's own text may hold a field value
        event(logger, "trace", frames=tuple(frames_of(error.__traceback__)))
        return _fail(claim, internal_failure(document, error), context)


def _fail(claim: Claim, failure: Failure, context: JobContext) -> Document:
    with bound(**log_context(claim)):
        event(logger, "internal_error", place=failure.message)
    return context.stores.documents.fail(claim, failure)


def internal_failure(document: Document, error: Exception) -> Failure:
    """Names the error's type and place, never its text: that may hold a field value."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return _internal(document, f"docproc's own error: {type(error).__name__}{place}")


def blob_failure(document: Document, error: BlobMissingError) -> Failure:
    """What was stored for the document is gone, and gone again."""
    return _internal(document, error.message)


def _internal(document: Document, message: str) -> Failure:
    return Failure(
        code=FailureCode.INTERNAL,
        category=FailureCategory.INTERNAL,
        message=message,
        retryable=True,
        phase=PHASES[document.state],
    )


def log_context(claim: Claim | WindowClaim) -> Mapping[str, str | int]:
    return {
        "job_id": str(claim.document.job_id),
        "document_id": str(claim.document.id),
        "attempt": claim.attempt,
    }
