"""A program under a supervisor: started, killed, asked to end, started again. Knows not what the program does."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from doubles.worker import kill_process

_END_S = 20.0


class Supervised(Protocol):
    """What is started again when it died."""

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def end(self) -> None: ...


@dataclass
class Program:
    """A command in an environment of its own; what it says goes to a file."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def running(self) -> bool:
        return self.pid is not None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 our own
                self.command, stdout=output, stderr=output, cwd=self.log.parent, env=self.environment
            )

    def kill(self) -> int | None:
        """The id of what was killed; None: it did not run."""
        victim = self.pid
        if victim is not None:
            kill_process(victim)
        return victim

    def ask_to_end(self) -> int | None:
        """As a deployment does, and without waiting for it."""
        victim = self.pid
        if victim is not None and self._process is not None:
            self._process.send_signal(signal.SIGTERM)
        return victim

    def end(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self.ask_to_end() is None or self._process is None:
            return
        try:
            self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
