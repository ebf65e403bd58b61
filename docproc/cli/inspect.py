"""`docproc inspect`: what a file is, page by page."""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", show_default=False)],
) -> None:
    """Say what a file is."""
    typer.echo(str(paths))
