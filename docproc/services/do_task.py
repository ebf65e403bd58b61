"""One task as a worker does it: claim, do the step, say how it ended. Knows no thread, no broker and no reader."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from docproc.domain.document import DocumentState
from docproc.domain.errors import BlobMissingError, DocprocError, DocumentError, LeaseLostError, StorageError
from docproc.domain.failure import Phase
from docproc.domain.page import PageState
from docproc.services.job_context import JobContext
from docproc.services.ports import Stores
from docproc.services.read import read_claimed
from docproc.services.records import PHASES, Claim, Document, WindowClaim
from docproc.services.work_on import Checkpoint, LeaveWork, internal_failure, log_context, one_step
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import Held, Step, Task

logger = logging.getLogger(__name__)

#: the context of a document's job, which a worker keeps for further documents of the same job
ContextOf: TypeAlias = Callable[[Document], JobContext]


class InHand(Protocol):
    """What a worker has in hand: renews the leases, and notices when one no longer stands."""

    @property
    def owner(self) -> str: ...

    @property
    def lease_s(self) -> float: ...

    def holding(self, held: Held) -> AbstractContextManager[Checkpoint]:
        """While the context lasts the lease is renewed; the checkpoint raises LeaseLostError or LeaveWork."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """Everything that tasks need in one worker process."""

    stores: Stores
    work: WorkStores
    in_hand: InHand
    context_of: ContextOf
    #: waits some seconds before work is handed back whose stores cannot be reached
    pause: Callable[[float], None]


def do_task(task: Task, bench: Workbench) -> None:
    """Do what the task asks for, if it is still to be done: a message may come late, or twice."""
    if task.step is Step.READ and task.first_page:
        _read_window(task, bench)
    else:
        _work_on_document(task, bench)


def _work_on_document(task: Task, bench: Workbench) -> None:
    hand = bench.in_hand
    claim = bench.work.leases.claim_document(task.id, owner=hand.owner, lease_s=hand.lease_s)
    if claim is None:
        logger.debug("nothing to do", extra={"action": "task_stale", "document_id": str(task.id)})
        return
    with hand.holding(Held(id=task.id)) as checkpoint, _handed_back(claim, bench):
        try:
            one_step(claim, claim.document, bench.context_of(claim.document), checkpoint)
        except BlobMissingError:
            bench.stores.documents.restart(claim)
        except DocumentError as error:  # this worker cannot work for the job at all
            bench.stores.documents.fail(claim, error.failure(PHASES[claim.document.state]))


def _read_window(task: Task, bench: Workbench) -> None:
    hand = bench.in_hand
    claim = bench.work.leases.claim_window(task.id, task.first_page, owner=hand.owner, lease_s=hand.lease_s)
    if claim is None:
        logger.debug("nothing to do", extra={"action": "task_stale", "document_id": str(task.id)})
        return
    held = Held(id=task.id, first_page=claim.pages[0].first_page or task.first_page)
    with hand.holding(held) as checkpoint, _handed_back(claim, bench):
        if claim.document.state is not DocumentState.READING:
            raise LeaveWork
        try:
            read_claimed(claim, bench.context_of(claim.document), checkpoint=checkpoint)
        except BlobMissingError:
            bench.stores.documents.restart(claim)
        except DocumentError as error:
            bench.stores.documents.fail(claim, error.failure(Phase.READ))
        except (DocprocError, LeaveWork):
            raise
        except Exception as error:  # noqa: BLE001 the task wrapper: one bad page must not end the document
            _fail_pages(claim, error, bench)


def _fail_pages(claim: WindowClaim, error: Exception, bench: Workbench) -> None:
    failure = internal_failure(claim.document, error)
    extra = {"action": "internal_error", "place": failure.message, **log_context(claim)}
    logger.error("pages failed by an internal error", extra=extra)
    numbers = {page.facts.number for page in claim.pages}
    for page in bench.stores.pages.pages(claim.document.id):
        number = page.facts.number
        if number in numbers and page.state is PageState.LEASED:
            bench.stores.pages.fail(claim, number, failure.model_copy(update={"page": number}))


class _handed_back:  # noqa: N801 a context manager
    """Around the work on a claim: what cannot be finished now is free for others at once."""

    def __init__(self, claim: Claim | WindowClaim, bench: Workbench) -> None:
        self._claim = claim
        self._bench = bench

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, LeaseLostError):
            logger.warning("lease lost", extra={"action": "lease_lost", **log_context(self._claim)})
        elif isinstance(error, LeaveWork):
            self._release()
        elif isinstance(error, StorageError):
            extra = {"action": "store_unreachable", "error": error.message, **log_context(self._claim)}
            logger.warning("a store cannot be reached", extra=extra)
            self._release_patiently()
        else:
            return False
        return True

    def _release(self) -> None:
        try:
            self._bench.stores.documents.release(self._claim)
        except LeaseLostError:
            return

    def _release_patiently(self) -> None:
        """An outage is nobody's fault: the attempt must not count, so wait until that can be said."""
        for seconds in _PATIENCE_S:
            self._bench.pause(seconds)
            try:
                return self._release()
            except StorageError:
                continue
        return None


#: between tries to hand work back: half a minute in all, about as long as a lease lasts
_PATIENCE_S = (1.0, 2.0, 4.0, 8.0, 15.0)
