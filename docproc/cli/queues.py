"""`docproc queues`: what each has to do and who does it; one that is paused is given nothing."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from docproc.services.queue_counts import QueueCounts

app = typer.Typer(no_args_is_help=True, help="Queues of a service: list, pause, resume.")

Name = Annotated[str, typer.Argument(help="As `docproc queues list` writes it.", metavar="NAME")]


@app.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """Count what is due, queued and leased, and the slots of workers. Example: `docproc queues list --json`."""
    from dataclasses import asdict

    from docproc.bootstrap import open_service_desk
    from docproc.services.queue_counts import count_queues

    desk = open_service_desk()
    counts = count_queues(desk.work, desk.upkeep.census)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in counts]))
    else:
        _print(counts)


def _print(counts: "list[QueueCounts]") -> None:
    from rich.table import Table

    from docproc.cli.console import for_output

    table = Table(box=None, pad_edge=False)
    for column in ("queue", "due", "queued", "leased", "slots", ""):
        table.add_column(column, justify="left" if column in {"queue", ""} else "right", no_wrap=True)
    for each in counts:
        remark = "paused" if each.paused else "no worker" if each.is_stuck else ""
        numbers = (each.due, each.queued, each.leased, each.slots)
        table.add_row(each.queue, *map(str, numbers), remark)
    for_output().print(table)


@app.command("pause")
def pause(name: Name) -> None:
    """Hand out nothing more of a queue; what runs is finished. Example: `docproc queues pause read.nvlm-d-72b`."""
    _pause(name, paused=True)


@app.command("resume")
def resume(name: Name) -> None:
    """Hand out a queue's work again. Example: `docproc queues resume read.nvlm-d-72b`."""
    _pause(name, paused=False)


def _pause(name: str, *, paused: bool) -> None:
    from docproc.bootstrap import open_service_desk
    from docproc.cli.person import person
    from docproc.services.pausing import pause_queue

    desk = open_service_desk()
    pause_queue(desk.work.tenants, name, paused=paused, by=person(), audit=desk.upkeep.audit)
    typer.echo(f"{name}: {'paused' if paused else 'resumed'}")
