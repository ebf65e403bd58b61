"""`docproc schemas`: list, show and check extraction schemas."""

import json
from pathlib import Path
from typing import Annotated

import typer

from docproc.cli.exit_codes import ExitCode

app = typer.Typer(
    no_args_is_help=True, help="Extraction schemas: what there is, what one holds, whether yours will do."
)


@app.command("list")
def list_schemas(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """List the schemas that come with docproc. Example: `docproc schemas list`."""
    from schemas import names

    entries = names()
    if as_json:
        typer.echo(json.dumps([{"name": e.label, "title": e.title, "description": e.description} for e in entries]))
        return
    from rich.table import Table

    from docproc.cli.console import for_output

    table = Table(box=None, pad_edge=False)
    for column in ("schema", "what it is for"):
        table.add_column(column)
    for entry in entries:
        table.add_row(entry.label, entry.description)
    for_output().print(table)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="NAME, NAME@VERSION, FILE.json or module:Class")],
    as_json: Annotated[bool, typer.Option("--json", help="The JSON Schema that constrains a reader.")] = False,
) -> None:
    """Show the fields of a schema. Example: `docproc schemas show invoice`."""
    from schemas import load_schema

    schema = load_schema(name)
    if as_json:
        typer.echo(json.dumps(dict(schema.json_schema), indent=2, ensure_ascii=False))
        return
    from rich.markup import escape
    from rich.table import Table

    from docproc.cli.console import for_output

    console = for_output()
    console.print(f"[bold]{escape(schema.label)}[/]  {escape(schema.description)}")
    table = Table(box=None, pad_edge=False)
    for column in ("field", "kind", "description", "also printed as"):
        table.add_column(column, overflow="fold")
    for path, spec in schema.leaves():
        mark = " *" if spec.required and not spec.nullable else ""
        table.add_row(escape(path + mark), spec.kind, escape(spec.description), escape(", ".join(spec.aliases[:6])))
    console.print(table)
    for note in schema.notes:
        console.print(f"note: {escape(note)}")


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A JSON Schema file.", metavar="FILE.json")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what of a JSON Schema is supported or refused, where and why. Example: `docproc schemas check my.json`."""
    from docproc.domain.errors import SchemaError
    from schemas import check_json_schema

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SchemaError(f"{file}: cannot be read as a JSON Schema: {exc}") from exc
    checked = check_json_schema(text)
    if as_json:
        places = [{"pointer": p.pointer, "verdict": p.verdict, "reason": p.reason} for p in checked.places]
        typer.echo(json.dumps({"file": str(file), "usable": checked.usable, "places": places}))
    else:
        for place in checked.places:
            typer.echo(f"{place.verdict:<12} {place.pointer or '/'}  {place.reason}")
        typer.echo(f"{file}: {'usable' if checked.usable else 'refused'}")
    if not checked.usable:
        raise typer.Exit(ExitCode.USAGE)
