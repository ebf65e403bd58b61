"""`docproc workers`: who works for the service, on which queues, and when each last gave a sign of life."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from docproc.services.work_records import Worker

app = typer.Typer(no_args_is_help=True, help="Workers of a service: list.")

#: longer than any worker stays in the table
_EVER_S = 10 * 365 * 86400.0


@app.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """List workers: alive, draining, or silent for too long to be given work. Example: `docproc workers list`."""
    from docproc.bootstrap import open_service_desk
    from docproc.services.dispatching import Supply

    desk = open_service_desk()
    workers = desk.work.workers.living(alive_s=_EVER_S)
    alive = {worker.id for worker in desk.work.workers.living(alive_s=Supply().alive_s)}
    facts = [_facts(worker, is_alive=worker.id in alive, now=desk.upkeep.census.now()) for worker in workers]
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        _print(facts)


def _facts(worker: "Worker", *, is_alive: bool, now: "datetime") -> dict[str, Any]:
    state = "silent" if not is_alive else "alive" if worker.draining_at is None else "draining"
    silent = None if worker.heartbeat_at is None else max(0.0, (now - worker.heartbeat_at).total_seconds())
    return {
        "id": worker.id,
        "state": state,
        "slots": worker.slots,
        "queues": list(worker.queues),
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "heartbeat_s_ago": None if silent is None else round(silent, 1),
        "started_at": None if worker.started_at is None else worker.started_at.isoformat(),
    }


def _print(facts: "Sequence[dict[str, Any]]") -> None:
    from rich.table import Table

    from docproc.cli.console import for_output

    table = Table(box=None, pad_edge=False)
    for column in ("worker", "state", "slots", "last sign of life", "version", "queues"):
        table.add_column(column, justify="right" if column == "slots" else "left", overflow="fold")
    for each in facts:
        seen = f"{each['heartbeat_s_ago']} s ago"
        queues = " ".join(each["queues"])
        table.add_row(each["id"], each["state"], str(each["slots"]), seen, each["version"], queues)
    for_output().print(table)
