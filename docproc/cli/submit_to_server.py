"""`docproc submit --server URL`: files go to a server over HTTP, with a bar; sent again, they are still one job."""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from docproc.cli.asking import AUTO
from docproc.cli.at_server import Where, brief, follow, say, server_client
from docproc.cli.console import for_people
from docproc.cli.exit_codes import ExitCode, exit_code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docproc.client import Job
    from docproc.client.submission import OnSent, Options
    from docproc.services.submit import SubmittedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the files, as the command line says it."""

    where: Where
    schema: str
    idempotency_key: str | None
    #: what was said besides; what was not is as the server has it
    options: "Options"


@contextmanager
def submitted_to(files: "Sequence[SubmittedFile]", wanted: Wanted) -> "Iterator[Job]":
    """The job at the server. Raises what the client raises, and typer.Exit on Ctrl-C."""
    from schemas import schema_to_send

    with server_client(wanted.where) as client:
        try:
            with _sending(files) as on_sent:
                job = client.submit(
                    [(file.path, file.name) for file in files],
                    schema=wanted.schema if wanted.schema == AUTO else schema_to_send(wanted.schema),
                    idempotency_key=wanted.idempotency_key,
                    on_sent=on_sent,
                    **wanted.options,
                )
        except KeyboardInterrupt:
            typer.echo("stopped while sending: the server has no job of it", err=True)
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        yield job


def say_sent(job: "Job", *, wait: bool, strict: bool, as_json: bool, quiet: bool) -> None:
    """The id, and with `wait` the end. Raises typer.Exit."""
    if not wait:
        said = f"{job.id}: {job.facts.documents.total} documents"
        say(job.facts, said, as_json=as_json, quiet=quiet)
        return
    if not as_json:
        say(job.facts, str(job.id), as_json=False, quiet=quiet)
    ended = follow(job)
    if as_json:
        typer.echo(json.dumps(brief(ended)))
    raise typer.Exit(exit_code_of(ended.documents, strict=strict))


@contextmanager
def _sending(files: "Sequence[SubmittedFile]") -> "Iterator[OnSent]":
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = for_people()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("sending", total=sum(file.path.stat().st_size for file in files))

        def on_sent(count: int) -> None:
            bar.advance(task, count)

        yield on_sent
