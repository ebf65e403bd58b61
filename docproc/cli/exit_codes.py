"""How docproc ends, for shells and schedulers."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Documented in docs/command-line.md."""

    GOOD = 0
    CRASH = 1
    USAGE = 2
    SOME_FAILED = 3
    REVIEW_NEEDED = 4
    INTERRUPTED = 130
