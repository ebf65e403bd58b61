"""`docproc tenants`: whose documents these are; one that is paused is given nothing."""

import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Tenants of a service: create, list, pause, resume.")

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

    tenants = open_any_desk().work.tenants
    paused = tenants.pauses().tenants
    names = tenants.names()
    if as_json:
        typer.echo(json.dumps([{"name": name, "paused": name in paused} for name in names]))
        return
    for name in names:
        typer.echo(f"{name}{'  paused' if name in paused else ''}")


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
