"""Hostile names and values on a terminal; events of the log."""

import io
import logging

import pytest

from docproc.cli.console import marked
from docproc.cli.event_log import event_handler
from docproc.cli.printable import printable


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain Ünïcode 価格", "plain Ünïcode 価格"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred", "\\x9b31mred"),
        ("one\nforged line", "one\\nforged line"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("bad\udcff", "bad\\udcff"),
    ],
)
def test_nothing_in_a_name_steers_a_terminal(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown


def test_what_is_printed_is_no_markup() -> None:
    assert marked("[bold]x[/]\x1b") == "\\[bold]x\\[/]\\x1b"


def test_an_event_tells_what_it_is_about() -> None:
    stream = io.StringIO()
    event = {"name": "docproc.tests", "msg": "lease lost", "levelname": "WARNING", "action": "lease_lost", "attempt": 2}

    event_handler(stream).handle(logging.makeLogRecord(event))

    assert "WARNING lease lost action=lease_lost attempt=2" in stream.getvalue()
