"""`docproc exports`: a job's records as a file that a worker makes and the blob store keeps."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.extract import CsvDialect
from docproc.cli.job_arguments import AsJson, JobArgument, Overwrite, TenantName, find_job
from docproc.domain.file_format import FileFormat
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from docproc.services.errand_records import Export

app = typer.Typer(no_args_is_help=True, help="Exports that workers make: create, list, fetch, link.")

ExportId = Annotated[UUID, typer.Argument(help="As `docproc exports list` writes it.", metavar="EXPORT")]
_LOOK_EVERY_S = 0.2
#: S3 makes none that last longer than a week
_LONGEST_LINK_S = 7 * 24 * 3600


@app.command("create")
def create(
    job: JobArgument,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="csv and json are archives of files, html is the report.")
    ] = FileFormat.JSONL,
    dialect: Annotated[CsvDialect, typer.Option("--csv-dialect", help="How a CSV is spelt.")] = CsvDialect.RFC4180,
    wait: Annotated[bool, typer.Option("--wait", help="Until it is made.")] = False,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Ask a worker for a file of a job's records. Example: `docproc exports create last --format xlsx --wait`."""
    from docproc.bootstrap import open_service_desk
    from docproc.services.export_job import ask_for_export

    desk = open_service_desk()
    job_id = find_job(desk, job, tenant=tenant).id
    export_id = ask_for_export(
        desk.stores, desk.errands, job_id, tenant=tenant, export_format=file_format.value, dialect=dialect.value
    )
    export = desk.errands.exports.get(export_id, tenant=tenant)
    while wait and export.finished_at is None:
        time.sleep(_LOOK_EVERY_S)
        export = desk.errands.exports.get(export_id, tenant=tenant)
    typer.echo(json.dumps(_plain(export)) if as_json else _line(export))
    if export.failure is not None:
        from docproc.cli.exit_codes import ExitCode

        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command("list")
def list_all(job: JobArgument, tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """Show a job's exports, newest first. Example: `docproc exports list last`."""
    from docproc.bootstrap import open_service_desk

    desk = open_service_desk()
    found = desk.errands.exports.of_job(find_job(desk, job, tenant=tenant).id, tenant=tenant)
    if as_json:
        typer.echo(json.dumps([_plain(export) for export in found]))
    for export in () if as_json else found:
        typer.echo(_line(export))


@app.command("fetch")
def fetch(
    export_id: ExportId,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A name as for jobs export; by default, or F.zip, the file as it is kept."),
    ] = None,
    overwrite: Overwrite = False,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Copy an export to a file. Example: `docproc exports fetch 019… --out records.xlsx`."""
    from docproc.bootstrap import open_service_desk
    from docproc.client.placing import beside, move_together, place
    from docproc.domain.errors import ConflictError
    from docproc.exports.staging import refuse_existing

    desk = open_service_desk()
    export = desk.errands.exports.get(export_id, tenant=tenant)
    if export.blob_key is None:
        raise ConflictError(f"the export is {export.state}: there is no file yet")
    file_format = FileFormat(export.format)
    target = out or Path(f"{export.id}{file_format.suffix}")
    if not overwrite:
        refuse_existing(target)
    with beside(target) as scratch:
        fetched = scratch / "fetched"
        with fetched.open("wb") as file:
            for piece in desk.stores.blobs.stream(export.blob_key):
                file.write(piece)
        if target.suffix == ".zip":
            move_together({fetched: target}, overwrite=overwrite)
        else:
            place(fetched, target, file_format=file_format, overwrite=overwrite)
    typer.echo(f"{target}: {export.byte_count:,} bytes, {export.records} records")


@app.command("link")
def link(
    export_id: ExportId,
    expires: Annotated[
        int, typer.Option(min=1, max=_LONGEST_LINK_S, metavar="SECONDS", help="How long it leads there.")
    ] = 3600,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Print a link with which anybody fetches an export from S3. Example: `docproc exports link 019… --expires 600`."""
    from docproc.bootstrap import export_link, open_service_desk
    from docproc.cli.deeds import note

    desk = open_service_desk()
    url = export_link(desk, export_id, tenant=tenant, expires_s=expires)
    note(desk, "export.link", export_id, tenant=tenant)
    typer.echo(json.dumps({"id": str(export_id), "url": url, "expires_seconds": expires}) if as_json else url)


def _plain(export: "Export") -> dict[str, object]:
    return {
        "id": str(export.id),
        "job_id": str(export.job_id),
        "format": export.format,
        "state": export.state.value,
        "records": export.records,
        "byte_count": export.byte_count,
        "failure": None if export.failure is None else export.failure.model_dump(mode="json"),
        "created_at": export.created_at.isoformat(),
    }


def _line(export: "Export") -> str:
    told = f"{export.records} records, {export.byte_count:,} bytes" if export.byte_count is not None else ""
    if export.failure is not None:
        told = export.failure.message
    return f"{export.id}  {export.format:5}  {export.state.value}  {told}".rstrip()
