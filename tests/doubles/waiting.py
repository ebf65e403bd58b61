"""Waiting until something is so: what tests do instead of sleeping."""

import time
from collections.abc import Callable

#: what machines under load may need
PATIENCE_S = 90.0


def until(true: Callable[[], object], *, seconds: float = PATIENCE_S, every_s: float = 0.02) -> None:
    """Fails when it does not come to that."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(every_s)
