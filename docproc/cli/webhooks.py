"""`docproc webhooks`: URLs that are told of a tenant's events, signed."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.job_arguments import AsJson, TenantName
from docproc.cli.printable import printable
from docproc.domain.errand import ErrandState
from docproc.domain.errors import UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from docproc.services.errand_records import LogEntry, Webhook

app = typer.Typer(
    no_args_is_help=True, help="Webhooks: add, list, remove, ping, new secrets, what became of deliveries."
)


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
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.add_webhook import add_webhook
    from docproc.sinks.guarded import require_reachable

    desk = open_any_desk()
    require_reachable(url, inside=frozenset(host.lower() for host in desk.settings.webhook_hosts))
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
    from docproc.cli.desks import open_any_desk

    deliveries = open_any_desk().errands.deliveries
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


WebhookId = Annotated[UUID, typer.Argument(help="As `docproc webhooks list` writes it.", metavar="ID")]
DeliveryId = Annotated[UUID, typer.Argument(help="As `docproc webhooks log` writes it.", metavar="DELIVERY")]
OfWebhook = Annotated[UUID | None, typer.Option("--webhook", metavar="ID", help="Only to this one.")]
InState = Annotated[ErrandState | None, typer.Option("--state", help="Only in this state.")]


@app.command("remove")
def remove(
    webhook_id: WebhookId,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Tell it no more. Example: `docproc webhooks remove 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.add_webhook import remove_webhook

    desk = open_any_desk()
    remove_webhook(desk.errands.deliveries, webhook_id, tenant=tenant, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{webhook_id}: removed")


@app.command("rotate")
def rotate(webhook_id: WebhookId, tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """Make a new secret; the old one signs too until it is retired. Example: `docproc webhooks rotate 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.webhooks import rotate_secret

    desk = open_any_desk()
    secret = rotate_secret(desk.errands.deliveries, webhook_id, tenant=tenant, by=person(), audit=desk.upkeep.audit)
    typer.echo(json.dumps({"secret": secret}) if as_json else f"secret  {secret}   (shown this once)")


@app.command("retire")
def retire(
    webhook_id: WebhookId,
    newer: Annotated[bool, typer.Option("--newer", help="The newer one, which nobody was told.")] = False,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Let only the newest secret sign. Example: `docproc webhooks retire 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.webhooks import Sibling, retire_secret

    desk = open_any_desk()
    which = Sibling.NEWER if newer else Sibling.OLDER
    retire_secret(desk.errands.deliveries, webhook_id, tenant=tenant, which=which, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{webhook_id}: one secret signs")


@app.command("ping")
def ping(webhook_id: WebhookId, tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """Send a message that is about nothing. Example: `docproc webhooks ping 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.webhooks import ping as ping_webhook

    desk = open_any_desk()
    delivery_id = ping_webhook(desk.errands.deliveries, webhook_id, tenant=tenant, by=person(), audit=desk.upkeep.audit)
    typer.echo(json.dumps({"delivery": str(delivery_id)}) if as_json else f"delivery {delivery_id}")


@app.command("log")
def log(
    webhook: OfWebhook = None,
    state: InState = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="At most so many.")] = 100,
    tenant: TenantName = LOCAL_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List deliveries, newest first. Example: `docproc webhooks log --state failed`."""
    from docproc.cli.desks import open_any_desk
    from docproc.services.errand_ports import LogFilter

    found = open_any_desk().errands.deliveries.log(
        tenant, wanted=LogFilter(webhook_id=webhook, state=state), limit=limit
    )
    for entry in found:
        typer.echo(json.dumps(_entry(entry)) if as_json else _line(entry))


def _entry(entry: "LogEntry") -> dict[str, object]:
    return {
        "delivery": str(entry.place.id),
        "webhook": str(entry.webhook_id),
        "kind": entry.kind,
        "job_id": None if entry.job_id is None else str(entry.job_id),
        "number": entry.event_number,
        "state": entry.state.value,
        "attempts": entry.attempts,
        "created_at": entry.place.created_at.isoformat(),
        "due_at": entry.due_at.isoformat(),
        "finished_at": None if entry.finished_at is None else entry.finished_at.isoformat(),
        "failure": None if entry.failure is None else entry.failure.message,
    }


def _line(entry: "LogEntry") -> str:
    why = "" if entry.failure is None else f"  {entry.failure.message}"
    event = f"{entry.kind or 'an event of a deleted job'}  {entry.job_id or ''}"
    moment = f"{entry.place.created_at:%Y-%m-%d %H:%M:%S}"
    return printable(f"{entry.place.id}  {moment}  {event}  {entry.state}  attempts {entry.attempts}{why}")


@app.command("show")
def show(delivery: DeliveryId, tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False) -> None:
    """Show a delivery with every try. Example: `docproc webhooks show 7d1c…`."""
    from docproc.cli.desks import open_any_desk

    deliveries = open_any_desk().errands.deliveries
    entry = deliveries.entry(delivery, tenant=tenant)
    tries = [
        {
            "attempt": each.attempt,
            "happened_at": each.happened_at.isoformat(),
            "seconds": round(each.tried.seconds, 3),
            "status_code": each.tried.status_code,
            "reason": each.tried.reason,
        }
        for each in deliveries.tries(delivery, tenant=tenant)
    ]
    if as_json:
        typer.echo(json.dumps({**_entry(entry), "tries": tries}))
        return
    typer.echo(_line(entry))
    for each in tries:
        typer.echo(printable("  ".join(f"{name} {value}" for name, value in each.items() if value is not None)))


@app.command("replay")
def replay(
    delivery: Annotated[UUID | None, typer.Argument(help="One of them.", metavar="[DELIVERY]")] = None,
    webhook: OfWebhook = None,
    state: InState = None,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Send again what has ended: one, or all of a webhook. Example: `docproc webhooks replay --webhook 019…`."""
    from docproc.cli.desks import open_any_desk
    from docproc.cli.person import person
    from docproc.services.errand_ports import LogFilter
    from docproc.services.webhooks import replay as replay_one
    from docproc.services.webhooks import replay_all

    if (delivery is None) == (webhook is None):
        raise UsageError("name one delivery to replay, or a --webhook")
    desk = open_any_desk()
    deliveries, by, audit = desk.errands.deliveries, person(), desk.upkeep.audit
    if delivery is not None:
        replay_one(deliveries, delivery, tenant=tenant, by=by, audit=audit)
        typer.echo(f"{delivery}: on its way again")
        return
    wanted = LogFilter(webhook_id=webhook, state=state or ErrandState.FAILED)
    count = replay_all(deliveries, tenant=tenant, wanted=wanted, by=by, audit=audit)
    typer.echo(f"{count} on their way again")
