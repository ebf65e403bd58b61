"""Whether and when a request is sent again. Pure: knows no connection and no clock."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from docproc.client.errors import ServerError, ServerUnreachableError

#: too many requests, and what says that somebody on the way, or a store behind the server, is away
_PASSING = frozenset({429, 502, 503, 504})
#: nothing was done of what was asked
_UNDONE = frozenset({429})
#: methods of which a second request changes nothing that the first one did not
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_FIRST_PAUSE_S = 0.5
#: nobody waits longer between two attempts, whatever a server asks for
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How patient a client is."""

    most: int = 6
    chance: Callable[[], float] = random.random

    def pause_s(
        self, error: ServerError | ServerUnreachableError, *, attempt: int, repeatable: bool = True
    ) -> float | None:
        """Seconds until the next attempt after number `attempt`, from 1; None: it is not worth one.

        Exponential with full jitter, and never before the time that the server named. What is not `repeatable` is not
        sent again once the server may have done it.
        """
        if not repeatable and _may_be_done(error):
            return None
        asked_s = _asked_s(error)
        if attempt >= self.most or asked_s is None or asked_s > _LONGEST_PAUSE_S:
            return None
        spread_s: float = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (attempt - 1)) * self.chance()
        return min(_LONGEST_PAUSE_S, asked_s + spread_s)


def is_repeatable(method: str) -> bool:
    """Whether a request may be sent again by its method alone."""
    return method.upper() in _REPEATABLE


def _may_be_done(error: ServerError | ServerUnreachableError) -> bool:
    return error.was_asked if isinstance(error, ServerUnreachableError) else error.status not in _UNDONE


def _asked_s(error: ServerError | ServerUnreachableError) -> float | None:
    """What has to pass before it can succeed; None: it never will."""
    if isinstance(error, ServerUnreachableError):
        return 0.0
    return (error.retry_after_s or 0.0) if error.status in _PASSING else None
