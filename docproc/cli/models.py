"""`docproc models`: fetch a published NVLM checkpoint, see whether it is whole and where it runs, write a tiny one."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.domain.errors import ConflictError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from docproc.nvlm.check import CheckpointReport
    from docproc.nvlm.hub import Hub

_GB = 1e9
_SHOWN = 5

app = typer.Typer(no_args_is_help=True, help="NVLM checkpoints: fetch, check, write a tiny one. Needs `docproc[vlm]`.")


class Architecture(StrEnum):
    """Members of the family that a tiny checkpoint can be written of."""

    D = "d"
    X = "x"
    H = "h"


@app.callback()
def needs_torch() -> None:
    """Say what to install before a command fails for want of it."""
    from importlib.util import find_spec

    if missing := [name for name in ("torch", "transformers") if find_spec(name) is None]:
        raise UsageError(f"{' and '.join(missing)} missing: pip install 'docproc[vlm]'")


@app.command("tiny")
def tiny(
    out: Annotated[Path, typer.Argument(help="Folder to write; must not exist, or be empty.")],
    arch: Annotated[Architecture, typer.Option(help="Which member of the family.")] = Architecture.D,
    seed: Annotated[int, typer.Option(help="Of the random weights.")] = 0,
) -> None:
    """Write a tiny random checkpoint in the published layout, for developers. Example: `docproc models tiny out`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConflictError(f"{out} exists and is not an empty folder")
    from docproc.nvlm import NvlmDConfig, NvlmHConfig, NvlmXConfig
    from docproc.nvlm.quiet import be_quiet
    from docproc.nvlm.tiny import write_tiny

    be_quiet()
    kinds = {Architecture.D: NvlmDConfig, Architecture.X: NvlmXConfig, Architecture.H: NvlmHConfig}
    write_tiny(out, kind=kinds[arch], seed=seed)
    typer.echo(f"{out}: a tiny NVLM-{arch.value.upper()} with random weights")


@app.command("check")
def check(
    checkpoint: Annotated[str, typer.Argument(help="Its folder, or its OWNER/NAME on the hub.", metavar="DIR_OR_NAME")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say whether every tensor is there and where it runs, from headers. Example: `docproc models check NVLM-D`."""
    from docproc.nvlm.check import check_files
    from docproc.nvlm.hub import PublicHub, checkpoint_files
    from docproc.nvlm.quiet import be_quiet

    be_quiet()
    files = checkpoint_files(checkpoint, PublicHub())
    report = check_files(files)
    if as_json:
        typer.echo(json.dumps(_as_dict(files.place, report)))
    else:
        _show(files.place, report)
    if not report.whole:
        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="OWNER/NAME on the hub, such as nvidia/NVLM-D-72B.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; by default one named after the model.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licence that is shown, without being asked.")] = False,
) -> None:
    """Show a checkpoint's licence, ask, and fetch it. Example: `docproc models pull nvidia/NVLM-D-72B`."""
    from docproc.nvlm.hub import PublicHub

    def accepts() -> bool:
        return yes or typer.confirm("Do you accept this licence?", default=False, err=True)

    fetched = pull_from(PublicHub(), name, into=out or Path(name.rsplit("/", 1)[-1]), accepts=accepts)
    typer.echo(f"{fetched}: fetched; see whether it is whole: docproc models check {fetched}")


def pull_from(hub: "Hub", name: str, *, into: Path, accepts: "Callable[[], bool]") -> Path:
    """Fetch `name` from `hub` once its licence was shown and accepted."""
    offer = hub.offer(name)
    typer.echo(f"{offer.name} at {offer.revision[:12]}, {offer.download_bytes / _GB:.1f} GB", err=True)
    typer.echo(f"licence: {offer.licence}", err=True)
    if not accepts():
        raise UsageError("the licence was not accepted: nothing was fetched")
    return hub.fetch(offer, into)


def _as_dict(place: str, report: "CheckpointReport") -> dict[str, Any]:
    from docproc.nvlm.sizing import PRECISIONS

    return {
        "folder": place,
        "architecture": report.architecture,
        "whole": report.whole,
        "tensors": len(report.stored.tensors),
        "stored_parameters": report.stored.parameters,
        "stored_bytes": report.stored.stored_bytes,
        "loaded_parameters": report.size.parameters,
        "missing": report.missing,
        "unexpected": report.unexpected,
        "misshapen": report.misshapen,
        "faults": report.stored.faults,
        "headers_only": report.stored.headers_only,
        "weight_bytes": {precision: report.size.weight_bytes(precision) for precision in PRECISIONS},
        "cache_bytes_per_page": report.size.cache_bytes_per_page,
        "fits": [
            {"precision": fit.precision, "gpu": fit.gpu, "gpus": fit.gpus, "pages": fit.pages} for fit in report.fits
        ],
    }


def _show(place: str, report: "CheckpointReport") -> None:
    from rich.table import Table

    from docproc.cli.console import for_output
    from docproc.nvlm.sizing import PRECISIONS

    stored = report.stored
    typer.echo(f"{place}: {report.architecture}, {'whole' if report.whole else 'NOT WHOLE'}")
    for what, found in (
        ("missing", report.missing),
        ("unexpected", report.unexpected),
        ("of another shape", report.misshapen),
        ("file", stored.faults),
    ):
        for entry in found[:_SHOWN]:
            typer.echo(f"  {what}: {entry}")
        if len(found) > _SHOWN:
            typer.echo(f"  {what}: {len(found) - _SHOWN} more")
    if stored.headers_only:
        typer.echo(f"  {len(stored.headers_only)} files end behind their header: no weights are here")
    typer.echo(f"{len(stored.tensors)} tensors, {stored.parameters:,} stored parameters, {stored.stored_bytes:,} bytes")
    typer.echo(f"{report.size.parameters:,} parameters once loaded")
    table = Table(box=None, pad_edge=False)
    for column in ("precision", "weights", "runs on (pages in the cache at once)"):
        table.add_column(column)
    for precision in PRECISIONS:
        places = [f"{fit.gpus} x {fit.gpu} ({fit.pages})" for fit in report.fits if fit.precision == precision]
        table.add_row(
            precision, f"{report.size.weight_bytes(precision) / _GB:,.1f} GB", ", ".join(places) or "none known"
        )
    for_output().print(table)
