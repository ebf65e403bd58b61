"""Command lines that deployment files hold, held to the commands that docproc has."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.main import get_command

from docproc.cli.main import app

#: what typer raises for a wrong option, value or number of arguments
_UsageError: Any = typer.BadParameter.__base__


def faults(words: Sequence[str]) -> Iterator[str]:
    """What docproc would say against `docproc WORDS`: a command or an option that is not there, a bad value."""
    rest, command = list(words), get_command(app)
    while commands := getattr(command, "commands", None):
        name = rest.pop(0) if rest else ""
        if name not in commands:
            yield f"docproc {' '.join(words)}: there is no command {name!r}"
            return
        command = commands[name]
    try:
        command.make_context(command.name or "", rest)
    except typer.Exit:  # --help
        return
    except _UsageError as error:
        yield f"docproc {' '.join(words)}: {error.format_message()}"
