"""Two watchers that are killed and started again, and when one of them ran. Knows no file."""

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from watch_chaos.calm import Calm

_READY = b"watch_started"
#: how often both die at once
_BOTH = 0.2


@dataclass(slots=True)
class _Running:
    process: "subprocess.Popen[bytes]"
    log: Path
    started_at: float
    is_ready: bool = False


class Watchers:
    """Any of them is killed at any moment and started again at once."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Callable[[int, int], Mapping[str, str]],
        logs: Path,
        *,
        calm: Calm,
        takeover_s: float,
    ) -> None:
        """`environment` of a watcher's place, 0 or 1, and of the number of its start.

        `takeover_s`: what a dead watcher had is free after that.
        """
        logs.mkdir()
        self._command, self._environment, self._logs = command, environment, logs
        self._calm, self._takeover_s = calm, takeover_s
        self._starts = 0
        self._alone_since: float | None = time.monotonic()
        self._running = [self._start(place) for place in range(2)]
        self.kills = 0
        #: how long one took to begin: that tells how busy the machine is
        self.slowest_start_s = 0.0

    def kill(self, source: random.Random) -> None:
        """One of them, now and then both."""
        places = range(2) if source.random() < _BOTH else [source.randrange(2)]
        for place in places:
            self._running[place].process.kill()
        killed_at = time.monotonic()
        for place in places:
            self._running[place].process.wait()
            self._running[place] = self._start(place)
            self.kills += 1
        self._calm.disturb(killed_at, killed_at + self._takeover_s)
        if self._alone_since is None and not any(each.is_ready for each in self._running):
            self._alone_since = killed_at

    @property
    def are_ready(self) -> bool:
        return all(each.is_ready for each in self._running)

    def look(self) -> None:
        """Notes who has begun to watch; to be called often."""
        for each in self._running:
            if each.process.poll() is not None:
                raise SystemExit(f"a watcher ended by itself with {each.process.returncode}: {each.log}")
            if not each.is_ready and _READY in each.log.read_bytes():
                each.is_ready = True
                self.slowest_start_s = max(self.slowest_start_s, time.monotonic() - each.started_at)
        if self._alone_since is not None and any(each.is_ready for each in self._running):
            self._calm.disturb(self._alone_since, time.monotonic())
            self._alone_since = None

    def end(self, timeout_s: float) -> None:
        for each in self._running:
            each.process.send_signal(signal.SIGTERM)
        for each in self._running:
            each.process.wait(timeout=timeout_s)

    def told(self) -> Iterator[bytes]:
        """What all of them logged, in the order of their starts."""
        for log in sorted(self._logs.iterdir()):
            yield log.read_bytes()

    def _start(self, place: int) -> _Running:
        log = self._logs / f"{self._starts:05}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603 our own
                self._command, env=dict(self._environment(place, self._starts)), stdout=stream, stderr=stream
            )
        self._starts += 1
        return _Running(process, log, time.monotonic())
