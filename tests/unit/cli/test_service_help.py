"""Every command of a service says what it does with an example, and its options are in the documentation."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from typer.main import get_command

from docproc.cli.main import app

DOCS = Path(__file__).parents[3] / "docs"
GROUPS = (
    "serve",
    "submit",
    "worker",
    "workers",
    "queues",
    "tenants",
    "keys",
    "usage",
    "audit",
    "retention",
    "holds",
    "receipts",
    "review",
    "dead",
    "store",
    "db",
)


def commands() -> Iterator[tuple[str, click.Command]]:
    for name in GROUPS:
        command = getattr(get_command(app), "commands")[name]  # noqa: B009 the group's type has no such attribute
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {each}", inner[each]) for each in inner)


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda part: part if isinstance(part, str) else "")
def test_a_command_has_an_example_of_itself(name: str, command: click.Command) -> None:
    assert f"Example: `docproc {name}" in (command.help or "")


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda part: part if isinstance(part, str) else "")
def test_a_command_and_its_options_are_documented(name: str, command: click.Command) -> None:
    text = (DOCS / "command-line.md").read_text()
    (row,) = (line for line in text.splitlines() if re.search(rf"^\| .*`{name}[` \[]", line))
    options = [
        next(option for option in parameter.opts if option.startswith("--"))
        for parameter in command.params
        if any(option.startswith("--") for option in parameter.opts) and not getattr(parameter, "hidden", False)
    ]

    assert [option for option in options if option not in row] == []
