"""Commands about the jobs of a server that is asked over HTTP: the same words as for jobs of this machine."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.cli.job_arguments import counted, job_row, print_jobs, removal
from docproc.cli.printable import printable
from docproc.domain.errors import NotFoundError, UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docproc.client import Attempts, Client, Job
    from docproc.client.types import JobFacts, Progress

ServerName = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Of a server, asked with the key in DOCPROC_SERVER_KEY."),
]

_WHOLE_ID = 36


class Where(NamedTuple):
    """Which server, and what was said of a tenant."""

    server: str
    tenant: str


@contextmanager
def server_client(where: Where, *, attempts: "Attempts | None" = None) -> "Iterator[Client]":
    """Raises UsageError without a key, or when a tenant is named: the key is of one."""
    from docproc.bootstrap import load_settings
    from docproc.client import Client

    if where.tenant != LOCAL_TENANT:
        raise UsageError("--tenant: a server knows the tenant by the key")
    key = load_settings().server_key
    if key is None:
        raise UsageError("a server asks for a key: set DOCPROC_SERVER_KEY to what `docproc keys create` printed there")
    with Client(where.server, key=key.get_secret_value(), attempts=attempts) as client:
        yield client


@contextmanager
def server_job(where: Where, name: str) -> "Iterator[Job]":
    """A server's job by its whole id, or `last`. Raises NotFoundError."""
    with server_client(where) as client:
        if name == "last":
            found = next(client.jobs(), None)
            if found is None:
                raise NotFoundError("there is no job yet")
            yield found
        elif len(name) == _WHOLE_ID:
            yield client.job(name)
        else:
            raise NotFoundError(f"{name!r}: a server's job is named by its whole id, or `last`")


def brief(facts: "JobFacts") -> dict[str, object]:
    """The same keys as of a job of this machine."""
    return {
        "id": str(facts.id),
        "state": facts.state.value,
        "done": facts.documents.done,
        "total": facts.documents.total,
        "schema": facts.extraction_schema,
        "created_at": facts.created_at.isoformat(),
    }


def say(facts: "JobFacts", said: str, *, as_json: bool, quiet: bool) -> None:
    if quiet:
        typer.echo(facts.id)
    else:
        typer.echo(json.dumps(brief(facts)) if as_json else said)


def list_jobs(where: Where, *, limit: int | None, as_json: bool, quiet: bool) -> None:
    """Newest first."""
    from itertools import islice

    with server_client(where) as client:
        facts = [job.facts for job in islice(client.jobs(), limit)]
    if quiet:
        for each in facts:
            typer.echo(each.id)
        return
    if as_json:
        typer.echo(json.dumps([brief(each) for each in facts]))
        return
    print_jobs(job_row(brief(each), each.created_at) for each in facts)


def show(where: Where, name: str, *, as_json: bool, quiet: bool) -> None:
    """Counts, what it waits for, why documents failed."""
    from docproc.domain.document import DocumentState

    with server_job(where, name) as job:
        detail = job.refresh()
        failed = list(job.documents(state=DocumentState.FAILED)) if detail.documents.failed else []
    if quiet:
        typer.echo(detail.id)
    elif as_json:
        whole = detail.model_dump(mode="json")
        typer.echo(json.dumps(whole | {"failed": [document.model_dump(mode="json") for document in failed]}))
    else:
        for fact, value in detail.model_dump(mode="json", exclude={"failures"}).items():
            shown = counted(value) if fact in {"documents", "pages"} else value
            if shown not in (None, {}):
                typer.echo(printable(f"{fact:<12} {shown}"))
        for document in failed:
            why = "" if document.failure is None else f": {document.failure.code}: {document.failure.message}"
            typer.echo(printable(f"{'failed':<12} {document.file}{why}"))


def export(
    where: Where, name: str, *, out: str | None, overwrite: bool, dialect: str, as_json: bool, quiet: bool
) -> None:
    """To files, which the server makes; without one JSONL to standard output."""
    from docproc.exports.opening import export_format

    with server_job(where, name) as job:
        if out is None:
            stream = typer.get_binary_stream("stdout")
            for line in job.result_lines():
                stream.write(line + b"\n")
            return
        export_format(out)  # refuses what is refused on this machine
        _refuse_existing(out, overwrite=overwrite)
        job.export(out, dialect="european" if dialect == "european" else "rfc4180", overwrite=overwrite)
        say(job.facts, f"records: {out}", as_json=as_json, quiet=quiet)


def report(where: Where, name: str, *, out: Path, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """To one file, which the server makes. Raises UsageError for another name than F.html."""
    if out.suffix.lower() != ".html":
        raise UsageError(f"{out}: the report of a server is a file F.html")
    with server_job(where, name) as job:
        _refuse_existing(out, overwrite=overwrite)
        job.export(out, overwrite=overwrite)
        say(job.facts, f"report: {out}", as_json=as_json, quiet=quiet)


def _refuse_existing(out: "Path | str", *, overwrite: bool) -> None:
    """Before the server makes it. Raises ConflictError."""
    from docproc.exports.staging import refuse_existing

    if not overwrite:
        refuse_existing(Path(out))


def cancel(where: Where, name: str, *, as_json: bool, quiet: bool) -> None:
    with server_job(where, name) as job:
        facts = job.cancel()
    say(
        facts, f"{facts.id}: {facts.state}, {facts.documents.canceled} documents canceled", as_json=as_json, quiet=quiet
    )


def one_password(file: Path | None) -> str | None:
    """Raises UsageError for more than one password: a server takes one."""
    from docproc.cli.passwords import read_passwords

    password, *others = read_passwords(file) or (None,)
    if others:
        raise UsageError("--password-file: a server takes one password")
    return password


def retry(where: Where, name: str, *, passwords: Path | None) -> None:
    """Raises UsageError for more than one password."""
    password = one_password(passwords)
    with server_job(where, name) as job:
        retried = job.retry(password=password)
    typer.echo(f"{retried.received} documents are read again by the server")


def delete(where: Where, name: str, *, as_json: bool, quiet: bool) -> None:
    with server_job(where, name) as job:
        removed = job.delete()
    if quiet:
        typer.echo(job.id)
    elif as_json:
        typer.echo(removed.model_dump_json())
    else:
        typer.echo(removal(removed))


def follow(job: "Job") -> "JobFacts":
    """Watch until every document has ended. Raises typer.Exit on Ctrl-C."""
    try:
        with _progress_bar() as on_progress:
            facts = job.wait(on_progress=on_progress)
    except KeyboardInterrupt:
        typer.echo(f"the job goes on at the server; look at it with: docproc jobs show {job.id} --server URL", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    typer.echo(f"job {facts.id}: {counted(facts.documents.model_dump())}", err=True)
    return facts


@contextmanager
def _progress_bar() -> "Iterator[Callable[[Progress], None]]":
    from docproc.cli.running import progress_bar
    from docproc.services.progress import Progress as Shown

    with progress_bar() as show_progress:

        def on_progress(progress: "Progress") -> None:
            pages, documents = progress.pages, progress.documents
            show_progress(
                Shown(
                    documents_total=documents.total,
                    documents_done=documents.done,
                    needs_review=documents.needs_review,
                    failed=documents.failed,
                    canceled=documents.canceled,
                    pages_total=pages.total,
                    pages_done=pages.done,
                    submitted=True,
                )
            )

        yield on_progress
