"""`docproc jobs`: what was extracted, and what can be done with it afterwards."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docproc.cli import at_server, job_records, job_runs
from docproc.cli.at_server import ServerName, Where
from docproc.cli.job_arguments import (
    AsJson,
    JobArgument,
    Quiet,
    TenantName,
    brief,
    counted,
    find_job,
    job_row,
    print_jobs,
    removal,
    say_job,
)
from docproc.cli.printable import printable
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from docproc.domain.failure import Failure
    from docproc.services.records import Document, Job, Removed

app = typer.Typer(no_args_is_help=True, help="Jobs: list, resume, export, report on, delete.")


@app.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Ids only.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many.")] = None,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """List jobs, newest first. Example: `docproc jobs list --json`."""
    if server is not None:
        at_server.list_jobs(Where(server, tenant), limit=limit, as_json=as_json, quiet=quiet)
        return
    from docproc.bootstrap import open_desk
    from docproc.services.list_jobs import list_jobs
    from docproc.services.working import working

    desk = open_desk()
    jobs = list_jobs(desk.stores, limit=limit, tenant=tenant)
    if quiet:
        for job in jobs:
            typer.echo(job.id)
        return
    busy = working(desk.stores, [job.id for job in jobs], owners=desk.owners)
    if as_json:
        typer.echo(json.dumps([brief(job) | {"working": job.id in busy} for job in jobs]))
    else:
        print_jobs(_rows(jobs, busy))


def _rows(jobs: "Sequence[Job]", busy: "frozenset[UUID]") -> "Iterator[Sequence[str]]":
    for job in jobs:
        # `running` is what its documents say; whether anybody runs it is another matter, but for a service's workers
        stopped = job.queue is None and job.documents.open and job.id not in busy
        yield job_row(brief(job), job.created_at, state="stopped" if stopped else None)


@app.command("show")
def show(
    job: JobArgument,
    as_json: AsJson = False,
    quiet: Quiet = False,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """Show one job: counts, what it waits for, why documents failed. Example: `docproc jobs show last`."""
    if server is not None:
        at_server.show(Where(server, tenant), job, as_json=as_json, quiet=quiet)
        return
    from docproc.bootstrap import open_desk
    from docproc.domain.document import DocumentState
    from docproc.services.show import documents_of, show_job
    from docproc.services.waiting import waiting_of

    desk = open_desk()
    found = find_job(desk, job, tenant=tenant)
    if quiet:
        typer.echo(found.id)
        return
    waits = waiting_of(found, desk.work)
    failed = documents_of(desk.stores, found.id, state=DocumentState.FAILED) if found.documents.failed else ()
    if as_json:
        detail = show_job(desk.stores, found.id, tenant=tenant)
        facts = _facts(found, waits) | {
            "failures": {code.value: count for code, count in detail.failures.items()},
            "failed": [_failed(document) for document in failed],
            "pages_by_reader": dict(detail.readers),
        }
        typer.echo(json.dumps(facts))
        return
    _print_job(found, waits)
    for document in failed:
        if document.failure is not None:
            typer.echo(printable(f"{'failed':<12} {document.file}: {_why(document.failure)}"))


def _facts(job: "Job", waits: str | None) -> dict[str, Any]:
    from dataclasses import asdict

    return brief(job) | {
        "tenant": job.tenant,
        "external_id": job.external_id,
        "reader": job.options.reader,
        "queue": job.queue,
        "priority": job.priority,
        "submitted": job.submitted_at is not None,
        "waiting_for": waits,
        "documents": asdict(job.documents),
        "pages": asdict(job.pages),
    }


def _failed(document: "Document") -> dict[str, Any]:
    failure = None if document.failure is None else document.failure.model_dump(mode="json")
    return {"document_id": str(document.id), "file": document.file, "attempts": document.attempt, "failure": failure}


def _print_job(job: "Job", waits: str | None) -> None:
    facts = _facts(job, waits)
    counts = {name: counted(facts.pop(name)) for name in ("documents", "pages")}
    if job.queue is None:  # of no meaning on one machine
        for name in ("tenant", "queue", "priority", "submitted"):
            del facts[name]
    for name, value in (facts | counts).items():
        if value is not None:
            typer.echo(printable(f"{name:<12} {value}"))


def _why(failure: "Failure") -> str:
    return f"{failure.code}: {failure.message}"


app.command("resume")(job_runs.resume)
app.command("work", hidden=True)(job_runs.work)
app.command("retry")(job_runs.retry)


@app.command("cancel")
def cancel(
    job: JobArgument,
    as_json: AsJson = False,
    quiet: Quiet = False,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """Cancel a job: what waits ends at once, what is worked on at its next page window.

    Example: `docproc jobs cancel last`.
    """
    if server is not None:
        at_server.cancel(Where(server, tenant), job, as_json=as_json, quiet=quiet)
        return
    from docproc.bootstrap import open_desk
    from docproc.cli.deeds import note
    from docproc.services.cancel import cancel as cancel_job

    desk = open_desk()
    found = cancel_job(desk.stores, find_job(desk, job, tenant=tenant).id, owners=desk.owners, tenant=tenant)
    note(desk, "job.cancel", found.id, tenant=tenant)
    said = f"{found.id}: {found.state}, {found.documents.canceled} documents canceled"
    say_job(found, said, as_json=as_json, quiet=quiet)


app.command("export")(job_records.export)
app.command("report")(job_records.report)


@app.command("delete")
def delete(
    job: JobArgument,
    as_json: AsJson = False,
    quiet: Quiet = False,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """Delete a job with everything kept of its documents; your own files are not touched.

    Example: `docproc jobs delete last`.
    """
    if server is not None:
        at_server.delete(Where(server, tenant), job, as_json=as_json, quiet=quiet)
        return
    from docproc.bootstrap import open_desk
    from docproc.cli.deeds import note
    from docproc.cli.person import person
    from docproc.services.delete import delete as delete_job

    desk = open_desk()
    found = find_job(desk, job, tenant=tenant)
    removed = delete_job(desk.stores, found.id, owners=desk.owners, tenant=tenant, by=person())
    note(desk, "job.delete", found.id, tenant=tenant)
    say_removed(removed, as_json=as_json, quiet=str(found.id) if quiet else None)


@app.command("prune")
def prune(
    days: Annotated[float, typer.Option("--older-than", min=0, metavar="DAYS", help="Jobs older than so many days.")],
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Also jobs that were stopped and could be resumed.")
    ] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Delete old jobs, and what watched places remember of old files. Example: `docproc jobs prune --older-than 30`."""
    from docproc.bootstrap import open_desk
    from docproc.cli.deeds import note
    from docproc.services.keeping import forget_watched
    from docproc.services.prune import prune as prune_jobs

    desk = open_desk()
    removed = prune_jobs(desk.stores, older_than_days=days, owners=desk.owners, unfinished=unfinished, tenant=tenant)
    removed += forget_watched(desk.work.keeping, tenant=tenant, days=days)
    note(desk, "job.prune", f"{removed.jobs} jobs older than {days:g} days", tenant=tenant)
    say_removed(removed, as_json=as_json, quiet="" if quiet else None)


def say_removed(removed: "Removed", *, as_json: bool, quiet: str | None) -> None:
    from dataclasses import asdict

    if quiet is not None:
        typer.echo(quiet, nl=bool(quiet))
        return
    if as_json:
        typer.echo(json.dumps(asdict(removed)))
        return
    typer.echo(removal(removed))
