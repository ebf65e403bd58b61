"""`docproc tenants`: whose documents these are; one that is paused is given nothing."""

import json
from dataclasses import asdict, replace
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Tenants: create, list, limit, pause, resume, revoke.")

Name = Annotated[str, typer.Argument(help="Letters, digits, dots, dashes and underscores.", metavar="NAME")]


@app.command("create")
def create(name: Name) -> None:
    """Create a tenant; nothing is shared between tenants. Example: `docproc tenants create acme`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.create_tenant import create_tenant

    desk = open_any_desk()
    create_tenant(desk.work.tenants, name, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{name}: created")


@app.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """List tenants. Example: `docproc tenants list --json`."""
    from docproc.cli.desks import open_any_desk

    desk = open_any_desk()
    paused = desk.work.tenants.pauses().tenants
    names = desk.work.tenants.names()
    if as_json:
        facts = [
            {"name": name, "paused": name in paused, "limits": asdict(desk.front.limits.get(name))} for name in names
        ]
        typer.echo(json.dumps(facts))
        return
    for name in names:
        limits = [f"{limit} {value:g}" for limit, value in asdict(desk.front.limits.get(name)).items() if value]
        typer.echo("  ".join([name, *(["paused"] if name in paused else []), *limits]))


@app.command("limit")
def limit(
    name: Name,
    requests: Annotated[
        float | None, typer.Option("--requests-per-second", help="0: as many as it likes.", min=0)
    ] = None,
    burst: Annotated[int | None, typer.Option("--burst", help="Requests at once after a rest; 0: a second's.")] = None,
    pages: Annotated[int | None, typer.Option("--pages-per-month", help="0: as many as it likes.")] = None,
    days: Annotated[
        int | None, typer.Option("--keep-days", help="Its jobs are deleted so long after their end; 0: never.")
    ] = None,
) -> None:
    """Say what a tenant may ask for. Example: `docproc tenants limit acme --requests-per-second 5 --keep-days 90`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.limits import set_limits

    desk = open_any_desk()
    limits = desk.front.limits.get(name)
    if requests is not None:
        limits = replace(limits, requests_per_s=requests or None)
    if burst is not None:
        limits = replace(limits, burst=burst or None)
    if pages is not None:
        limits = replace(limits, pages_per_month=pages or None)
    if days is not None:
        limits = replace(limits, keep_days=days or None)
    set_limits(desk.front.limits, name, limits, by=person(), audit=desk.upkeep.audit)
    typer.echo(
        f"{name}: {', '.join(f'{limit} {value}' for limit, value in asdict(limits).items() if value) or 'no limits'}"
    )


@app.command("revoke")
def revoke(name: Name) -> None:
    """Let nobody in for a tenant any more; what it has stays. Example: `docproc tenants revoke acme`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.create_tenant import revoke_tenant

    desk = open_any_desk()
    ended = revoke_tenant(desk.work.tenants, desk.front.keys, name, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{name}: paused, {ended} keys revoked")


@app.command("pause")
def pause(name: Name) -> None:
    """Hand out nothing more of a tenant's; what runs is finished. Example: `docproc tenants pause acme`."""
    _pause(name, paused=True)


@app.command("resume")
def resume(name: Name) -> None:
    """Hand out a tenant's work again. Example: `docproc tenants resume acme`."""
    _pause(name, paused=False)


def _pause(name: str, *, paused: bool) -> None:
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.pausing import pause_tenant

    desk = open_any_desk()
    pause_tenant(desk.work.tenants, name, paused=paused, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{name}: {'paused' if paused else 'resumed'}")
