"""`docproc settings`: every setting, its value and where the value comes from; secrets masked."""

import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Settings: environment over docproc.toml over defaults.")


@app.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """Show every setting with its source. Example: `DOCPROC_WORKERS=4 docproc settings show`."""
    from docproc.bootstrap import load_settings
    from docproc.settings import Settings, setting_sources

    settings, sources = load_settings(), setting_sources()
    rows = [
        {
            "name": name,
            "value": _shown(getattr(settings, name)),
            "source": sources[name],
            "help": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    from rich.markup import escape
    from rich.table import Table

    from docproc.cli.console import for_output

    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "source", "what it does"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(row[key]) for key in ("name", "value", "source", "help")))
    for_output().print(table)


def _shown(value: object) -> str:
    """Pydantic's secrets print as stars."""
    return "" if value is None else str(value)
