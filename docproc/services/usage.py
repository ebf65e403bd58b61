"""What was read for whom: pages, tiles, tokens, seconds, summed as asked. Knows no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class UsageBy(StrEnum):
    """What usage may be told apart by."""

    TENANT = "tenant"
    DAY = "day"  # UTC
    JOB = "job"
    READER = "reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """Which usage is meant; None: any."""

    tenant: str | None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSum:
    """What was used in one group."""

    #: by what was asked to tell apart, as text: a day as `2026-03-01`
    group: Mapping[UsageBy, str]
    pages: int
    tiles: int
    prompt_tokens: int
    output_tokens: int
    #: of readers
    seconds: float


class UsageStore(Protocol):
    """The meter: a row for each window that was read, and for each asking that came to nothing."""

    def sums(self, wanted: UsageFilter, *, by: Sequence[UsageBy]) -> Sequence[UsageSum]:
        """One sum for each group that used anything, in the order of the groups; a single one when `by` is empty."""
        ...
