"""One errand as a worker runs it: claim, export or deliver, say how it ended. Knows no thread and no broker."""

import logging

from docproc.domain.errors import BlobMissingError, LeaseLostError, RefusedError, SealedError, StorageError, UsageError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.observability import event
from docproc.services.deliver import deliver
from docproc.services.errand_records import ErrandClaim
from docproc.services.export_job import make_export
from docproc.services.handing_back import HandedBack, put_off_errand
from docproc.services.telling import about, timed
from docproc.services.upkeep import ServiceClock
from docproc.services.work_on import Checkpoint, LeaveWork
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
        about(task, job_id=str(claim.job_id), errand_id=str(task.id), attempt=claim.attempt),
        HandedBack(lambda: store.release(claim), bench, attempt=claim.attempt),
        timed(),
    ):
        try:
            _run(task, claim, bench, checkpoint)
        except (BlobMissingError, RefusedError, UsageError) as error:
            # what it needs is gone or is not to be had here, and would be the next time
            store.fail(claim, _failure(task, error.message, FailureCategory.ENVIRONMENT))
        except SealedError as error:
            put_off_errand(claim, error, store)
        except (StorageError, LeaseLostError, LeaveWork):
            raise
        except Exception as error:  # noqa: BLE001 the task wrapper: an errand must end, whatever it meets
            event(logger, "internal_error", place=type(error).__name__)
            own = f"docproc's own error: {type(error).__name__}"
            store.fail(claim, _failure(task, own, FailureCategory.INTERNAL))


def _run(task: Task, claim: ErrandClaim, bench: Workbench, checkpoint: Checkpoint) -> None:
    if task.step is Step.EXPORT:
        make_export(
            claim,
            bench.stores,
            bench.errands,
            schema_of=bench.schema_of,
            open_images=bench.open_images,
            checkpoint=checkpoint,
        )
    else:
        # signed by the database's time: receivers refuse messages whose time is off, as a worker's clock may be
        deliver(claim, bench.errands, bench.sender, clock=ServiceClock(bench.census))


def _failure(task: Task, reason: str, category: FailureCategory) -> Failure:
    phase = Phase.EXPORT if task.step is Step.EXPORT else Phase.DELIVER
    what = "the export cannot be made" if task.step is Step.EXPORT else "the event cannot be delivered"
    return Failure(
        code=FailureCode.INTERNAL, category=category, message=f"{what}: {reason}", retryable=True, phase=phase
    )
