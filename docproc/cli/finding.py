"""What a doctor found: one thing that was looked at. Knows no doctor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    detail: str
    #: what to do about it; empty when nothing has to be done
    advice: str = ""
