"""`docproc audit`: who did what to what; changes, and looks at records and page images."""

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.days import Day, in_utc
from docproc.cli.job_arguments import TenantName
from docproc.cli.printable import printable
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docproc.services.audit_book import AuditBook, AuditEntry, AuditFilter

app = typer.Typer(no_args_is_help=True, help="Who did what to what: list.")

#: read at a time
_PAGE = 500


@app.command("list")
def list_all(
    actor: Annotated[str | None, typer.Option("--actor", help="Only what they did.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="Such as record.read, or record. for all.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Only what was done to this.")] = None,
    since: Day = None,
    before: Day = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    tenant: TenantName = LOCAL_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the audit, newest first. Example: `docproc audit list --action record. --since 2026-01-01`."""
    from docproc.cli.desks import open_any_desk
    from docproc.services.audit_book import AuditFilter

    wanted = AuditFilter(actor=actor, action=action, subject=subject, since=in_utc(since), before=in_utc(before))
    for entry in islice(_entries(open_any_desk().front.audit, tenant, wanted), limit):
        deed, moment = entry.deed, entry.place.happened_at
        if as_json:
            facts = {"actor": deed.actor, "action": deed.action, "subject": deed.subject}
            typer.echo(json.dumps({"happened_at": moment.isoformat(), **facts}))
        else:
            typer.echo(printable(f"{moment:%Y-%m-%d %H:%M:%S}  {deed.actor}  {deed.action}  {deed.subject}"))


def _entries(book: "AuditBook", tenant: str, wanted: "AuditFilter") -> "Iterator[AuditEntry]":
    place = None
    while found := book.page_through(tenant, wanted=wanted, after=place, limit=_PAGE):
        yield from found
        place = found[-1].place
