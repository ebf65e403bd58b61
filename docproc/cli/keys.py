"""`docproc keys`: what programs show to be let in: made, listed, revoked."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.job_arguments import AsJson, TenantName
from docproc.cli.printable import printable
from docproc.domain.ids import LOCAL_TENANT
from docproc.services.key_records import Scope

if TYPE_CHECKING:
    from docproc.services.key_records import ApiKey

app = typer.Typer(no_args_is_help=True, help="API keys: create, list, revoke.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What you will know it by.", metavar="NAME")],
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", help="What it is for, once or more; by default submit and read.")
    ] = None,
    days: Annotated[float | None, typer.Option("--days", help="It expires then; by default never.")] = None,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once. Example: `docproc keys create erp --scope submit --scope read`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.key_records import KeyTerms
    from docproc.services.keys import create_key

    desk = open_any_desk()
    made = create_key(
        desk.front.keys,
        KeyTerms(
            name=name,
            scopes=frozenset(scope or (Scope.SUBMIT, Scope.READ)),
            lasts=None if days is None else timedelta(days=days),
        ),
        tenant=tenant,
        by=person(),
        audit=desk.upkeep.audit,
    )
    if as_json:
        typer.echo(json.dumps({"id": str(made.id), "key": made.token}))
        return
    typer.echo(f"id   {made.id}")
    typer.echo(f"key  {made.token}   (shown this once: docproc keeps only a hash)")


@app.command("list")
def list_all(tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """List a tenant's keys, revoked ones too. Example: `docproc keys list --tenant acme`."""
    from docproc.cli.desks import open_any_desk

    found = open_any_desk().front.keys.of_tenant(tenant)
    if as_json:
        typer.echo(json.dumps([_plain(key) for key in found]))
        return
    for key in found:
        used = "never used" if key.last_used_at is None else f"used {key.last_used_at:%Y-%m-%d %H:%M}"
        ended = f"  revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else ""
        ends = f"  expires {key.expires_at:%Y-%m-%d}" if key.expires_at and not key.revoked_at else ""
        scopes = ",".join(sorted(key.scopes))
        typer.echo(printable(f"{key.id}  {key.prefix}…  {key.name}  {scopes}  {used}{ends}{ended}"))


def _plain(key: "ApiKey") -> dict[str, object]:
    moments = {
        name: None if moment is None else moment.isoformat()
        for name, moment in (
            ("created_at", key.created_at),
            ("expires_at", key.expires_at),
            ("revoked_at", key.revoked_at),
            ("last_used_at", key.last_used_at),
        )
    }
    return {"id": str(key.id), "name": key.name, "prefix": key.prefix, "scopes": sorted(key.scopes), **moments}


@app.command("revoke")
def revoke(
    key_id: Annotated[UUID, typer.Argument(help="As `docproc keys list` writes it.", metavar="ID")],
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Let a key open nothing more, at once. Example: `docproc keys revoke 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.keys import revoke_key

    desk = open_any_desk()
    revoke_key(desk.front.keys, key_id, tenant=tenant, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{key_id}: revoked")
