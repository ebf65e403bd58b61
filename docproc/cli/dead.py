"""`docproc dead`: pages and documents that failed for good, with their failure records, and how to try them again."""

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docproc.cli.job_arguments import AsJson, TenantName, find_job
from docproc.cli.printable import printable
from docproc.domain.errors import UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docproc.bootstrap import Desk
    from docproc.services.upkeep_records import DeadEnd, DeadFilter

app = typer.Typer(no_args_is_help=True, help="Failed pages and documents: list, show, replay.")

OfJob = Annotated[str | None, typer.Option("--job", metavar="JOB", help="Only of this job.")]
WithCode = Annotated[str | None, typer.Option("--code", metavar="CODE", help="Only with this failure code.")]
Place = Annotated[str, typer.Argument(help="As `docproc dead list` writes it.", metavar="DOCUMENT[/PAGE]")]


@app.command("list")
def list_all(
    job: OfJob = None,
    code: WithCode = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="DOCUMENT[/PAGE]", help="Go on behind this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """List failed documents and failed pages of others. Example: `docproc dead list --job last --code crashed`."""
    from docproc.bootstrap import open_desk
    from docproc.services.dead import all_dead, place_of

    desk = open_desk()
    start = None if after is None else place_of(after)
    found = all_dead(desk.upkeep.dead, tenant, wanted=_wanted(desk, job, code, tenant=tenant), after=start)
    last = None
    for last in islice(found, limit):
        typer.echo(json.dumps(_facts(last)) if as_json else _line(last))
    if last is not None and next(found, None) is not None:
        typer.echo(f"there are more: docproc dead list --after {last.place}", err=True)


def _wanted(desk: "Desk", job: str | None, code: str | None, *, tenant: str) -> "DeadFilter":
    from docproc.domain.failure import FailureCode
    from docproc.services.upkeep_records import DeadFilter

    if code is not None and code not in set(FailureCode):
        raise UsageError(f"--code {code!r} is no failure code; there are {', '.join(FailureCode)}")
    job_id = None if job is None else find_job(desk, job, tenant=tenant).id
    return DeadFilter(job_id=job_id, code=None if code is None else FailureCode(code))


def _line(dead: "DeadEnd") -> str:
    failure = dead.failure
    why = "" if failure is None else f"{failure.phase}  {failure.code}: {failure.message}"
    return printable(f"{dead.place}  {dead.file}  attempts {dead.attempts}  {why}")


def _facts(dead: "DeadEnd") -> dict[str, Any]:
    return {
        "place": str(dead.place),
        "document_id": str(dead.place.document_id),
        "page": dead.place.page or None,
        "job_id": str(dead.job_id),
        "tenant": dead.tenant,
        "file": dead.file,
        "reader": dead.reader,
        "queue": dead.queue,
        "attempts": dead.attempts,
        "failure": None if dead.failure is None else dead.failure.model_dump(mode="json"),
    }


@app.command("show")
def show(place: Place, as_json: AsJson = False, tenant: TenantName = LOCAL_TENANT) -> None:
    """Show one whole: file, attempts, failure record. Example: `docproc dead show 0199f0c2-…/3`."""
    from docproc.bootstrap import open_desk
    from docproc.services.dead import place_of

    dead = open_desk().upkeep.dead.get(tenant, place_of(place))
    facts = _facts(dead) | {
        "document_state": dead.state.value,
        "sha256": dead.sha256,
        "byte_count": dead.byte_count,
        "page_count": dead.page_count,
        "pages_failed": dead.pages_failed,
        "window_from": dead.first_page,
        "words": dead.words,
        "finished_at": None if dead.finished_at is None else dead.finished_at.isoformat(),
    }
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in _flat(facts):
        if value is not None:
            typer.echo(printable(f"{name:<16} {value}"))


def _flat(facts: dict[str, Any]) -> "Iterator[tuple[str, object]]":
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from ((f"failure {inner}", each) for inner, each in value.items())
        else:
            yield name, value


@app.command("replay")
def replay(
    place: Annotated[str | None, typer.Argument(help="One of them.", metavar="[DOCUMENT[/PAGE]]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them, or all of --job and --code.")] = False,
    job: OfJob = None,
    code: WithCode = None,
    as_json: AsJson = False,
    tenant: TenantName = LOCAL_TENANT,
) -> None:
    """Give failed work back, with fresh attempts. Example: `docproc dead replay --all --code timeout`."""
    from docproc.bootstrap import open_desk
    from docproc.cli.person import person
    from docproc.services.dead import place_of, replay_all
    from docproc.services.dead import replay as replay_one

    if (place is not None) == everything:
        raise UsageError("name one page or document to replay, or say --all")
    if place is not None and (job is not None or code is not None):
        raise UsageError("--job and --code go with --all")
    desk = open_desk()
    if place is not None:
        done = replay_one(desk.upkeep.dead, tenant, place_of(place), by=person())
    else:
        done = replay_all(desk.upkeep.dead, tenant, wanted=_wanted(desk, job, code, tenant=tenant), by=person())
    if as_json:
        typer.echo(json.dumps({"documents": done.documents, "pages": done.pages, "left": done.left}))
        return
    left = f"; {done.left} left as they are" if done.left else ""
    typer.echo(f"replayed: {done.documents} whole documents, {done.pages} pages wait to be read{left}")
