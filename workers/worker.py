"""One worker: a Celery consumer of some queues, its signs of life, and its turn at handing out work."""

import logging
import os
import secrets
import socket
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path

import docproc
from docproc.bootstrap import Service, open_service
from docproc.cli.exit_codes import ExitCode
from docproc.domain.errors import BrokerError, DocprocError, StorageError, UsageError
from docproc.observability import event
from docproc.queueing.celery_app import celery_app
from docproc.queueing.celery_broker import CeleryBroker
from docproc.services.work_records import Worker
from docproc.settings import WorkerSettings, hand_down
from workers.counting_folder import counting_folder
from workers.keeper import Keeper
from workers.probes import Probes, Pulse, Troubles
from workers.process import begin_process

logger = logging.getLogger(__name__)

#: how often a worker gives a sign of life
HEARTBEAT_S = 3.0


def main() -> None:
    """Run until SIGTERM or SIGINT; what is in flight then is finished or handed back."""
    arguments = _parsed()
    try:
        service = open_service()
        listen = None if arguments.metrics_port is None else (arguments.metrics_host, arguments.metrics_port)
        queues = tuple(arguments.queues.split(","))
        run(service, queues=queues, slots=arguments.slots, pool=arguments.pool, listen=listen)
    except DocprocError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 nothing is set up yet that could say it
        sys.exit(ExitCode.USAGE)


def _parsed() -> Namespace:
    parser = ArgumentParser(prog="workers", description="One docproc worker; `docproc worker --help` says more.")
    parser.add_argument("--queues", required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--pool", choices=("prefork", "threads"), default="prefork")
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--metrics-host", default="127.0.0.1")
    return parser.parse_args()


def run(
    service: Service, *, queues: tuple[str, ...], slots: int, pool: str, listen: tuple[str, int] | None = None
) -> None:
    """Serve `queues` with as many tasks at a time as `slots`; `listen` says where probes are answered.

    Raises StorageError, or UsageError when nothing can listen there.
    """
    worker = Worker(
        # containers often have the same process id again, and under the same host name
        id=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
        host=socket.gethostname(),
        pid=os.getpid(),
        version=docproc.__version__,
        queues=queues,
        slots=slots,
    )
    with ExitStack() as ended:
        folder = None if listen is None else ended.enter_context(counting_folder())
        # the processes that Celery makes learn from their environment whose they are
        threads = slots if pool == "threads" else 1
        hand_down(WorkerSettings(id=worker.id, threads=threads, metrics_dir=str(folder or "")))
        begin_process()
        pulse = Pulse()
        presence = Presence(service, worker, on_round=lambda: pulse.beat("presence"))
        keeper = Keeper(service, holder=worker.id, on_round=lambda: pulse.beat("keeper"))
        if listen is not None and folder is not None:
            ended.enter_context(_probes(service, listen, folder, pulse=pulse, presence=presence, keeper=keeper))
        event(logger, "worker_started", queues=queues, slots=slots, pool=pool, version=worker.version)
        with presence, keeper:
            _consume(worker, pool=pool, presence=presence)
        event(logger, "worker_ended")


def _probes(
    service: Service, listen: tuple[str, int], folder: Path, *, pulse: Pulse, presence: "Presence", keeper: Keeper
) -> Probes:
    from workers.metrics import LookSeldom, exposition  # noqa: PLC0415 after the environment is complete

    look = LookSeldom(service, in_charge=lambda: keeper.in_charge)
    broker = CeleryBroker(celery_app(service.broker_url))
    try:
        return Probes(
            listen,
            metrics=lambda: exposition(folder, look),
            health=pulse.troubles,
            ready=lambda: _not_ready(service, broker, presence),
        )
    except OSError as exc:
        raise UsageError(f"--metrics-port: {listen[0]}:{listen[1]}: {exc.strerror}") from exc


def _not_ready(service: Service, broker: CeleryBroker, presence: "Presence") -> Troubles:
    """Why this worker takes no work now."""
    troubles = {} if presence.stage is Stage.SERVING else {"worker": presence.stage.value}
    try:
        service.census.now()
    except StorageError as error:
        troubles["database"] = error.message
    try:
        broker.waiting(presence.queue)
    except BrokerError as error:
        troubles["broker"] = error.message
    return troubles


def _consume(worker: Worker, *, pool: str, presence: "Presence") -> None:
    from celery import signals  # noqa: PLC0415 after the environment is complete

    from workers.app import app  # noqa: PLC0415

    def drain(**_: object) -> None:
        presence.drain()

    def serve(**_: object) -> None:
        presence.serve()

    signals.worker_shutting_down.connect(drain, weak=False)
    signals.worker_ready.connect(serve, weak=False)
    consumer = app.Worker(
        queues=list(worker.queues),
        pool=pool,
        concurrency=worker.slots,
        hostname=f"docproc@{worker.id}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        loglevel="WARNING",
    )
    consumer.start()


class Stage(StrEnum):
    """How far a worker has come."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class Presence:
    """The signs of life of a worker, from a thread of its own."""

    def __init__(self, service: Service, worker: Worker, *, on_round: Callable[[], None] = lambda: None) -> None:
        """`on_round` is called whenever the loop comes round."""
        self.stage = Stage.STARTING
        self._on_round = on_round
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

    @property
    def queue(self) -> str:
        """One that it serves."""
        return self._worker.queues[0]

    def serve(self) -> None:
        """It takes work from now on."""
        self.stage = Stage.SERVING

    def drain(self) -> None:
        """Say that this worker takes nothing more: its processes then leave what they can leave."""
        self.stage = Stage.DRAINING
        event(logger, "worker_draining")
        self._try(lambda: self._workers.drain(self._worker.id))

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            self._on_round()
            self._try(lambda: self._workers.announce(self._worker))

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StorageError as error:
            event(logger, "presence_failed", error=error.message)
        except Exception as error:  # noqa: BLE001 a worker without signs of life is given nothing
            event(logger, "presence_failed", error=type(error).__name__)
