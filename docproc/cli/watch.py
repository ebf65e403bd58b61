"""`docproc watch`: files that are left in a folder become jobs, and their records lie in an outbox."""

import json
import signal
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docproc.cli.at_server import ServerName, Where, server_client
from docproc.cli.exit_codes import ExitCode
from docproc.cli.extract import DateOrder, absolute_reference
from docproc.cli.job_arguments import TenantName
from docproc.domain.errors import UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from docproc.bootstrap import Desk
    from docproc.client import Client
    from docproc.queueing.local import StopSignal
    from docproc.services.ledger_ports import Ledger
    from docproc.settings import Settings
    from docproc.watch.config import WatchPlan
    from docproc.watch.watcher import Tally

#: entries in trouble that a status names
_NAMED = 20


def watch(
    folder: Annotated[
        str,
        typer.Argument(help="The folder to watch, or s3://BUCKET/PREFIX?endpoint=…", metavar="DIR", show_default=False),
    ],
    schema: Annotated[
        str | None, typer.Option("--schema", "-s", help="NAME, FILE.json or module:Class.", show_default=False)
    ] = None,
    outbox: Annotated[
        Path | None, typer.Option("--outbox", "-o", metavar="DIR", help="Where the records go: one JSON a document.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="docproc-watch.toml: schemas of sub-folders and more.")
    ] = None,
    reader: Annotated[str | None, typer.Option(help="auto, einvoice, layout, remote, or one of your own.")] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="Order of dates such as 03/04/2025.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="One password a line, tried in this order.")] = None,
    settle: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="How long a file must have stood still; by default 5.")
    ] = None,
    rescan: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Between looks at everything; by default 30.")
    ] = None,
    trigger: Annotated[
        bool, typer.Option("--trigger", help="Take a file when NAME.ready lies beside it, and not before.")
    ] = False,
    duplicates: Annotated[
        str | None, typer.Option(metavar="flag|skip|process", help="What of bytes that were read before.")
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Leave the files where they are.")] = False,
    place: Annotated[
        str | None, typer.Option(metavar="NAME", help="What all who watch this folder call it; by default its path.")
    ] = None,
    service: Annotated[
        bool, typer.Option("--service", help="Let a service's workers read, instead of this process.")
    ] = False,
    server: ServerName = None,
    tenant: TenantName = LOCAL_TENANT,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Documents at a time; by default one a processor.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, wait for its records, and end.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how the place stands, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --status or --once: one JSON object.")] = False,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer /metrics there; see docs/observability.md.")
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address that they are answered on.")] = "127.0.0.1",
) -> None:
    """Watch a folder: each file left there is taken once. Example: `docproc watch scans/ -s invoice -o records/`."""
    from docproc.bootstrap import load_settings, open_desk, open_service_desk
    from docproc.queueing.local import StopSignal
    from docproc.watch.config import FILE_NAME, load_watch_settings, place_of_bucket, place_of_folder, plan, plan_bucket
    from docproc.watch.running import WatchTerms, open_watcher

    given: dict[str, Any] = {
        "schema": None if schema is None else absolute_reference(schema),
        "outbox": outbox,
        "reader": reader,
        "date_order": None if date_order is None else date_order.value,
        "password_file": password_file,
        "settle_seconds": settle,
        "rescan_seconds": rescan,
        "trigger": trigger or None,
        "duplicates": duplicates,
        "in_place": in_place or None,
        "place": place,
    }
    root = None if folder.startswith("s3://") else Path(folder)
    if service and server is not None:
        raise UsageError("--service and --server: one of them reads")
    here = Path(FILE_NAME)
    watch_settings = load_watch_settings(config or (here if here.is_file() else None), root, given)
    settings = load_settings()
    desk = open_service_desk(settings) if service else open_desk(settings)
    if status:
        name = place_of_bucket(folder, watch_settings) if root is None else place_of_folder(root, watch_settings)
        _say_status(desk.ledger_of(tenant, name), place=name, as_json=as_json)
    if root is None:
        planned = plan_bucket(folder, watch_settings)
    else:
        planned = plan(root, watch_settings, data_dir=settings.data_dir)
    stop = StopSignal()
    with ExitStack() as closing:
        closing.enter_context(_traced(settings))
        terms = WatchTerms(
            tenant=tenant,
            by_service=service,
            server=None if server is None else closing.enter_context(_asked(Where(server, tenant))),
            workers=workers or settings.workers,
            lease_s=settings.lease_seconds,
        )
        watcher = closing.enter_context(open_watcher(desk, planned, terms, stop))
        if metrics_port is not None:
            from docproc.watch.metrics import served_metrics

            ledger = desk.ledger_of(tenant, planned.place)
            closing.enter_context(served_metrics(watcher.tally, ledger, port=metrics_port, host=metrics_host))
        closing.enter_context(_stopped_by_signals(stop))
        if not once:
            typer.echo(f"watching {planned.shown}; records go to {planned.outbox}", err=True)
        tally = watcher.run(stop, once=once)
        # asked here: closing what was opened stops everybody
        interrupted = stop.finishing
    _end(desk, planned, tally, tenant=tenant, once=once and not interrupted, as_json=as_json)


@contextmanager
def _traced(settings: "Settings") -> "Iterator[None]":
    from docproc.observability.tracing import begin_traces, end_traces

    begin_traces(settings.trace_endpoint, part="watch")
    try:
        yield
    finally:
        end_traces()


def _asked(where: Where) -> "AbstractContextManager[Client]":
    """The ledger sees to it that what fails is tried again, and whoever is told to end is not to wait for a server."""
    from docproc.client import Attempts

    return server_client(where, attempts=Attempts(most=2))


@contextmanager
def _stopped_by_signals(stop: "StopSignal") -> "Iterator[None]":
    """The first Ctrl-C (or SIGTERM) takes nothing more and ends what is in flight; the second leaves that too."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.finishing:
            stop.leave()
        else:
            stop.finish()
            typer.echo("finishing what is in flight; once more to leave it", err=True)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(desk: "Desk", planned: "WatchPlan", tally: "Tally", *, tenant: str, once: bool, as_json: bool) -> None:
    """Sum up. Raises typer.Exit."""
    from docproc.services.ledger_records import EntryState

    ended = {state.value: tally.ended[state] for state in EntryState if tally.ended[state]}
    counts, failed = desk.ledger_of(tenant, planned.place).counts(), tally.failed_documents
    if as_json:
        told = {"place": planned.place, "ended": ended, "failed_documents": failed, "open": counts.open}
        typer.echo(json.dumps(told))
    else:
        files = ", ".join(f"{count} {state}" for state, count in ended.items()) or "no file came to its end"
        without = f"; documents without a record: {failed}" if failed else ""
        typer.echo(f"{files}; {counts.open} on their way{without}", err=True)
    if once and (tally.ended[EntryState.FAILED] or failed or counts.open):
        raise typer.Exit(ExitCode.SOME_FAILED)
    raise typer.Exit(ExitCode.GOOD)


def _say_status(ledger: "Ledger", *, place: str, as_json: bool) -> None:
    """Counts, and what is in trouble. Raises typer.Exit, UsageError."""
    counts, waiting = ledger.counts(), ledger.waiting(limit=_NAMED)
    if not counts.states:
        known = ", ".join(map(repr, sorted(ledger.places()))) or "none"
        raise UsageError(
            f"no file of the place {place!r} was taken yet, so there is nothing to tell; places known are: {known}. "
            "It is called as it was watched: give the same folder, --place or --config"
        )
    if as_json:
        told = {
            "states": {state.value: count for state, count in sorted(counts.states.items())},
            "troubles": {trouble.value: count for trouble, count in sorted(counts.troubles.items())},
            "waiting": [
                {
                    "path": each.path,
                    "trouble": each.trouble.value,
                    "where": each.where,
                    "tries": each.tries,
                    "due_at": each.due_at.isoformat(),
                }
                for each in waiting
            ],
        }
        typer.echo(json.dumps(told))
    else:
        for state, count in sorted(counts.states.items()):
            typer.echo(f"{count:>8} {state.value}")
        for each in waiting:
            where = "" if each.where is None else f" ({each.where.value})"
            tries = f"tries: {each.tries}, next at {each.due_at:%H:%M:%S} UTC"
            typer.echo(f"{each.trouble.value}{where}: {each.path} ({tries})")
    raise typer.Exit(ExitCode.SOME_FAILED if counts.troubles else ExitCode.GOOD)
