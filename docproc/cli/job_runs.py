"""`docproc jobs resume`, `retry` and `work`: go on with a job here, or let a service's workers go on with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli import at_server
from docproc.cli.at_server import ServerName, Where
from docproc.cli.extract import CsvDialect, Output
from docproc.cli.job_arguments import (
    Dialect,
    JobArgument,
    OutTarget,
    Overwrite,
    PasswordFile,
    Strict,
    Table,
    TenantName,
    find_job,
    say_job,
)
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from docproc.bootstrap import Desk
    from docproc.services.records import Job


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
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Go on where a job stopped; what was finished is not done again. Example: `docproc jobs resume last`."""
    from docproc.bootstrap import load_job_schema, open_desk
    from docproc.cli.passwords import read_passwords
    from docproc.cli.running import check_target, finish, run_visibly
    from docproc.services.resume import resume as make_workable

    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value, table=table)
    desk = open_desk()
    found = make_workable(desk.stores, find_job(desk, job, tenant=tenant).id, owners=desk.owners, tenant=tenant)
    passwords = read_passwords(password_file)
    if found.queue is not None:
        _resume_submission(desk, found, passwords=passwords)
        return
    schema = load_job_schema(found)
    check_target(output, schema)
    found = run_visibly(desk, _submitted(desk, found, passwords=passwords), schema, passwords=passwords)
    if out is not None and (as_json or quiet):
        say_job(found, "", as_json=as_json, quiet=quiet)
    finish(desk, found, schema, output=output, strict=strict)


def _resume_submission(desk: "Desk", job: "Job", *, passwords: Sequence[str]) -> None:
    """All that can be left to do here of a service's job. Raises ConflictError when nothing is."""
    from docproc.domain.errors import ConflictError
    from docproc.services.passwords import add_passwords

    if job.submitted_at is not None:
        raise ConflictError(
            f"the job {job.id} is read by the service's workers, which go on by themselves: "
            "docproc jobs show says what it waits for"
        )
    add_passwords(desk.stores.passwords, job, passwords)
    found = _submitted(desk, job, passwords=desk.stores.passwords.of(job.id))
    typer.echo(f"{found.id}: {found.documents.total} files are submitted; the service's workers read them")


def _submitted(desk: "Desk", job: "Job", *, passwords: Sequence[str] = ()) -> "Job":
    """The job with all its files recorded, also when it was stopped while it was still recording them."""
    from docproc.cli.files import find_files
    from docproc.cli.questions import QUESTIONS, asked, load_questions
    from docproc.pages.unpack import open_unpacker
    from docproc.services.submit import continue_submission

    if job.submitted_at is not None:
        return job
    found = find_files([Path(path) for path in job.inputs], recursive=job.recursive)
    told = load_questions(Path(job.metadata[QUESTIONS])) if QUESTIONS in job.metadata else {}
    with open_unpacker(desk.settings.limits, passwords=passwords) as unpacker:
        return continue_submission(
            desk.stores, job.id, asked(found, told), accept=desk.accept, unpacker=unpacker, tenant=job.tenant
        )


def work(job: Annotated[str, typer.Argument()]) -> None:
    """Work on a job beside the process that started this one; orders come by standard input."""
    from docproc.bootstrap import load_job_schema, open_desk
    from docproc.cli.running import work_silently

    desk = open_desk()
    found = find_job(desk, job)
    work_silently(desk, found, load_job_schema(found))


def retry(
    job: JobArgument,
    password_file: PasswordFile = None,
    out: OutTarget = None,
    overwrite: Overwrite = False,
    csv_dialect: Dialect = CsvDialect.RFC4180,
    table: Table = False,
    strict: Strict = False,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """Read the failed documents of a job again. Example: `docproc jobs retry last --password-file p.txt`.

    Of a service's job its workers do that; this command does not wait for them.
    """
    if server is not None:
        _refuse_what_a_server_cannot(out)
        at_server.retry(Where(server, tenant), job, passwords=password_file)
        return
    from docproc.bootstrap import load_job_schema, open_desk
    from docproc.cli.deeds import note
    from docproc.cli.passwords import read_passwords
    from docproc.cli.running import check_target, finish, run_visibly
    from docproc.services.retry import retry as receive_again

    desk = open_desk()
    found, passwords = find_job(desk, job, tenant=tenant), read_passwords(password_file)
    if found.queue is not None:
        _refuse_what_workers_cannot(out)
        count = receive_again(desk.stores, found.id, tenant=tenant, passwords=passwords)
        note(desk, "job.retry", found.id, tenant=tenant)
        typer.echo(f"{count} documents are read again by workers")
        return
    schema = load_job_schema(found)
    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value, table=table)
    check_target(output, schema)
    typer.echo(f"{receive_again(desk.stores, found.id, tenant=tenant)} documents are read again", err=True)
    note(desk, "job.retry", found.id, tenant=tenant)
    found = run_visibly(desk, desk.stores.jobs.get(found.id), schema, passwords=passwords)
    finish(desk, found, schema, output=output, strict=strict)


def _refuse_what_a_server_cannot(out: str | None) -> None:
    from docproc.domain.errors import UsageError

    if out is not None:
        raise UsageError("the records are there when the server is done: docproc jobs export --server writes them")


def _refuse_what_workers_cannot(out: str | None) -> None:
    from docproc.domain.errors import UsageError

    if out is not None:
        raise UsageError("the records are there when the workers are done: docproc jobs export writes them")
