"""One errand as a worker runs it: claim, export or deliver, say how it ended. Knows no thread and no broker."""

import logging

from docproc.domain.errors import DocprocError, LeaseLostError, StorageError, UsageError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.observability import event
from docproc.services.deliver import deliver
from docproc.services.errand_records import ErrandClaim
from docproc.services.export_job import make_export
from docproc.services.handing_back import HandedBack
from docproc.services.telling import about, timed
from docproc.services.work_on import Checkpoint
from docproc.services.work_records import Held, Step, Task
from docproc.services.workbench import Workbench

logger = logging.getLogger(__name__)


def do_errand(task: Task, bench: Workbench) -> None:
    """Do what the task asks for, if it is still to be done."""
    store = bench.errands.exports if task.step is Step.EXPORT else bench.errands.deliveries
    hand = bench.in_hand
    claim = store.claim(task.id, owner=hand.owner, lease_s=hand.lease_s)
    if claim is None:
        event(logger, "task_stale", errand_id=str(task.id))
        return
    with (
        hand.holding(Held(id=task.id)) as checkpoint,
        about(task, errand_id=str(task.id), attempt=claim.attempt),
        HandedBack(lambda: store.release(claim), bench),
        timed(),
    ):
        if task.step is Step.EXPORT:
            _export(claim, bench, checkpoint)
        else:
            deliver(claim, bench.errands, bench.sender, clock=bench.clock)


def _export(claim: ErrandClaim, bench: Workbench, checkpoint: Checkpoint) -> None:
    try:
        make_export(claim, bench.stores, bench.errands, schema_of=bench.schema_of, checkpoint=checkpoint)
    except (StorageError, LeaseLostError):
        raise
    except UsageError as error:  # the schema is not to be had here, or the job is gone
        bench.errands.exports.fail(claim, _failure(error))


def _failure(error: DocprocError) -> Failure:
    return Failure(
        code=FailureCode.INTERNAL,
        category=FailureCategory.ENVIRONMENT,
        message=f"the export cannot be made: {error.message}",
        retryable=True,
        phase=Phase.EXPORT,
    )
