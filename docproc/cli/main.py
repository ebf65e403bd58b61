"""The `docproc` command: its sub-commands and how an error becomes an exit code. Imports nothing heavy."""

import logging
import sys
from typing import Annotated, NoReturn

import typer

from docproc import __version__
from docproc.cli import (
    audit,
    database_commands,
    dead,
    doctor,
    evaluate,
    exports,
    extract,
    finetune,
    holds,
    inspect,
    jobs,
    keys,
    models,
    queues,
    receipts,
    retention,
    review,
    schema_commands,
    sealing,
    serve,
    settings_commands,
    store,
    submit,
    tenants,
    usage,
    watch,
    webhooks,
    worker,
    workers,
)
from docproc.cli.event_log import event_handler
from docproc.cli.exit_codes import ExitCode
from docproc.cli.printable import printable
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
_DOCUMENTS = "Documents into records"
app.command("extract", rich_help_panel=_DOCUMENTS)(extract.extract)
app.command("inspect", rich_help_panel=_DOCUMENTS)(inspect.inspect)
app.command("watch", rich_help_panel=_DOCUMENTS)(watch.watch)
app.add_typer(jobs.app, name="jobs", rich_help_panel=_DOCUMENTS)
app.add_typer(review.app, name="review", rich_help_panel=_DOCUMENTS)
app.add_typer(schema_commands.app, name="schemas", rich_help_panel=_DOCUMENTS)

_SERVICE = "A service"
app.command("serve", rich_help_panel=_SERVICE)(serve.serve)
app.command("submit", rich_help_panel=_SERVICE)(submit.submit)
app.command("worker", rich_help_panel=_SERVICE)(worker.worker)
app.add_typer(workers.app, name="workers", rich_help_panel=_SERVICE)
app.add_typer(queues.app, name="queues", rich_help_panel=_SERVICE)
app.add_typer(dead.app, name="dead", rich_help_panel=_SERVICE)
app.add_typer(exports.app, name="exports", rich_help_panel=_SERVICE)
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=_SERVICE)
app.add_typer(sealing.app, name="sealing", rich_help_panel=_SERVICE)

_TENANTS = "Who uses it, and what is kept"
app.add_typer(tenants.app, name="tenants", rich_help_panel=_TENANTS)
app.add_typer(keys.app, name="keys", rich_help_panel=_TENANTS)
app.command("usage", rich_help_panel=_TENANTS)(usage.usage)
app.add_typer(audit.app, name="audit", rich_help_panel=_TENANTS)
app.add_typer(retention.app, name="retention", rich_help_panel=_TENANTS)
app.add_typer(holds.app, name="holds", rich_help_panel=_TENANTS)
app.add_typer(receipts.app, name="receipts", rich_help_panel=_TENANTS)

_MODELS = "Models"
app.add_typer(models.app, name="models", rich_help_panel=_MODELS)
app.command("finetune", rich_help_panel=_MODELS)(finetune.finetune)
app.command("eval", rich_help_panel=_MODELS)(evaluate.evaluate)

_MACHINE = "This machine"
app.command("doctor", rich_help_panel=_MACHINE)(doctor.doctor)
app.add_typer(settings_commands.app, name="settings", rich_help_panel=_MACHINE)
app.add_typer(database_commands.app, name="db", rich_help_panel=_MACHINE)
app.add_typer(store.app, name="store", rich_help_panel=_MACHINE)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"docproc {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Log to standard error; twice for every detail.")
    ] = 0,
) -> None:
    """Options of every command."""
    del version
    logging.basicConfig(
        level=(logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)],
        handlers=[event_handler(sys.stderr)],
    )


def main() -> None:
    """Run the command line; an error made on purpose is one line on standard error."""
    try:
        app()
    except DocprocError as error:
        _end(error.message, ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.CRASH)
    except OSError as error:
        # A full disk, a folder without permission: no bug of ours, and no traceback for a person.
        logging.getLogger(__name__).debug("the operating system refused", exc_info=True)
        place = f"{error.filename}: " if error.filename else ""
        _end(f"{place}{error.strerror or error}; what was finished is kept: docproc jobs list", ExitCode.CRASH)


def _end(message: str, code: ExitCode) -> NoReturn:
    sys.stderr.write(f"docproc: {printable(message)}\n")
    sys.exit(code)
