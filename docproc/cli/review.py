"""`docproc review`: what asks for a person, and a person's word on it."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from docproc.cli.job_arguments import AsJson, TenantName, find_job
from docproc.cli.printable import printable
from docproc.domain.errors import UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from docproc.domain.schema import JsonValue
    from docproc.services.review import Reviewed, ReviewRoom

app = typer.Typer(no_args_is_help=True, help="Records that ask for a person: list, show, set, confirm.")

DocumentId = Annotated[UUID, typer.Argument(help="As `docproc review list` writes it.", metavar="DOCUMENT")]
AtRevision = Annotated[
    int | None, typer.Option("--revision", min=1, help="Refuse when it is another by now; by default the newest.")
]


@app.command("list")
def list_all(
    job: Annotated[str | None, typer.Option("--job", metavar="JOB", help="Only of this job.")] = None,
    schema: Annotated[str | None, typer.Option("--schema", help="Only of this one: invoice, or invoice@1.")] = None,
    external_id: Annotated[str | None, typer.Option("--external-id", help="Only what its sender calls so.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="At most so many.")] = 50,
    after: Annotated[UUID | None, typer.Option(metavar="DOCUMENT", help="Go on behind this one.")] = None,
    tenant: TenantName = LOCAL_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List documents that ask for a person. Example: `docproc review list --schema invoice`."""
    from docproc.bootstrap import open_review
    from docproc.cli.desks import open_any_desk
    from docproc.services.review_records import ReviewFilter

    desk = open_any_desk()
    job_id = None if job is None else find_job(desk, job, tenant=tenant).id
    wanted = ReviewFilter(job_id=job_id, schema=schema, external_id=external_id)
    found = open_review(desk).waiting(tenant, wanted=wanted, after=after, limit=limit)
    for each in found:
        codes = sorted({issue.code.value for issue in each.extraction.issues if issue.severity != "info"})
        if as_json:
            typer.echo(json.dumps({**_facts(each), "issues": codes}))
        else:
            typer.echo(printable(f"{each.document.id}  {each.document.file}  {', '.join(codes)}"))
    if len(found) == limit:
        typer.echo(f"there may be more: docproc review list --after {found[-1].document.id}", err=True)


def _facts(reviewed: "Reviewed") -> dict[str, object]:
    document = reviewed.document
    return {
        "document_id": str(document.id),
        "job_id": str(document.job_id),
        "file": document.file,
        "external_id": document.external_id,
        "state": document.state.value,
        "revision": reviewed.revision,
    }


@app.command("show")
def show(
    document: DocumentId,
    history: Annotated[bool, typer.Option("--history", help="Who changed what, and when.")] = False,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Show a record with its issues. Example: `docproc review show 0199f0c2-… --history`."""
    room = _room()
    found = room.show(document, tenant=tenant)
    told = room.history(document, tenant=tenant) if history else ()
    corrections = [each.model_dump(mode="json") for each in told]
    if as_json:
        line = found.extraction.model_dump(mode="json")
        typer.echo(json.dumps({"revision": found.revision, "extraction": line, "history": corrections}))
        return
    typer.echo(printable(f"{found.document.file}  {found.document.state}  revision {found.revision}"))
    typer.echo(json.dumps(found.extraction.record, ensure_ascii=False, indent=2))
    for issue in found.extraction.issues:
        typer.echo(printable(f"{issue.severity}  {issue.code}  {issue.message}"))
    for each in corrections:
        old, new = (json.dumps(each[name], ensure_ascii=False) for name in ("old", "new"))
        typer.echo(printable(f"{each['at']}  {each['by']}  {each['field']}: {old} -> {new}"))


@app.command("set")
def set_values(
    document: DocumentId,
    changes: Annotated[
        list[str], typer.Argument(help="total_gross=119.00, or line_items[0]:=null.", metavar="CHANGE…")
    ],
    revision: AtRevision = None,
    tenant: TenantName = LOCAL_TENANT,
    as_json: AsJson = False,
) -> None:
    """Correct values; the rules are run again. Example: `docproc review set 0199f0c2-… total_gross=119.00`."""
    from docproc.cli.person import person

    asked = dict(map(_change, changes))
    room = _room()
    expected = revision or room.show(document, tenant=tenant).revision
    _say(room.correct(document, asked, tenant=tenant, expected=expected, by=person()), as_json=as_json)


def _change(text: str) -> "tuple[str, JsonValue]":
    """`path=text` or `path:=JSON`."""
    path, equals, value = text.partition("=")
    if not equals or not path.rstrip(":"):
        raise UsageError("a change is PATH=VALUE, or PATH:=JSON for a number, true, null, a list or an object")
    if not path.endswith(":"):
        return path, value
    try:
        return path[:-1], json.loads(value)
    except ValueError as exc:
        raise UsageError(f"{path[:-1]}: what stands behind := is no JSON") from exc


@app.command("confirm")
def confirm(
    document: DocumentId, revision: AtRevision = None, tenant: TenantName = LOCAL_TENANT, as_json: AsJson = False
) -> None:
    """Say that a record is right as it is. Example: `docproc review confirm 0199f0c2-…`."""
    from docproc.cli.person import person

    room = _room()
    expected = revision or room.show(document, tenant=tenant).revision
    _say(room.confirm(document, tenant=tenant, expected=expected, by=person()), as_json=as_json)


def _say(reviewed: "Reviewed", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(reviewed)))
        return
    typer.echo(f"{reviewed.document.id}: {reviewed.document.state}, revision {reviewed.revision}")


def _room() -> "ReviewRoom":
    from docproc.bootstrap import open_review
    from docproc.cli.desks import open_any_desk

    return open_review(open_any_desk())
