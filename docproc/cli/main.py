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
app.command("extract")(extract.extract)
app.command("inspect")(inspect.inspect)
app.command("eval")(evaluate.evaluate)
app.add_typer(jobs.app, name="jobs")
app.command("submit")(submit.submit)
app.command("serve")(serve.serve)
app.command("watch")(watch.watch)
app.command("worker")(worker.worker)
app.add_typer(workers.app, name="workers")
app.add_typer(queues.app, name="queues")
app.add_typer(tenants.app, name="tenants")
app.add_typer(keys.app, name="keys")
app.add_typer(review.app, name="review")
app.add_typer(audit.app, name="audit")
app.command("usage")(usage.usage)
app.add_typer(retention.app, name="retention")
app.add_typer(holds.app, name="holds")
app.add_typer(receipts.app, name="receipts")
app.add_typer(dead.app, name="dead")
app.add_typer(exports.app, name="exports")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(store.app, name="store")
app.add_typer(database_commands.app, name="db")
app.add_typer(schema_commands.app, name="schemas")
app.add_typer(models.app, name="models")
app.command("finetune")(finetune.finetune)
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
