"""`docproc holds`: legal holds, under which nothing is deleted."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.job_arguments import AsJson, TenantName, find_job
from docproc.cli.printable import printable
from docproc.domain.errors import UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from docproc.services.keeping import Hold

app = typer.Typer(no_args_is_help=True, help="Legal holds: place, list, lift.")


@app.command("place")
def place(
    reason: Annotated[str, typer.Option("--reason", help="Why; for people.")],
    job: Annotated[str | None, typer.Argument(help="Id of a job, its beginning, or `last`.", metavar="[JOB]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All jobs of the tenant, those to come too.")] = False,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Let nothing of it be deleted. Example: `docproc holds place last --reason "case 12-345"`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.keeping import place_hold

    if (job is not None) == everything:
        raise UsageError("name a job to hold, or say --all")
    desk = open_any_desk()
    job_id = None if job is None else find_job(desk, job, tenant=tenant).id
    hold_id = place_hold(
        desk.work.keeping, tenant=tenant, job_id=job_id, reason=reason, by=person(), audit=desk.upkeep.audit
    )
    typer.echo(json.dumps({"id": str(hold_id)}) if as_json else f"hold {hold_id}")


@app.command("list")
def list_all(tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """List a tenant's holds, lifted ones too. Example: `docproc holds list`."""
    from docproc.cli.desks import open_any_desk

    found = open_any_desk().work.keeping.holds(tenant)
    if as_json:
        typer.echo(json.dumps([_plain(hold) for hold in found]))
        return
    for hold in found:
        what = "all jobs" if hold.job_id is None else str(hold.job_id)
        lifted = f"  lifted {hold.lifted_at:%Y-%m-%d} by {hold.lifted_by}" if hold.lifted_at else ""
        placed = f"{hold.placed_at:%Y-%m-%d} by {hold.placed_by}"
        typer.echo(printable(f"{hold.id}  {what}  {placed}  {hold.reason}{lifted}"))


def _plain(hold: "Hold") -> dict[str, object]:
    return {
        "id": str(hold.id),
        "job_id": None if hold.job_id is None else str(hold.job_id),
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at.isoformat(),
        "lifted_by": hold.lifted_by,
        "lifted_at": None if hold.lifted_at is None else hold.lifted_at.isoformat(),
    }


@app.command("lift")
def lift(
    hold_id: Annotated[UUID, typer.Argument(help="As `docproc holds list` writes it.", metavar="ID")],
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """End a hold. Example: `docproc holds lift 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.keeping import lift_hold

    desk = open_any_desk()
    lift_hold(desk.work.keeping, hold_id, tenant=tenant, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{hold_id}: lifted")
