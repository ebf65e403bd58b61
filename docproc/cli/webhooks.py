"""`docproc webhooks`: URLs that are told of a tenant's events, signed."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.job_arguments import AsJson, TenantName
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from docproc.services.errand_records import Webhook

app = typer.Typer(no_args_is_help=True, help="Webhooks of a service: add, list, remove.")


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="https://HOST/…; a host of your own network needs DOCPROC_WEBHOOK_HOSTS.")],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Of events, such as job.succeeded; by default all.")
    ] = None,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Tell a URL of events. Example: `docproc webhooks add https://erp.example.com/hook --kind job.succeeded`."""
    from docproc.bootstrap import open_service_desk
    from docproc.cli.person import person
    from docproc.services.add_webhook import add_webhook

    desk = open_service_desk()
    made = add_webhook(
        desk.errands.deliveries, tenant=tenant, url=url, kinds=kind or (), by=person(), audit=desk.upkeep.audit
    )
    if as_json:
        typer.echo(json.dumps({"id": str(made.id), "secret": made.secret}))
        return
    typer.echo(f"webhook {made.id}")
    typer.echo(f"secret  {made.secret}   (shown this once: it signs every message)")


@app.command("list")
def list_all(tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """Show where a tenant is told of events. Example: `docproc webhooks list --json`."""
    from docproc.bootstrap import open_service_desk

    deliveries = open_service_desk().errands.deliveries
    found = deliveries.webhooks(tenant=tenant)
    if as_json:
        typer.echo(
            json.dumps({"webhooks": [_plain(each) for each in found], "open": deliveries.open_count(tenant=tenant)})
        )
        return
    for each in found:
        removed = "  (removed)" if each.disabled_at is not None else ""
        typer.echo(f"{each.id}  {each.url}  {', '.join(each.kinds) or 'all events'}{removed}")


def _plain(webhook: "Webhook") -> dict[str, object]:
    return {
        "id": str(webhook.id),
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "removed": webhook.disabled_at is not None,
    }


@app.command("remove")
def remove(
    webhook_id: Annotated[UUID, typer.Argument(help="As `docproc webhooks list` writes it.", metavar="ID")],
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Tell it no more. Example: `docproc webhooks remove 019…`."""
    from docproc.bootstrap import open_service_desk
    from docproc.cli.person import person
    from docproc.services.add_webhook import remove_webhook

    desk = open_service_desk()
    remove_webhook(desk.errands.deliveries, webhook_id, tenant=tenant, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{webhook_id}: removed")
