"""`docproc store check`: blobs that no row names, and rows whose blob is gone."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.cli.printable import printable

if TYPE_CHECKING:
    from docproc.bootstrap import Desk
    from docproc.services.check_store import Finding, Tally

app = typer.Typer(no_args_is_help=True, help="The blob store: check.")


@app.callback()
def store() -> None:
    """Commands about the blob store."""


@app.command("check")
def check(
    delete_orphans: Annotated[bool, typer.Option("--delete-orphans", help="Delete blobs that no row names.")] = False,
    older_than: Annotated[
        float, typer.Option(min=1, metavar="HOURS", help="Younger blobs may wait for their row: they are no orphans.")
    ] = 24.0,
    tenant: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this one's; by default all tenants'.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a finding, the receipt last.")] = False,
) -> None:
    """Hold rows and blobs against each other; exit code 3 when a blob is missing. Example: `docproc store check`."""
    from docproc.bootstrap import open_desk
    from docproc.cli.console import for_people
    from docproc.cli.deeds import note
    from docproc.services.check_store import StoreCheck, Tally

    desk = open_desk()
    tally = Tally()
    before = desk.upkeep.census.now() - timedelta(hours=older_than)
    with for_people().status("listing") as status:
        for name in _tenants(desk, tenant):
            look = StoreCheck(
                stores=desk.stores,
                names=desk.upkeep.names,
                tenant=name,
                before=before,
                delete_orphans=delete_orphans,
                tally=tally,
                on_look=lambda so_far: status.update(f"{so_far.named} named by rows, {so_far.blobs} blobs"),
            )
            before_it = tally.deleted.blobs
            try:
                for finding in look.findings():
                    typer.echo(_as_json(finding) if as_json else _line(finding))
            finally:  # what was deleted is gone, also when somebody stops it here
                if (deleted := tally.deleted.blobs - before_it) > 0:
                    note(desk, "store.delete_orphans", f"{deleted} blobs", tenant=name)
    _say(tally, as_json=as_json)
    if tally.missing:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _tenants(desk: "Desk", name: str | None) -> list[str]:
    """Raises NotFoundError."""
    from docproc.domain.errors import NotFoundError

    names = list(desk.work.tenants.names())
    if name is None:
        return names
    if name not in names:
        raise NotFoundError(f"there is no tenant {name!r}")
    return [name]


def _line(finding: "Finding") -> str:
    whose = "" if finding.document_id is None else f"  document {finding.document_id}"
    return printable(f"{finding.verdict}  {finding.key}{whose}")


def _as_json(finding: "Finding") -> str:
    document = None if finding.document_id is None else str(finding.document_id)
    return json.dumps({"finding": finding.verdict, "kind": finding.kind, "key": finding.key, "document_id": document})


def _say(tally: "Tally", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(tally)))
        return
    deleted = tally.deleted
    typer.echo(
        f"{tally.named} named by rows, {tally.missing} of them missing; {tally.blobs} blobs, "
        f"{tally.orphans} of them orphans, {deleted.blobs} deleted with {deleted.byte_count:,} bytes"
    )
