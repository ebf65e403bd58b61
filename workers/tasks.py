"""The tasks: each takes an id and hands it to docproc's own function. Nothing that they raise reaches Celery."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from celery import Celery

from docproc.bootstrap import open_service
from docproc.bootstrap.workbench import workbench_over
from docproc.domain.errors import DocprocError
from docproc.observability import event
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.queueing.celery_app import TASK_NAMES
from docproc.queueing.in_hand import Beat, LeasesInHand
from docproc.services.do_task import do_task
from docproc.services.work_records import Step, Task
from docproc.services.workbench import Workbench
from docproc.settings import WorkerSettings
from docproc.storage.recent import RecentReads
from workers.model_host import HOSTED
from workers.process import end_pool_process

logger = logging.getLogger(__name__)


_TURN = threading.Lock()


def workbench() -> Workbench:
    """What the tasks of this process share; made with the first of them, after Celery has made the process."""
    with _TURN:  # a process of threads gets its first tasks all at once
        return _workbench()


@lru_cache(maxsize=1)
def _workbench() -> Workbench:
    mine = WorkerSettings()
    opened = open_service()
    # the pages of a document are read one by one, and their words lie side by side
    service = replace(opened, stores=replace(opened.stores, blobs=RecentReads(opened.stores.blobs)))
    source = DocprocPages(ChildPool(size=mine.threads, limits=service.settings.limits))
    in_hand = LeasesInHand(
        service.work.leases,
        is_leaving=lambda: service.work.workers.draining(mine.id),
        beat=Beat(lease_s=service.settings.lease_seconds, longest_s=service.settings.task_seconds),
        on_hang=end_pool_process,
    )
    return workbench_over(service, source, in_hand, hosted=HOSTED)


def register(app: Celery) -> None:
    """Give the application every task."""
    for step in Step:
        app.task(_task(step), name=TASK_NAMES[step], ignore_result=True)


def _task(step: Step) -> Callable[..., None]:
    def run(identifier: str, *first_pages: int) -> None:
        for first_page in first_pages:
            task = Task(step=step, queue="", id=UUID(identifier), first_page=first_page)
            try:
                do_task(task, workbench())
            except DocprocError as error:
                # the lease, or the sweeper of lost messages, brings the task back
                event(logger, "task_failed", step=step.value, document_id=identifier, page=first_page, cause=error)

    run.__name__ = step.value
    return run
