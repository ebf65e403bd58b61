"""The terminal: one console for people on standard error, and whether anybody is looking."""

import sys
from functools import cache

from rich.console import Console
from rich.markup import escape

from docproc.cli.printable import printable


@cache
def for_people() -> Console:
    """Progress and summaries: standard error, so that standard output stays clean for pipes."""
    return Console(stderr=True, highlight=False)


@cache
def for_output() -> Console:
    """Tables that were asked for: standard output."""
    # a pipe has no width: nothing is cut for it
    return Console(highlight=False, width=None if is_terminal() else 160)


def is_terminal() -> bool:
    """Does standard output go to a person?"""
    return sys.stdout.isatty()


def marked(text: str) -> str:
    """Printable, and never markup of ours."""
    return escape(printable(text))
