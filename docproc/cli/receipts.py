"""`docproc receipts`: what was deleted, and whether it is gone."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.cli.job_arguments import AsJson, TenantName
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docproc.services.receipts import ReceiptStore

app = typer.Typer(no_args_is_help=True, help="Receipts of deletions: list, show, verify.")

Number = Annotated[int, typer.Argument(min=1, help="As `docproc receipts list` writes it.", metavar="NUMBER")]
#: read at a time
_PAGE = 200


@app.command("list")
def list_all(
    job: Annotated[UUID | None, typer.Option("--job", metavar="ID", help="Only of this job, by its whole id.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    after: Annotated[int | None, typer.Option(metavar="NUMBER", help="Go on behind this one.")] = None,
    tenant: TenantName = LOCAL_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what was deleted, newest first. Example: `docproc receipts list --tenant acme`."""
    from docproc.cli.desks import open_any_desk
    from docproc.services.receipts import plain

    receipts = open_any_desk().front.receipts
    for each in receipts.page_through(tenant, job_id=job, after=after, limit=limit):
        if as_json:
            typer.echo(json.dumps(plain(each), default=str))
            continue
        facts = each.facts
        rows = sum(facts["rows"].values())
        what = f"{len(facts['documents'])} documents, {rows} rows, {facts['blobs']} blobs"
        typer.echo(f"{each.number}  {each.created_at:%Y-%m-%d %H:%M}  {each.job_id}  {what}  by {facts['by']}")


@app.command("show")
def show(number: Number, tenant: TenantName = LOCAL_TENANT) -> None:
    """Show one receipt as JSON. Example: `docproc receipts show 3`."""
    from docproc.cli.desks import open_any_desk
    from docproc.services.receipts import plain

    typer.echo(json.dumps(plain(open_any_desk().front.receipts.get(tenant, number)), default=str, indent=2))


@app.command("verify")
def verify(
    number: Annotated[int | None, typer.Argument(min=1, help="By default all.", metavar="[NUMBER]")] = None,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Look whether rows and blobs are gone and the chain is whole. Example: `docproc receipts verify 3`."""
    from docproc.cli.desks import open_any_desk
    from docproc.services.receipts import ReceiptCheck

    desk = open_any_desk()
    check = ReceiptCheck(receipts=desk.front.receipts, blobs=desk.stores.blobs, names=desk.upkeep.names)
    numbers = _numbers(desk.front.receipts, tenant) if number is None else iter([number])
    found = {each: [str(untruth) for untruth in check.untruths(tenant, each)] for each in numbers}
    wrong = {each: untruths for each, untruths in found.items() if untruths}
    if as_json:
        typer.echo(json.dumps({"receipts": len(found), "wrong": wrong}))
    else:
        for each, untruths in wrong.items():
            typer.echo(f"{each}: {', '.join(untruths)}")
        typer.echo(f"{len(found)} receipts, {len(wrong)} wrong")
    if wrong:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _numbers(receipts: "ReceiptStore", tenant: str) -> "Iterator[int]":
    after = None
    while found := receipts.page_through(tenant, after=after, limit=_PAGE):
        yield from (each.number for each in found)
        after = found[-1].number
