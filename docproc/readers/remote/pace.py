"""How many requests an endpoint is given at a time, and whether it is given any: it adapts to what comes back.

One more for every round that goes well, half as many when the server says that it is too many, fewer when its first
byte comes late. After repeated faults the endpoint is left alone for a while, then tried with a single request.
Safe for threads; knows no network.
"""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType

_FIRST_LIMIT = 4.0
#: halved at most once in this time: what was sent before is not to blame again
_HALVE_EVERY_S = 1.0
_LATE_FACTOR, _LATE_S = 3.0, 1.0
_FAULTS_TO_OPEN = 3
_OPEN_S, _LONGEST_OPEN_S = 2.0, 60.0


@dataclass(slots=True)
class _State:
    limit: float = _FIRST_LIMIT
    in_use: int = 0
    #: nothing is sent before; by Retry-After, or because the circuit is open
    not_before: float = 0.0
    halved_at: float = float("-inf")
    #: least time to the first byte seen, slowly forgotten
    usual_s: float | None = None
    faults: int = 0
    #: why it will not read, whoever asks
    refusal: str | None = None


@dataclass(slots=True)
class Lane:
    """One endpoint's share of the traffic."""

    address: str
    most: int
    clock: Callable[[], float] = monotonic
    _state: _State = field(default_factory=_State)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def limit(self) -> int:
        """Requests that it is given at a time now."""
        return 1 if self.is_doubtful else max(1, min(self.most, int(self._state.limit)))

    @property
    def in_use(self) -> int:
        return self._state.in_use

    @property
    def is_doubtful(self) -> bool:
        """It failed repeatedly and has not answered since."""
        return self._state.faults >= _FAULTS_TO_OPEN

    @property
    def refusal(self) -> str | None:
        """Why it will not read, whoever asks, until it says something else."""
        return self._state.refusal

    @property
    def rests_for(self) -> float:
        """Seconds until it is given anything; 0: now."""
        return max(0.0, self._state.not_before - self.clock())

    def enter(self) -> bool:
        """Take a place if there is one."""
        with self._lock:
            if self.rests_for or self._state.in_use >= self.limit:
                return False
            self._state.in_use += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._state.in_use -= 1

    def went_well(self, *, first_byte_s: float) -> None:
        with self._lock:
            state = self._state
            state.faults, state.refusal = 0, None
            usual = first_byte_s if state.usual_s is None else min(state.usual_s * 1.01, first_byte_s)
            state.usual_s = usual
            if first_byte_s > _LATE_FACTOR * usual + _LATE_S:
                self._lower(0.8)
            else:
                state.limit = min(float(self.most), state.limit + 1 / state.limit)

    def was_too_much(self, *, wait_s: float | None) -> None:
        """429 or 503: the server is there and has enough."""
        with self._lock:
            self._lower(0.5)
            self._state.refusal = None
            if wait_s:
                self._state.not_before = max(self._state.not_before, self.clock() + wait_s)

    def failed(self) -> None:
        """No answer, or none that makes sense."""
        with self._lock:
            self._state.refusal = None
            self._state.faults += 1
            self._lower(0.5)
            self._rest()

    def refused(self, reason: str) -> bool:
        """A wrong key, model or address: left alone at once, as after repeated faults. True when this is new."""
        with self._lock:
            state = self._state
            is_new = state.refusal is None
            state.refusal = reason
            state.faults = max(state.faults + 1, _FAULTS_TO_OPEN)
            self._rest()
            return is_new

    def forgive(self) -> None:
        """All others refuse as well: the next who asks is told at once, and not after a rest."""
        with self._lock:
            state = self._state
            if state.refusal is not None:
                state.refusal, state.faults, state.not_before = None, 0, 0.0

    def _rest(self) -> None:
        state = self._state
        if self.is_doubtful:
            pause = min(_LONGEST_OPEN_S, _OPEN_S * 2 ** min(state.faults - _FAULTS_TO_OPEN, 16))
            state.not_before = max(state.not_before, self.clock() + pause)

    def _lower(self, factor: float) -> None:
        state, now = self._state, self.clock()
        if now - state.halved_at >= _HALVE_EVERY_S:
            state.limit, state.halved_at = max(1.0, state.limit * factor), now


def choose(lanes: Sequence[Lane], asked: Mapping[str, int] = MappingProxyType({})) -> Lane | None:
    """A place at an endpoint that is not in doubt, was asked least often before, and is least busy.

    `asked`: by address, how often it failed to answer this very question. None when there is no place now.
    """

    def rank(lane: Lane) -> tuple[bool, int, float, float]:
        return lane.is_doubtful, asked.get(lane.address, 0), lane.in_use / lane.limit, random.random()  # noqa: S311

    return next((lane for lane in sorted(lanes, key=rank) if lane.enter()), None)


def backoff(attempt: int, *, longest_s: float = 20.0) -> float:
    """Seconds before the next try: all that fail at once must not come back at once."""
    return random.uniform(0.1, min(longest_s, 0.5 * 2 ** min(attempt, 16)))  # noqa: S311 not for secrets
