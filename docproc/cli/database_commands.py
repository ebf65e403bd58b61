"""`docproc db`: bring the database to this docproc's revision, and see whether it is there."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from docproc.bootstrap import DatabaseFacts

app = typer.Typer(no_args_is_help=True, help="The database: upgrade, check, revision.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command("upgrade")
def upgrade(
    patience: Annotated[
        float, typer.Option(min=0.1, max=3600, metavar="SECONDS", help="How long to wait for a table that others hold.")
    ] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Bring the database to the newest revision, whole or not at all. Example: `docproc db upgrade`."""
    from docproc.bootstrap import database_facts, upgrade_database
    from docproc.cli.console import for_people, marked

    before = database_facts()
    console = for_people()
    with console.status(f"{marked(before.place)}: {before.revision or 'empty'} to {before.newest}"):
        done = upgrade_database(patience_s=patience)
    after = database_facts()
    if as_json:
        typer.echo(json.dumps({"from": before.revision, "to": after.revision, "upgraded": done}))
    else:
        what = f"upgraded from {before.revision or 'empty'}" if done else "nothing to do"
        typer.echo(f"{after.place}: revision {after.revision}, {what}")


@app.command("revision")
def revision(as_json: AsJson = False) -> None:
    """Say at which revision the database is, and which this docproc needs. Example: `docproc db revision`."""
    from docproc.bootstrap import database_facts

    found = database_facts()
    typer.echo(json.dumps(_as_json(found)) if as_json else f"{found.place}: {found.state}")


@app.command("check")
def check(as_json: AsJson = False) -> None:
    """See whether revision and tables are those of this docproc; exit code 3 when not. Example: `docproc db check`."""
    from docproc.bootstrap import database_differences, database_facts

    found = database_facts()
    differences = database_differences() if found.is_newest else []
    good = found.is_newest and not differences
    if as_json:
        typer.echo(json.dumps(_as_json(found) | {"good": good, "differences": differences}))
    else:
        typer.echo(f"{found.place}: {found.state}")
        for difference in differences:
            typer.echo(f"differs: {difference}")
        if not found.is_newest:
            typer.echo("run docproc db upgrade")
    if not good:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _as_json(facts: "DatabaseFacts") -> dict[str, object]:
    return {"database": facts.place, "revision": facts.revision, "newest": facts.newest}
