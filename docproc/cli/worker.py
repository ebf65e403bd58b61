"""`docproc worker`: one worker of the service, in the place of this process, once everything that it needs is there."""

import os
import sys
from enum import StrEnum
from importlib.util import find_spec
from typing import Annotated

import typer

from docproc.domain.errors import UsageError
from docproc.services.work_records import CPU_QUEUE, QUEUES

#: what the extra `service` brings that a worker cannot do without
_NEEDED = ("celery", "psycopg", "boto3")
_EVERY_STEP = ",".join([QUEUES[step] for step in QUEUES] + [CPU_QUEUE])


class Pool(StrEnum):
    """In what the tasks of a worker run."""

    PREFORK = "prefork"
    THREADS = "threads"


def worker(
    queues: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="What it does; `read.READER` reads for a reader with a model.")
    ] = _EVERY_STEP,
    slots: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Tasks at a time; by default one a processor.")
    ] = None,
    pool: Annotated[
        Pool, typer.Option(help="prefork: a process each, for the CPU; threads: for a model that all share.")
    ] = Pool.PREFORK,
    check: Annotated[bool, typer.Option("--check", help="Look whether it could start, and stop.")] = False,
) -> None:
    """Work for a service until told to stop (SIGTERM, Ctrl-C); what is in flight is finished or handed back.

    Example: `docproc worker --queues prepare,read.cpu,assemble --slots 4`.
    """
    from docproc.bootstrap import load_settings, open_service

    wanted = _queues(queues)
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"a worker needs {' and '.join(missing)}: pip install 'docproc[service]'")
    if find_spec("workers") is None:
        raise UsageError("this installation has no package `workers`: install docproc from its wheel")
    settings = load_settings()
    open_service(settings)
    if check:
        typer.echo(f"a worker of {', '.join(wanted)} can start")
        return
    command = [sys.executable, "-P", "-m", "workers", "--queues", ",".join(wanted)]
    # -P: the working folder may hold documents, and is no place to import from
    os.execv(sys.executable, [*command, "--slots", str(slots or settings.workers), "--pool", pool.value])  # noqa: S606


def _queues(text: str) -> list[str]:
    """Raises UsageError for a name that no queue has."""
    from docproc.services.pausing import require_queue

    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("--queues names none: write for example --queues prepare,read.cpu,assemble")
    for name in names:
        require_queue(name)
    return names
