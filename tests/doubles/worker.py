"""Workers as processes of their own, as an operator starts them, that can be killed, stopped and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from doubles.waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent


@dataclass
class WorkerProcess:
    """`python -m workers` in an environment of its own; what it says goes to a file."""

    environment: Mapping[str, str]
    queues: Sequence[str]
    log: Path
    slots: int = 2
    pool: str = "prefork"
    #: modules of readers of one's own are found there
    modules: Sequence[Path] = ()
    #: what the command begins with
    prefix: Sequence[str] = ()
    #: what it ends with
    options: Sequence[str] = ()
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the worker was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        command = [
            *self.prefix,
            *(sys.executable, "-m", "workers", "--queues", ",".join(self.queues)),
            *("--slots", str(self.slots), "--pool", self.pool),
            *self.options,
        ]
        path = os.pathsep.join(map(str, [ROOT, *self.modules]))
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, **self.environment}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=self.log.parent, env=environment
            )

    def children(self) -> list[int]:
        """Processes that it made and that live, the oldest first."""
        with suppress(OSError):
            listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            return sorted(map(int, listed))
        return []

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, *, seconds: float = PATIENCE_S) -> int:
        """Its exit code. Raises TimeoutExpired."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def end(self) -> None:
        """Ask it to end; kill it if it does not."""
        if not self.running:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def running_worker(worker: WorkerProcess) -> Iterator[WorkerProcess]:
    """A worker that is ended with the context."""
    worker.start()
    try:
        yield worker
    finally:
        worker.end()


def kill_process(pid: int) -> None:
    """At once, as the kernel does when memory runs out; one that is gone is left alone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
