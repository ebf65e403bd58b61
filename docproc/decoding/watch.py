"""Notices when a model has stopped making sense: endless white space, endless repetition, no end in time.

What it notices is reported; nothing is cut away or guessed. What the page itself prints as often is no loop.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final


class Stop(StrEnum):
    """Why a generation ended."""

    COMPLETE = "complete"
    #: the budget was spent before the record ended
    TRUNCATED = "truncated"
    #: it wrote white space, or escapes of it, and nothing else
    WHITE_SPACE = "white_space"
    #: it wrote the same again and again
    REPETITION = "repetition"


#: bytes of white space in a row that no record needs
MAX_SPACE: Final = 64
#: a cycle counts when it fills this many bytes ...
MIN_REPEATED: Final = 192
#: ... this many times over, so that a table with a few equal rows is no loop
MIN_ROUNDS: Final = 12
MAX_PERIOD: Final = 400

_SPACE_AT_END = re.compile(rb"(?:\s|\\[ntr])+\\?\Z")


def never(run: bytes, period: int) -> bool:  # noqa: ARG001 what a watch asks
    """Nothing that is written often enough is meant so."""
    return False


class LoopWatch:
    """Feed it what is written; ask it what is wrong."""

    def __init__(self, is_meant: Callable[[bytes, int], bool] = never) -> None:
        """`is_meant`: whether a piece of so many bytes, written again and again as `run`, stands so on the page."""
        self._text = bytearray()
        self._quiet = 0
        self._is_meant = is_meant

    def feed(self, text: bytes) -> Stop | None:
        """Take the next token's bytes; tells when a loop is sure."""
        self._text += text
        space = _SPACE_AT_END.search(self._text[-2 * MAX_SPACE :])
        if space is not None and len(space[0]) > MAX_SPACE:
            return Stop.WHITE_SPACE
        self._quiet += len(text)
        if self._quiet < MIN_REPEATED // 4:  # looking for cycles at every token would cost more than the masks
            return None
        self._quiet = 0
        period = _period(bytes(self._text[-MAX_PERIOD * MIN_ROUNDS :]))
        if not period or self._is_meant(_run(bytes(self._text), period), period):
            return None
        return Stop.REPETITION


def _period(tail: bytes) -> int:
    """Length of the piece that the end of `tail` is made of, often enough in a row; 0: it is not."""
    probe = tail[-16:]
    place = tail.rfind(probe, 0, len(tail) - 1)
    tried = 0
    while place >= 0 and len(tail) - len(probe) - place <= MAX_PERIOD and tried < MIN_ROUNDS:
        period = len(tail) - len(probe) - place
        wanted = max(MIN_REPEATED, period * MIN_ROUNDS)
        if len(tail) >= wanted and tail[-wanted:-period] == tail[-wanted + period :]:
            return period
        place = tail.rfind(probe, 0, place + len(probe) - 1)
        tried += 1
    return 0


def _run(text: bytes, period: int) -> bytes:
    """The end of `text` as far as it is the same piece again and again, in whole pieces."""
    start = len(text) - period
    while start >= period and text[start - period : start] == text[start : start + period]:
        start -= period
    return text[start:]
