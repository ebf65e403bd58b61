"""Workers and the face before them, under a supervisor that starts again what died. Knows nothing of why they die."""

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from doubles.worker import WorkerProcess

from chaos.face import Face
from chaos.processes import Supervised

_LOOK_EVERY_S = 0.5
#: pages that share a model's passes, and tokens before each record: long enough that a kill meets pages being read
_ROWS, _THINKING = 4, 60
#: Debian's package faketime
_FAKE_TIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_CPU = ("prepare", "read.cpu", "assemble")
_QUICK = "read.quick"
_ERRANDS = ("export", "deliver")


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
def running_crew(
    environment: Mapping[str, str], folder: Path, *, face: Face, clock_off_s: int, model: Path | None = None
) -> Iterator[Crew]:
    """Four workers: two of pages' preparation and all else, two of reading; one has its clock off.

    With a `model` those two host it as `vlm`, and nobody else reads for it.
    """
    module = Path(__file__).parent

    def worker(name: str, queues: Sequence[str], *, pool: str = "prefork", **besides: str) -> WorkerProcess:
        return WorkerProcess(
            environment={**environment, **besides},
            queues=queues,
            log=folder / f"worker-{name}.log",
            pool=pool,
            modules=(module,),
        )

    def host(name: str, model: Path) -> WorkerProcess:
        besides = {
            "DOCPROC_VLM_MODEL": str(model),
            "DOCPROC_VLM_THINKING_TOKENS": str(_THINKING),
            "OMP_NUM_THREADS": "1",
        }
        hosting = worker(name, ("read.vlm",), pool="threads", **besides)
        return replace(hosting, slots=_ROWS, options=("--model", "vlm"))

    if model is None:
        readers = [worker("read", (_QUICK,)), worker("threads", (_QUICK,), pool="threads")]
        clock = worker("clock", (*_CPU, _QUICK, *_ERRANDS), **_off(clock_off_s, folder))
    else:
        readers = [host("model", model), host("other-model", model)]
        clock = worker("clock", (*_CPU, *_ERRANDS), **_off(clock_off_s, folder))
    crew = Crew([worker("cpu", (*_CPU, *_ERRANDS)), *readers, clock], face)
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
