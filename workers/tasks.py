"""The tasks: each takes an id and hands it to docproc's own function. Nothing that they raise reaches Celery."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from celery import Celery

from docproc.bootstrap import contexts_of, open_service
from docproc.domain.errors import DocprocError
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.queueing.celery_app import TASK_NAMES
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.do_task import Workbench, do_task
from docproc.services.work_records import Step, Task
from docproc.settings import WorkerSettings

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def workbench() -> Workbench:
    """What the tasks of this process share; made with the first of them, after Celery has made the process."""
    mine = WorkerSettings()
    service = open_service()
    pool = ChildPool(size=mine.threads, limits=service.settings.limits)
    return Workbench(
        stores=service.stores,
        work=service.work,
        in_hand=LeasesInHand(
            service.work.leases,
            is_leaving=lambda: service.work.workers.draining(mine.id),
            beat=Beat(lease_s=service.settings.lease_seconds),
        ),
        context_of=contexts_of(service, DocprocPages(pool)),
        pause=time.sleep,
    )


def register(app: Celery) -> None:
    """Give the application every task."""
    for step in Step:
        app.task(_task(step), name=TASK_NAMES[step], ignore_result=True)


def _task(step: Step) -> Callable[[str, int], None]:
    def run(identifier: str, first_page: int = 0) -> None:
        task = Task(step=step, queue="", id=UUID(identifier), first_page=first_page)
        try:
            do_task(task, workbench())
        except DocprocError as error:
            # the lease, or the sweeper of lost messages, brings the task back
            extra = {"action": "task_failed", "step": step.value, "error": f"{type(error).__name__}: {error.message}"}
            logger.warning("task not done", extra=extra)

    run.__name__ = step.value
    return run
