"""Workers and the face before them, under a supervisor that starts again what died. Knows nothing of why they die."""

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from doubles.worker import WorkerProcess

from chaos.face import Face
from chaos.processes import Supervised

_LOOK_EVERY_S = 0.5
#: Debian's package faketime
_FAKE_TIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_EVERY = ("prepare", "read.cpu", "read.quick", "assemble", "export", "deliver")


class Crew:
    """Some workers, replicas of the API and a receiver of webhooks, that are kept running."""

    def __init__(self, workers: Sequence[WorkerProcess], face: Face) -> None:
        self.workers = list(workers)
        self.face = face
        #: how often one was started again
        self.restarts = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._supervise, daemon=True)

    def start(self) -> None:
        for each in self._all:
            each.start()
        self._thread.start()

    def end(self) -> None:
        """Ask each to end, as on a deployment."""
        self._ended.set()
        self._thread.join()
        for each in self._all:
            each.end()

    @property
    def _all(self) -> Sequence[Supervised]:
        return [*self.face.replicas, *self.workers, self.face.receiver]

    def of_pid(self, pid: int) -> WorkerProcess | None:
        return next((worker for worker in self.workers if worker.running and worker.pid == pid), None)

    def _supervise(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            for each in self._all:
                if not each.running:
                    each.start()
                    self.restarts += 1


@contextmanager
def running_crew(environment: Mapping[str, str], folder: Path, *, face: Face, clock_off_s: int) -> Iterator[Crew]:
    """Four workers: two of pages' preparation and all else, two of reading; one has its clock off."""
    module = Path(__file__).parent

    def worker(name: str, queues: Sequence[str], *, pool: str = "prefork", **besides: str) -> WorkerProcess:
        return WorkerProcess(
            environment={**environment, **besides},
            queues=queues,
            log=folder / f"worker-{name}.log",
            pool=pool,
            modules=(module,),
        )

    crew = Crew(
        [
            worker("cpu", _EVERY[:2] + _EVERY[3:]),
            worker("read", ("read.quick",)),
            worker("threads", ("read.quick",), pool="threads"),
            worker("clock", _EVERY, **_off(clock_off_s, folder)),
        ],
        face,
    )
    crew.start()
    try:
        yield crew
    finally:
        crew.end()


def clock_can_be_off() -> bool:
    """Is libfaketime installed, and a compiler for what it needs besides?"""
    return _FAKE_TIME.exists() and shutil.which("cc") is not None


def _off(seconds: int, folder: Path) -> dict[str, str]:
    if not clock_can_be_off():
        return {}
    sleep_right = folder / "sleep_right.so"
    source = Path(__file__).with_name("sleep_right.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(sleep_right), str(source)], check=True)  # noqa: S603, S607
    return {
        "LD_PRELOAD": f"{sleep_right}:{_FAKE_TIME}",
        "FAKETIME": f"{seconds:+d}s",
        # what measures time that passes stays right, as on a machine whose clock is wrong
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
