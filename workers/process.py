"""How a process of a worker begins, the one that was started and those that Celery makes: its lines, its counters."""

import logging
import os
import sys
from functools import cache

from docproc.bootstrap import load_settings
from docproc.observability.logs import begin_logs
from docproc.observability.tracing import begin_traces, end_traces
from docproc.settings import WorkerSettings

#: the status with which a pool process ends whose task hangs
HANGS = 75


def begin_process() -> None:
    """Set up logging, and counting if this worker counts. Celery asks for it too, each time it would do so itself."""
    from billiard.util import get_logger  # noqa: PLC0415

    _begin_once()
    get_logger().propagate = True  # billiard keeps its lines to itself, and Celery made it anew


@cache
def _begin_once() -> None:
    settings, mine = load_settings(), WorkerSettings()
    begin_logs(sys.stderr, level=settings.log_level, form=settings.log_format, worker=mine.id)
    if mine.metrics_dir:
        from workers.metrics import begin_counting  # noqa: PLC0415 after the environment says where

        begin_counting(_place())
    begin_traces(settings.trace_endpoint, part="worker")


def end_pool_process() -> None:
    """End this process at once if it is one of a pool, which then makes another; a worker's own goes on."""
    if _index() is not None:
        end_traces()
        logging.shutdown()
        os._exit(HANGS)


def _place() -> str:
    """The same for a process and for the one that replaces it, and no other process has it meanwhile."""
    index = _index()
    return "main" if index is None else f"slot-{index}"


def _index() -> int | None:
    """The place in a pool; None in the worker's own process."""
    from billiard import current_process  # noqa: PLC0415

    index: int | None = getattr(current_process(), "index", None)
    return index
