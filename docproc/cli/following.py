"""A service's job before a person's eyes: progress, what it waits for, the end. Ctrl-C leaves it to the workers."""

import time
from collections.abc import Callable

import typer

from docproc.bootstrap import Desk
from docproc.cli.console import for_people, marked
from docproc.cli.exit_codes import ExitCode, exit_code_of
from docproc.cli.running import progress_bar, summarise
from docproc.services.progress import progress_of
from docproc.services.records import Job
from docproc.services.waiting import waiting_of

_LOOK_EVERY_S = 0.25
_LOOK_SELDOM_S = 2.0
#: workers come and go: what lasts for less is not worth a line
_WAIT_TOLD_AFTER_S = 1.0


def follow(desk: Desk, job: Job) -> Job:
    """Watch until every document has ended. Raises typer.Exit on Ctrl-C."""
    try:
        with progress_bar() as show:
            return _watched(desk, job, show=lambda found: show(progress_of(found)))
    except KeyboardInterrupt:
        typer.echo(f"the job goes on in the service; look at it with: docproc jobs show {job.id}", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _watched(desk: Desk, job: Job, *, show: Callable[[Job], None]) -> Job:
    pause, told, waits = _LOOK_EVERY_S, None, _Waiting()
    while True:
        show(job)
        if not job.resumable:
            return job
        waits.look(waiting_of(job, desk.work))
        if waits.worth_telling != told:
            told = waits.worth_telling
            for_people().print(f"[yellow]waiting for {marked(told)}[/]" if told else "going on", soft_wrap=True)
        time.sleep(pause)
        found = desk.stores.jobs.get(job.id, tenant=job.tenant)
        pause = _LOOK_EVERY_S if found.pages != job.pages else min(1.25 * pause, _LOOK_SELDOM_S)
        job = found


class _Waiting:
    """For what the job waits, and since when."""

    def __init__(self) -> None:
        self._reason: str | None = None
        self._since = time.monotonic()

    def look(self, reason: str | None) -> None:
        if reason != self._reason:
            self._reason, self._since = reason, time.monotonic()

    @property
    def worth_telling(self) -> str | None:
        return self._reason if time.monotonic() - self._since >= _WAIT_TOLD_AFTER_S else None


def say_end(desk: Desk, job: Job, *, strict: bool) -> None:
    """Sum up, and end with the exit code that extract would have. Raises typer.Exit."""
    summarise(desk, job, None)
    raise typer.Exit(exit_code_of(job.documents, strict=strict))
