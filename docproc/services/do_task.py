"""One task as a worker does it: claim, do the step, say how it ended. Knows no thread, no broker and no reader."""

import logging
from contextlib import suppress

from docproc.domain.errors import (
    BlobMissingError,
    DocprocError,
    DocumentError,
    ImageMissingError,
    LeaseLostError,
    RefusedError,
    SealedError,
    StorageError,
)
from docproc.domain.failure import Failure, Phase
from docproc.domain.page import PageState
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.observability import event
from docproc.services.do_errand import do_errand
from docproc.services.handing_back import HandedBack, put_off
from docproc.services.job_context import JobContext
from docproc.services.read import read_claimed
from docproc.services.records import PHASES, Claim, WindowClaim
from docproc.services.telling import about, tell, timed
from docproc.services.upkeep import ServiceClock, keep_house
from docproc.services.work_on import Checkpoint, LeaveWork, blob_failure, internal_failure, log_context, one_step
from docproc.services.work_records import ERRANDS, Held, Step, Task
from docproc.services.workbench import Workbench

logger = logging.getLogger(__name__)

#: of one document: in the end somebody deletes its blobs as fast as they are made
MAX_ATTEMPTS = 20
#: before a worker that cannot do a task lets go of it
PASS_ON_S = 1.0


def do_task(task: Task, bench: Workbench) -> None:
    """Do what the task asks for, if it is still to be done: a message may come late, or twice."""
    if task.step in ERRANDS:
        do_errand(task, bench)
    elif task.step is Step.UPKEEP:
        _keep_house(bench)
    elif task.step is Step.READ and task.first_page:
        _read_window(task, bench)
    else:
        _work_on_document(task, bench)


def _keep_house(bench: Workbench) -> None:
    hand = bench.in_hand
    # a store is looked through for long; what is left is done by whoever does it next
    with hand.holding(None) as checkpoint, suppress(LeaveWork, LeaseLostError):
        clock = ServiceClock(bench.census)
        keep_house(bench.stores, bench.names, bench.work, holder=hand.owner, clock=clock, checkpoint=checkpoint)


def _work_on_document(task: Task, bench: Workbench) -> None:
    hand = bench.in_hand
    claim = bench.work.leases.claim_document(task.id, owner=hand.owner, lease_s=hand.lease_s)
    if claim is None:
        event(logger, "task_stale", document_id=str(task.id))
        return
    with (
        hand.holding(Held(id=task.id)) as checkpoint,
        about(task, **log_context(claim)),
        HandedBack(lambda: bench.stores.documents.release(claim), bench, attempt=claim.attempt),
        timed(),
    ):
        context = _context_here(claim, bench)
        if context is None:
            return
        try:
            tell(claim, one_step(claim, claim.document, context, checkpoint))
        except BlobMissingError as error:
            _restart(claim, error, bench)
        except SealedError as error:
            put_off(claim, error, bench)


def _read_window(task: Task, bench: Workbench) -> None:
    hand = bench.in_hand
    claim = bench.work.leases.claim_window(task.id, task.first_page, owner=hand.owner, lease_s=hand.lease_s)
    if claim is None:
        event(logger, "task_stale", document_id=str(task.id), page=task.first_page)
        return
    held = Held(id=task.id, first_page=claim.pages[0].first_page or task.first_page)
    with (
        hand.holding(held) as checkpoint,
        about(task, **log_context(claim)),
        HandedBack(lambda: bench.stores.documents.release(claim), bench, attempt=claim.attempt),
        timed(),
    ):
        context = _context_here(claim, bench)
        if context is not None:
            _read_in(context, claim, bench, checkpoint)


def _read_in(context: JobContext, claim: WindowClaim, bench: Workbench, checkpoint: Checkpoint) -> None:
    try:
        read_claimed(claim, context, checkpoint=checkpoint)
    except BlobMissingError as error:
        _restart(claim, error, bench)
    except DocumentError as error:
        _pass_on(claim, error.failure(Phase.READ), bench)
    except RefusedError as error:
        _fail_pages(claim, error, bench)
    except (DocprocError, LeaveWork):
        raise
    except Exception as error:  # noqa: BLE001 the task wrapper: one bad page must not end the document
        _fail_pages(claim, error, bench)


def _context_here(claim: Claim | WindowClaim, bench: Workbench) -> JobContext | None:
    """None when this worker cannot work for the job at all, whatever is the matter with it; another one may."""
    document = claim.document
    try:
        return bench.context_of(document)
    except DocumentError as error:
        _pass_on(claim, error.failure(PHASES[document.state]), bench)
    except StorageError:
        raise
    except Exception as error:  # noqa: BLE001 a reader of somebody's own, being made
        failure = internal_failure(document, error)
        event(logger, "internal_error", place=failure.message)
        _pass_on(claim, failure, bench)
    return None


def _pass_on(claim: Claim | WindowClaim, failure: Failure, bench: Workbench) -> None:
    bench.pause(PASS_ON_S)  # its slot stays taken meanwhile: others are nearer
    document = bench.work.leases.pass_on(claim, failure)
    event(logger, "task_passed_on", code=failure.code.value)
    if document.state in FINAL_DOCUMENT_STATES:
        tell(claim, document)


def _restart(claim: Claim | WindowClaim, error: BlobMissingError, bench: Workbench) -> None:
    """Make again what is gone; a document whose blobs go every time is given up."""
    if claim.document.attempt < MAX_ATTEMPTS:
        bench.stores.documents.restart(claim, keep_words=isinstance(error, ImageMissingError))
        return
    failure = blob_failure(claim.document, error)
    tell(claim, bench.stores.documents.fail(claim, failure))


def _fail_pages(claim: WindowClaim, error: Exception, bench: Workbench) -> None:
    failure = internal_failure(claim.document, error)
    event(logger, "internal_error", place=failure.message)
    numbers = {page.facts.number for page in claim.pages}
    for page in bench.stores.pages.pages(claim.document.id):
        number = page.facts.number
        if number in numbers and page.state is PageState.LEASED:
            bench.stores.pages.fail(claim, number, failure.model_copy(update={"page": number}))
            event(logger, "page_failed", page=number, code=failure.code.value)
