"""The `docproc` command: its sub-commands and how an error becomes an exit code. Imports nothing heavy."""

import logging
import sys
from typing import Annotated

import typer

from docproc import __version__
from docproc.cli import doctor, extract, inspect, jobs, models, schema_commands, settings_commands
from docproc.cli.exit_codes import ExitCode
from docproc.domain.errors import DocprocError, UsageError

app = typer.Typer(
    name="docproc",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Piles of PDFs and images into validated, evidenced records; nothing leaves this machine.",
    epilog="Example: `docproc extract invoices/ --schema invoice --out records.xlsx`",
)
app.command("extract")(extract.extract)
app.command("inspect")(inspect.inspect)
app.add_typer(jobs.app, name="jobs")
app.add_typer(schema_commands.app, name="schemas")
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.add_typer(settings_commands.app, name="settings")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"docproc {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens to standard error.")] = False,
) -> None:
    """Options of every command."""
    del version
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Run the command line; an error made on purpose is one line on standard error."""
    try:
        app()
    except DocprocError as error:
        sys.stderr.write(f"docproc: {error.message}\n")
        sys.exit(ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.CRASH)
