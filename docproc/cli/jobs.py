"""`docproc jobs`: what was extracted, and what can be done with it afterwards."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.extract import CsvDialect, Output
from docproc.cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from docproc.bootstrap import Desk
    from docproc.domain.schema import ExtractionSchema
    from docproc.services.records import Job, Removed

#: fewer characters name a job by accident, such as an unset variable in a script that deletes
_SHORTEST_ID = 8

app = typer.Typer(no_args_is_help=True, help="Jobs: list, resume, export, report on, delete.")

JobArgument = Annotated[str, typer.Argument(help="Id of a job, its beginning, or `last`.", metavar="JOB")]
PasswordFile = Annotated[Path | None, typer.Option(help="One password a line; passwords are never stored.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The id only.")]
OutTarget = Annotated[str | None, typer.Option("--out", "-o", metavar="F.jsonl|F.csv|F.xlsx|DIR/")]
Dialect = Annotated[CsvDialect, typer.Option("--csv-dialect", help="european: semicolons and decimal commas.")]
Table = Annotated[bool, typer.Option("--table", help="A table also into a pipe.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit code 4 when a person should look.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")]


@app.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Ids only.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many.")] = None,
) -> None:
    """List jobs, newest first. Example: `docproc jobs list --json`."""
    from docproc.bootstrap import open_desk
    from docproc.services.list_jobs import list_jobs
    from docproc.services.working import working

    desk = open_desk()
    jobs = list_jobs(desk.stores, limit=limit)
    if quiet:
        for job in jobs:
            typer.echo(job.id)
        return
    busy = working(desk.stores, [job.id for job in jobs], owners=desk.owners)
    if as_json:
        typer.echo(json.dumps([_brief(job) | {"working": job.id in busy} for job in jobs]))
    else:
        _print_jobs(jobs, busy)


def _brief(job: "Job") -> dict[str, object]:
    return {
        "id": str(job.id),
        "state": job.state.value,
        "done": job.documents.done,
        "total": job.documents.total,
        "schema": job.schema.label,
        "created_at": job.created_at.isoformat(),
    }


def _print_jobs(jobs: "Sequence[Job]", busy: "frozenset[UUID]") -> None:
    from rich.table import Table

    from docproc.cli.console import for_output

    table = Table(box=None, pad_edge=False)
    for column in ("job", "state", "done", "total", "schema", "created"):
        table.add_column(column, justify="right" if column in {"done", "total"} else "left", no_wrap=True)
    for job in jobs:
        counts = job.documents
        created = f"{job.created_at.astimezone():%Y-%m-%d %H:%M}"
        # `running` is what its documents say; whether anybody runs it is another matter
        state = "stopped" if job.documents.open and job.id not in busy else job.state.value
        table.add_row(str(job.id), state, str(counts.done), str(counts.total), job.schema.label, created)
    for_output().print(table)


@app.command("show")
def show(
    job: JobArgument,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show one job: counts by state, and why documents failed. Example: `docproc jobs show last`."""
    from dataclasses import asdict

    from docproc.bootstrap import open_desk
    from docproc.domain.document import DocumentState
    from docproc.services.show import documents_of, show_job

    desk = open_desk()
    found = find_job(desk, job)
    detail = show_job(desk.stores, found.id)
    if quiet:
        typer.echo(found.id)
        return
    if as_json:
        facts = _brief(found) | {"documents": asdict(found.documents), "pages": asdict(found.pages)}
        typer.echo(json.dumps(facts | {"failures": {code.value: n for code, n in detail.failures.items()}}))
        return
    for name, value in _brief(found).items():
        typer.echo(f"{name:<12} {value}")
    typer.echo(f"{'documents':<12} {_counted(asdict(found.documents))}")
    typer.echo(f"{'pages':<12} {_counted(asdict(found.pages))}")
    for document in documents_of(desk.stores, found.id, state=DocumentState.FAILED):
        if document.failure is not None:
            why = f"{document.file}: {document.failure.code}: {document.failure.message}"
            typer.echo(printable(f"{'failed':<12} {why}"))


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count) or "none"


@app.command("resume")
def resume(
    job: JobArgument,
    password_file: PasswordFile = None,
    out: OutTarget = None,
    overwrite: Overwrite = False,
    csv_dialect: Dialect = CsvDialect.RFC4180,
    table: Table = False,
    strict: Strict = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --out: one JSON object about the job.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="With --out: the id only.")] = False,
) -> None:
    """Go on where a job stopped; what was finished is not done again. Example: `docproc jobs resume last`."""
    from docproc.bootstrap import load_job_schema, open_desk
    from docproc.cli.passwords import read_passwords
    from docproc.cli.running import check_target, finish, run_visibly
    from docproc.services.resume import resume as make_workable

    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value, table=table)
    desk = open_desk()
    found = make_workable(desk.stores, find_job(desk, job).id, owners=desk.owners)
    schema = load_job_schema(desk, found.id)
    check_target(output, schema)
    found = run_visibly(desk, _submitted(desk, found), schema, passwords=read_passwords(password_file))
    if out is not None and (as_json or quiet):
        _say_job(found, "", as_json=as_json, quiet=quiet)
    finish(desk, found, schema, output=output, strict=strict)


def _submitted(desk: "Desk", job: "Job") -> "Job":
    """The job with all its files recorded, also when it was stopped while it was still recording them."""
    from docproc.cli.files import find_files
    from docproc.cli.questions import QUESTIONS, asked, load_questions
    from docproc.services.submit import continue_submission

    if job.submitted_at is not None:
        return job
    found = find_files([Path(path) for path in job.inputs], recursive=job.recursive)
    told = load_questions(Path(job.metadata[QUESTIONS])) if QUESTIONS in job.metadata else {}
    return continue_submission(desk.stores, job.id, asked(found, told), accept=desk.accept)


@app.command("work", hidden=True)
def work(job: Annotated[str, typer.Argument()]) -> None:
    """Work on a job beside the process that started this one; orders come by standard input."""
    from docproc.bootstrap import load_job_schema, open_desk
    from docproc.cli.running import work_silently

    desk = open_desk()
    found = find_job(desk, job)
    work_silently(desk, found, load_job_schema(desk, found.id))


@app.command("retry")
def retry(
    job: JobArgument,
    password_file: PasswordFile = None,
    out: OutTarget = None,
    overwrite: Overwrite = False,
    csv_dialect: Dialect = CsvDialect.RFC4180,
    table: Table = False,
    strict: Strict = False,
) -> None:
    """Read the failed documents of a job again. Example: `docproc jobs retry last --password-file p.txt`."""
    from docproc.bootstrap import load_job_schema, open_desk
    from docproc.cli.passwords import read_passwords
    from docproc.cli.running import check_target, finish, run_visibly
    from docproc.services.retry import retry as receive_again

    desk = open_desk()
    found = find_job(desk, job)
    schema = load_job_schema(desk, found.id)
    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value, table=table)
    check_target(output, schema)
    typer.echo(f"{receive_again(desk.stores, found.id)} documents are read again", err=True)
    found = run_visibly(desk, desk.stores.jobs.get(found.id), schema, passwords=read_passwords(password_file))
    finish(desk, found, schema, output=output, strict=strict)


@app.command("cancel")
def cancel(job: JobArgument, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Cancel a job: what waits ends at once, what is worked on at its next page window.

    Example: `docproc jobs cancel last`.
    """
    from docproc.bootstrap import open_desk
    from docproc.services.cancel import cancel as cancel_job

    desk = open_desk()
    found = cancel_job(desk.stores, find_job(desk, job).id, owners=desk.owners)
    said = f"{found.id}: {found.state}, {found.documents.canceled} documents canceled"
    _say_job(found, said, as_json=as_json, quiet=quiet)


def _say_job(job: "Job", said: str, *, as_json: bool, quiet: bool) -> None:
    if quiet:
        typer.echo(job.id)
    else:
        typer.echo(json.dumps(_brief(job)) if as_json else said)


@app.command("export")
def export(
    job: JobArgument,
    out: OutTarget = None,
    overwrite: Overwrite = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --out: one JSON object about the job.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="With --out: the id only.")] = False,
    csv_dialect: Dialect = CsvDialect.RFC4180,
) -> None:
    """Write the records of a job, as often as you like. Example: `docproc jobs export last --out records.xlsx`."""
    from docproc.bootstrap import open_desk
    from docproc.cli.running import check_target, write_records

    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value)
    desk = open_desk()
    found = find_job(desk, job)
    schema = _schema_as_stored(desk, found)
    check_target(output, schema)
    write_records(desk, found, schema, output=output)
    if out is not None:
        _say_job(found, f"records: {out}", as_json=as_json, quiet=quiet)
    if found.documents.open:
        typer.echo(f"{found.documents.open} documents are not done: docproc jobs resume {found.id}", err=True)


@app.command("report")
def report(
    job: JobArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="F.html", help="The report.")] = Path("report.html"),
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write one HTML file: pages with their evidence, fields, issues. Example: `docproc jobs report last`."""
    from docproc.bootstrap import open_desk
    from docproc.cli.report import write_report

    desk = open_desk()
    found = find_job(desk, job)
    write_report(desk, found, _schema_as_stored(desk, found), target=out, overwrite=overwrite)
    _say_job(found, f"report: {out}", as_json=as_json, quiet=quiet)


@app.command("delete")
def delete(job: JobArgument, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Delete a job with everything kept of its documents; your own files are not touched.

    Example: `docproc jobs delete last`.
    """
    from docproc.bootstrap import open_desk
    from docproc.services.delete import delete as delete_job

    desk = open_desk()
    found = find_job(desk, job)
    removed = delete_job(desk.stores, found.id, owners=desk.owners)
    _say_removed(removed, as_json=as_json, quiet=str(found.id) if quiet else None)


@app.command("prune")
def prune(
    days: Annotated[float, typer.Option("--older-than", min=0, metavar="DAYS", help="Jobs older than so many days.")],
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Also jobs that were stopped and could be resumed.")
    ] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Delete old jobs. Example: `docproc jobs prune --older-than 30`."""
    from docproc.bootstrap import open_desk
    from docproc.services.prune import prune as prune_jobs

    desk = open_desk()
    removed = prune_jobs(desk.stores, older_than_days=days, owners=desk.owners, unfinished=unfinished)
    _say_removed(removed, as_json=as_json, quiet="" if quiet else None)


def _say_removed(removed: "Removed", *, as_json: bool, quiet: str | None) -> None:
    from dataclasses import asdict

    if quiet is not None:
        typer.echo(quiet, nl=bool(quiet))
        return
    if as_json:
        typer.echo(json.dumps(asdict(removed)))
        return
    typer.echo(
        f"deleted: {removed.jobs} jobs, {removed.documents} documents, {removed.rows} rows, "
        f"{removed.blobs} blobs of {removed.byte_count:,} bytes"
    )


def find_job(desk: "Desk", name: str) -> "Job":
    """A job by its id, eight or more characters of its beginning, or `last`.

    Raises NotFoundError when none or several fit.
    """
    from docproc.domain.errors import NotFoundError
    from docproc.services.list_jobs import list_jobs

    if name == "last":
        fitting = [job.id for job in list_jobs(desk.stores, limit=1)]
    elif len(name) < _SHORTEST_ID:
        raise NotFoundError(f"{name!r} is no job: write at least {_SHORTEST_ID} characters of the id, or `last`")
    else:
        fitting = list(desk.stores.jobs.find(name))
    if not fitting:
        raise NotFoundError(f"there is no job {name!r}; docproc jobs list shows them")
    if len(fitting) > 1:
        raise NotFoundError(f"several jobs begin with {name!r}: write more of the id")
    return desk.stores.jobs.get(fitting[0])


def _schema_as_stored(desk: "Desk", job: "Job") -> "ExtractionSchema":
    """The schema for an export: where it was loaded from, or what the job kept of it when that is gone or changed."""
    from dataclasses import replace

    from docproc.bootstrap import load_job_schema
    from docproc.domain.errors import ConflictError, UsageError
    from docproc.services.job_context import require_same_schema
    from schemas.json_schema import compile_json_schema

    try:
        schema = load_job_schema(desk, job.id)
        require_same_schema(job, schema)
    except (UsageError, ConflictError):
        kept = compile_json_schema(dict(job.schema.json_schema), reference=job.schema.reference)
        return replace(kept, name=job.schema.name, version=job.schema.version)
    return schema
