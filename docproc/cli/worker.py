"""`docproc worker`: one worker of the service, in the place of this process, once everything that it needs is there."""

import os
import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.domain.errors import UsageError
from docproc.services.served_models import USUAL_MODEL
from docproc.services.work_records import CPU_QUEUE, MODEL_QUEUE, QUEUES

if TYPE_CHECKING:
    from docproc.settings import Settings

#: what the extra `service` brings that a worker cannot do without
_NEEDED = ("celery", "psycopg", "boto3")
_MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_USUAL_QUEUE = f"{MODEL_QUEUE}{USUAL_MODEL}"
_EVERY_STEP = ",".join([QUEUES[step] for step in QUEUES] + [CPU_QUEUE])


class Pool(StrEnum):
    """In what the tasks of a worker run."""

    PREFORK = "prefork"
    THREADS = "threads"


def worker(
    queues: Annotated[
        str | None,
        typer.Option(metavar="NAME,NAME", help="What it does; by default every step, and with --model reading alone."),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Tasks at a time; by default one a processor, with --model `vlm_rows`."),
    ] = None,
    pool: Annotated[
        Pool | None, typer.Option(help="prefork: a process each, for the CPU; threads: for a model that all share.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="[NAME=]DIR", help="Host this model and read for the reader NAME, by default vlm."),
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(help="Folder of an adapter for --model, used for every schema.")
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Answer /metrics, /health and /ready there; see docs/observability.md."),
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address that they are answered on.")] = "127.0.0.1",
    check: Annotated[bool, typer.Option("--check", help="Look whether it could start, and stop.")] = False,
) -> None:
    """Work for a service until told to stop (SIGTERM, Ctrl-C); what is in flight is finished or handed back.

    Example: `docproc worker --queues prepare,read.cpu,assemble --slots 4`, `docproc worker --model /models/NVLM-D-72B`.
    """
    from docproc.bootstrap import load_settings, open_service

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"a worker needs {' and '.join(missing)}: pip install 'docproc[service]'")
    if find_spec("workers") is None:
        raise UsageError("this installation has no package `workers`: install docproc from its wheel")
    settings = load_settings()
    if model is None and queues and _USUAL_QUEUE in _queues(queues, model=None):
        model = _usual_model(settings)
    hosted = _hosted(settings, model=model, adapter=adapter, slots=slots)
    wanted = _queues(queues, model=hosted.name if hosted else None)
    if hosted is not None:
        settings, slots, pool = hosted.settings, hosted.settings.vlm_rows, pool or Pool.THREADS
    open_service(settings)
    if check:
        _check_model(hosted)
        typer.echo(f"a worker of {', '.join(wanted)} can start")
        return
    command = [sys.executable, "-P", "-m", "workers", "--queues", ",".join(wanted)]
    if metrics_port is not None:
        command += ["--metrics-port", str(metrics_port), "--metrics-host", metrics_host]
    if hosted is not None:
        command += ["--model", hosted.name]
    command += ["--slots", str(slots or settings.workers), "--pool", (pool or Pool.PREFORK).value]
    # -P: the working folder may hold documents, and is no place to import from
    os.execv(sys.executable, command)  # noqa: S606


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hosted:
    """The model that a worker is to host."""

    name: str
    #: with its folder, for the process that comes in the place of this one too
    settings: "Settings"


def _hosted(settings: "Settings", *, model: str | None, adapter: Path | None, slots: int | None) -> _Hosted | None:
    """Raises UsageError."""
    from docproc.settings import override

    if model is None:
        if adapter is not None:
            raise UsageError("--adapter goes with --model")
        return None
    name, folder = _named(model, settings)
    chosen = override(
        settings,
        vlm_model=folder.absolute(),
        vlm_adapter=None if adapter is None else adapter.absolute(),
        vlm_rows=slots,
    )
    return _Hosted(name=name, settings=chosen)


def _usual_model(settings: "Settings") -> str:
    """Raises UsageError."""
    if settings.vlm_model is None:
        raise UsageError(f"{_USUAL_QUEUE} is served by a worker that hosts a model: --model DIR, or DOCPROC_VLM_MODEL")
    return str(settings.vlm_model.absolute())


def _named(model: str, settings: "Settings") -> tuple[str, Path]:
    """What follows `--model`: NAME=DIR, or DIR alone. Raises UsageError."""
    from docproc.bootstrap import CPU_READERS

    name, is_named, folder = model.partition("=")
    if not is_named or "/" in name:
        return USUAL_MODEL, Path(model)
    if not _MODEL_NAME.fullmatch(name):
        raise UsageError(f"--model: {name!r} is no name: 1 to 64 of a-z, 0-9, dot, dash and underscore")
    if name in {"cpu", "remote", *CPU_READERS, *settings.readers}:
        raise UsageError(f"--model: {name!r} is another reader already: choose another name")
    return name, Path(folder)


def _check_model(hosted: _Hosted | None) -> None:
    """Raises UsageError, or ReaderUnavailableError when it does not fit."""
    from docproc.bootstrap import hosted_reader

    if hosted is not None:
        hosted_reader(hosted.name, hosted.settings)


def _queues(text: str | None, *, model: str | None) -> list[str]:
    """Raises UsageError for a name that no queue has."""
    from docproc.services.pausing import require_queue

    told = text if text is not None else "" if model else _EVERY_STEP
    given = (name.strip() for name in told.split(","))
    names = list(dict.fromkeys([*filter(None, given), *([f"{MODEL_QUEUE}{model}"] if model else [])]))
    if not names:
        raise UsageError("--queues names none: write for example --queues prepare,read.cpu,assemble")
    for name in names:
        require_queue(name)
    return names
