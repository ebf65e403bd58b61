"""One worker: a Celery consumer of some queues, its signs of life, and its turn at handing out work."""

import logging
import os
import socket
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

import docproc
from docproc.bootstrap import Service, open_service
from docproc.cli.exit_codes import ExitCode
from docproc.domain.errors import DocprocError, StorageError
from docproc.services.work_records import Worker
from docproc.settings import WorkerSettings, hand_down
from workers.keeper import Keeper

logger = logging.getLogger(__name__)

#: how often a worker gives a sign of life
HEARTBEAT_S = 3.0


def main() -> None:
    """Run until SIGTERM or SIGINT; what is in flight then is finished or handed back."""
    arguments = _parsed()
    try:
        service = open_service()
        run(service, queues=tuple(arguments.queues.split(",")), slots=arguments.slots, pool=arguments.pool)
    except DocprocError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 nothing is set up yet that could say it
        sys.exit(ExitCode.USAGE)


def _parsed() -> Namespace:
    parser = ArgumentParser(prog="workers", description="One docproc worker; `docproc worker --help` says more.")
    parser.add_argument("--queues", required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--pool", choices=("prefork", "threads"), default="prefork")
    return parser.parse_args()


def run(service: Service, *, queues: tuple[str, ...], slots: int, pool: str) -> None:
    """Serve `queues` with as many tasks at a time as `slots`."""
    worker = Worker(
        id=f"{socket.gethostname()}-{os.getpid()}",
        host=socket.gethostname(),
        pid=os.getpid(),
        version=docproc.__version__,
        queues=queues,
        slots=slots,
    )
    # the processes that Celery makes learn from their environment whose they are
    hand_down(WorkerSettings(id=worker.id, threads=slots if pool == "threads" else 1))
    presence = Presence(service, worker)
    keeper = Keeper(service, holder=worker.id)
    with presence, keeper:
        _consume(worker, pool=pool, presence=presence)


def _consume(worker: Worker, *, pool: str, presence: "Presence") -> None:
    from celery import signals  # noqa: PLC0415 after the environment is complete

    from workers.app import app  # noqa: PLC0415

    def drain(**_: object) -> None:
        presence.drain()

    signals.worker_shutting_down.connect(drain, weak=False)
    consumer = app.Worker(
        queues=list(worker.queues),
        pool=pool,
        concurrency=worker.slots,
        hostname=f"docproc@{worker.id}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
    )
    consumer.start()


class Presence:
    """The signs of life of a worker, from a thread of its own."""

    def __init__(self, service: Service, worker: Worker) -> None:
        self._workers = service.work.workers
        self._worker = worker
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="docproc-presence", daemon=True)

    def __enter__(self) -> "Presence":
        self._workers.announce(self._worker)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._try(lambda: self._workers.leave(self._worker.id))

    def drain(self) -> None:
        """Say that this worker takes nothing more: its processes then leave what they can leave."""
        self._try(lambda: self._workers.drain(self._worker.id))

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            self._try(lambda: self._workers.announce(self._worker))

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StorageError as error:
            logger.warning("no sign of life", extra={"action": "presence_failed", "error": error.message})
