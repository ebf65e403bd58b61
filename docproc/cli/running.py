"""A job run before a person's eyes: progress, Ctrl-C, the records, the summary, the exit code."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import typer

from docproc.bootstrap import CPU_READERS, Desk, is_one_a_process, open_job, reads_at_once
from docproc.cli.console import for_output, for_people, is_terminal, marked
from docproc.cli.crew import Crew, follow_orders
from docproc.cli.exit_codes import ExitCode, exit_code_of
from docproc.domain.document import JobState
from docproc.domain.schema import ExtractionSchema
from docproc.queueing.local import ProgressListener, StopSignal, run_job
from docproc.services.cancel import cancel
from docproc.services.progress import Progress, progress_of
from docproc.services.records import Job

#: open documents for each worker from which on a process of its own pays for its start
_WORTH_A_CREW = 10
_LOOK_EVERY_S = 0.25
_LOOK_SELDOM_S = 4.0


class Target(Protocol):
    """Where records go; see Output."""

    @property
    def target(self) -> str | None: ...
    @property
    def overwrite(self) -> bool: ...
    @property
    def dialect(self) -> str: ...
    @property
    def table(self) -> bool: ...


def check_target(output: Target, schema: ExtractionSchema) -> None:
    """Before any work: raises UsageError for what cannot be written there, ConflictError when it exists."""
    if output.target is not None:
        from docproc.exports.opening import open_writer

        open_writer(output.target, schema, overwrite=output.overwrite, dialect=output.dialect).rehearse()


def run_visibly(desk: Desk, job: Job, schema: ExtractionSchema, *, passwords: Sequence[str] = ()) -> Job:
    """Run the job to its end, or until Ctrl-C; the job as it stands then."""
    reader = job.options.reader
    asked = job.options.workers or reads_at_once(reader, desk.settings)
    is_long = job.documents.open >= _WORTH_A_CREW * asked
    crew_size = asked - 1 if is_long and not is_one_a_process(reader, desk.settings) else 0
    workers = 1 if crew_size else max(1, min(asked, job.documents.open))
    with (
        open_job(desk, job.id, schema=schema, workers=workers, passwords=passwords) as context,
        Crew(job.id, size=crew_size, passwords=passwords) as crew,
        _stop_on_signals(crew) as stop,
        progress_bar() as show,
    ):
        pause = _LOOK_EVERY_S
        while True:
            done = job.documents.done
            job = run_job(context, owners=desk.owners, workers=workers, stop=stop, on_progress=show)
            while crew.working:
                time.sleep(_LOOK_EVERY_S)
                show(progress_of(desk.stores.jobs.get(job.id)))
            job = desk.stores.jobs.get(job.id)
            if job.cancel_requested_at is not None:
                return cancel(desk.stores, job.id, owners=desk.owners)
            if stop.finishing or not job.documents.open:
                return job
            # What is open is in the hands of another run of this job, or of a member that died: ask again, but gently.
            pause = _LOOK_EVERY_S if job.documents.done > done else min(2 * pause, _LOOK_SELDOM_S)
            time.sleep(pause)


def work_silently(desk: Desk, job: Job, schema: ExtractionSchema) -> None:
    """As a member of a crew: work on the job until nothing is due or standard input says to stop."""
    stop = StopSignal()
    passwords = follow_orders(sys.stdin, stop)
    with open_job(desk, job.id, schema=schema, workers=1, passwords=passwords) as context:
        run_job(context, owners=desk.owners, workers=1, stop=stop)


@contextmanager
def _stop_on_signals(crew: Crew) -> Iterator[StopSignal]:
    """The first Ctrl-C (or SIGTERM) finishes what is in flight, the second leaves it at the next page window."""
    stop = StopSignal()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.finishing:
            stop.leave()
            crew.leave()
        else:
            stop.finish()
            crew.finish()
            for_people().print("[yellow]finishing what is in flight; once more to leave it[/]")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_bar() -> Iterator[ProgressListener]:
    """Documents, pages a second and time left, on standard error; silent when that is no terminal."""
    from rich import progress as rich_progress

    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[rate]}"),
        rich_progress.TimeRemainingColumn(),
        rich_progress.TextColumn("{task.fields[remarks]}"),
    )
    with rich_progress.Progress(
        *columns, console=for_people(), transient=True, disable=not for_people().is_terminal
    ) as bar:
        task = bar.add_task("documents", total=None, rate="", remarks="")

        def show(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{progress.pages_done / elapsed:.1f} pages/s" if elapsed > 1 else ""
            remarks = f"[red]{progress.failed} failed[/]" if progress.failed else ""
            total = progress.documents_total
            bar.update(task, total=total, completed=progress.documents_done, rate=rate, remarks=remarks)

        yield show


def finish(desk: Desk, job: Job, schema: ExtractionSchema, *, output: Target, strict: bool = False) -> None:
    """Hand out the records, sum up, and end with the exit code that fits. Raises typer.Exit."""
    if job.documents.open and job.state is not JobState.CANCELED:
        for_people().print(
            f"[yellow]stopped[/] with {job.documents.done} of {job.documents.total} documents done; "
            f"go on with: [bold]docproc jobs resume {job.id}[/]",
            soft_wrap=True,
        )
        raise typer.Exit(ExitCode.INTERRUPTED)
    write_records(desk, job, schema, output=output)
    summarise(desk, job, output.target)
    raise typer.Exit(exit_code_of(job.documents, strict=strict))


def write_records(desk: Desk, job: Job, schema: ExtractionSchema, *, output: Target) -> None:
    """The records of a job to a file; without one a table on a terminal, JSONL into a pipe."""
    from docproc.services.collect import collect

    items = collect(desk.stores, job.id, tenant=job.tenant)
    if output.target is not None:
        from docproc.exports.opening import open_writer

        with open_writer(output.target, schema, overwrite=output.overwrite, dialect=output.dialect) as writer:
            for item in items:
                writer.write(item)
    elif output.table or is_terminal():
        from docproc.cli.record_table import record_table

        console = for_output()
        console.print(record_table((item.extraction for item in items), schema, width=console.width))
    else:
        from docproc.exports.json_writers import write_line

        try:
            for item in items:
                write_line(sys.stdout.buffer, item, schema)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # `| head -1` has seen enough; at exit Python would flush into the same broken pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def summarise(desk: Desk, job: Job, target: str | None) -> None:
    """Documents, pages, what needs review, what failed and why."""
    from docproc.services.show import show_job

    console, counts = for_people(), job.documents
    parts = [f"{counts.total} documents", f"{job.pages.total} pages"]
    if job.pages.blank:
        parts.append(f"{job.pages.blank} blank")
    if counts.needs_review:
        parts.append(f"[yellow]{counts.needs_review} need review[/]")
    if counts.failed:
        parts.append(f"[red]{counts.failed} failed[/]")
    console.print(f"job {job.id}: {', '.join(parts)}", soft_wrap=True)
    detail = show_job(desk.stores, job.id, tenant=job.tenant)
    left = {name: pages for name, pages in detail.readers.items() if name not in CPU_READERS}
    if job.options.reader == "auto" and left:
        share = sum(left.values()) / sum(detail.readers.values())
        said = f"{sum(left.values())} of {sum(detail.readers.values())} pages ({share:.0%})"
        console.print(f"read by a model: {said}: {', '.join(sorted(left))}", soft_wrap=True)
    for code, count in detail.failures.items():
        console.print(f"  [red]{count} {code}[/]", highlight=False)
    if target is not None:
        console.print(f"records: {marked(target)}", soft_wrap=True)
