"""How docproc ends, for shells and schedulers."""

from enum import IntEnum
from typing import Protocol


class ExitCode(IntEnum):
    """Documented in docs/command-line.md."""

    GOOD = 0
    CRASH = 1
    USAGE = 2
    SOME_FAILED = 3
    REVIEW_NEEDED = 4
    INTERRUPTED = 130


class Ended(Protocol):
    """Documents of a job by how they ended."""

    @property
    def failed(self) -> int: ...
    @property
    def canceled(self) -> int: ...
    @property
    def needs_review(self) -> int: ...


def exit_code_of(documents: Ended, *, strict: bool) -> ExitCode:
    """What a job that has ended tells a shell."""
    if documents.failed or documents.canceled:
        return ExitCode.SOME_FAILED
    if strict and documents.needs_review:
        return ExitCode.REVIEW_NEEDED
    return ExitCode.GOOD
