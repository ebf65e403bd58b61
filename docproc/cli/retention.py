"""`docproc retention`: how long jobs are kept, and deleting what was kept for long enough."""

from typing import Annotated

import typer

from docproc.cli.job_arguments import AsJson, JobArgument, TenantName, find_job
from docproc.domain.ids import LOCAL_TENANT

app = typer.Typer(no_args_is_help=True, help="How long jobs are kept: keep, run.")


@app.command("keep")
def keep(
    job: JobArgument,
    days: Annotated[int, typer.Option("--days", min=0, help="After its end; 0: as its tenant wants it.")],
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Keep one job for another time than its tenant's. Example: `docproc retention keep last --days 3650`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.keeping import keep_job

    desk = open_any_desk()
    found = find_job(desk, job, tenant=tenant)
    keep_job(desk.work.keeping, found.id, tenant=tenant, days=days or None, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{found.id}: kept {f'for {days} days after its end' if days else 'as its tenant wants it'}")


@app.command("run")
def run(tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """Delete now what was kept for long enough. Example: `docproc retention run --tenant acme`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.jobs import say_removed
    from docproc.services.keeping import delete_expired, forget_watched

    desk = open_any_desk()
    removed = delete_expired(desk.stores, desk.work.keeping, tenant=tenant, owners=desk.owners)
    removed += forget_watched(desk.work.keeping, tenant=tenant)
    say_removed(removed, as_json=as_json, quiet=None)
