"""`docproc jobs export` and `docproc jobs report`: the records of a job, as often as you like."""

from pathlib import Path
from typing import Annotated

import typer

from docproc.cli import at_server
from docproc.cli.at_server import ServerName, Where
from docproc.cli.extract import CsvDialect, Output
from docproc.cli.job_arguments import (
    AsJson,
    Dialect,
    JobArgument,
    OutTarget,
    Overwrite,
    Quiet,
    TenantName,
    find_job,
    say_job,
    schema_as_stored,
)
from docproc.domain.ids import LOCAL_TENANT


def export(
    job: JobArgument,
    out: OutTarget = None,
    overwrite: Overwrite = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --out: one JSON object about the job.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="With --out: the id only.")] = False,
    csv_dialect: Dialect = CsvDialect.RFC4180,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """Write the records of a job, as often as you like. Example: `docproc jobs export last --out records.xlsx`."""
    if server is not None:
        at_server.export(
            Where(server, tenant),
            job,
            out=out,
            overwrite=overwrite,
            dialect=csv_dialect.value,
            as_json=as_json,
            quiet=quiet,
        )
        return
    from docproc.bootstrap import open_desk
    from docproc.cli.running import check_target, write_records

    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value)
    desk = open_desk()
    found = find_job(desk, job, tenant=tenant)
    schema = schema_as_stored(found)
    check_target(output, schema)
    write_records(desk, found, schema, output=output)
    if out is not None:
        say_job(found, f"records: {out}", as_json=as_json, quiet=quiet)
    if found.documents.open:
        how = f"docproc jobs resume {found.id}" if found.queue is None else "the service's workers are at it"
        typer.echo(f"{found.documents.open} documents are not done: {how}", err=True)


def report(
    job: JobArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="F.html", help="The report.")] = Path("report.html"),
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    tenant: TenantName = LOCAL_TENANT,
    server: ServerName = None,
) -> None:
    """Write one HTML file: pages with their evidence, fields, issues. Example: `docproc jobs report last`."""
    if server is not None:
        at_server.report(Where(server, tenant), job, out=out, overwrite=overwrite, as_json=as_json, quiet=quiet)
        return
    from docproc.bootstrap import open_desk
    from docproc.cli.report import write_report

    desk = open_desk()
    found = find_job(desk, job, tenant=tenant)
    write_report(desk, found, schema_as_stored(found), target=out, overwrite=overwrite)
    say_job(found, f"report: {out}", as_json=as_json, quiet=quiet)
