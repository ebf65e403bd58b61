"""One worker: a Celery consumer of some queues, its signs of life, and its turn at handing out work."""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import docproc
from docproc.bootstrap import Service, open_service
from docproc.cli.exit_codes import ExitCode
from docproc.domain.errors import BrokerError, DocprocError, StorageError, UsageError
from docproc.observability import event
from docproc.queueing.celery_app import celery_app
from docproc.queueing.celery_broker import CeleryBroker
from docproc.services.served_models import ServedModel
from docproc.services.work_records import Worker
from docproc.settings import WorkerSettings, hand_down
from workers.counting_folder import counting_folder
from workers.keeper import Keeper
from workers.probes import Probes, Pulse, Troubles
from workers.process import begin_process

if TYPE_CHECKING:
    from workers.model_host import ModelHost

logger = logging.getLogger(__name__)

#: how often a worker gives a sign of life
HEARTBEAT_S = 3.0


def main() -> None:
    """Run until SIGTERM or SIGINT; what is in flight then is finished or handed back."""
    arguments = _parsed()
    try:
        service = open_service()
        listen = None if arguments.metrics_port is None else (arguments.metrics_host, arguments.metrics_port)
        duties = Duties(
            queues=tuple(arguments.queues.split(",")),
            slots=arguments.slots,
            pool=arguments.pool,
            model=arguments.model,
        )
        run(service, duties, listen=listen)
    except DocprocError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 nothing is set up yet that could say it
        sys.exit(ExitCode.USAGE)


def _parsed() -> Namespace:
    parser = ArgumentParser(prog="workers", description="One docproc worker; `docproc worker --help` says more.")
    parser.add_argument("--queues", required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--pool", choices=("prefork", "threads"), default="prefork")
    parser.add_argument("--model", help="host the model of the setting vlm_model under this name")
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--metrics-host", default="127.0.0.1")
    return parser.parse_args()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What a worker is there for."""

    queues: tuple[str, ...]
    #: tasks at the same time
    slots: int
    pool: str
    #: what the model is called that it hosts, if it does
    model: str | None = None


def run(service: Service, duties: Duties, *, listen: tuple[str, int] | None = None) -> None:
    """Work until told to stop; `listen` says where probes are answered.

    Raises StorageError, ReaderUnavailableError when the model does not fit, or UsageError when it cannot be used or
    nothing can listen there.
    """
    host = _host(service, duties)
    worker = Worker(
        # containers often have the same process id again, and under the same host name
        id=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
        host=socket.gethostname(),
        pid=os.getpid(),
        version=docproc.__version__,
        queues=duties.queues,
        slots=duties.slots,
    )
    with ExitStack() as ended:
        folder = None if listen is None else ended.enter_context(counting_folder())
        # the processes that Celery makes learn from their environment whose they are
        threads = duties.slots if duties.pool == "threads" else 1
        hand_down(WorkerSettings(id=worker.id, threads=threads, metrics_dir=str(folder or "")))
        begin_process()
        pulse = Pulse()
        model = None if host is None else host.served
        presence = Presence(service, worker, model=model, on_round=lambda: pulse.beat("presence"))
        keeper = Keeper(service, holder=worker.id, on_round=lambda: pulse.beat("keeper"))
        if listen is not None and folder is not None:
            ended.enter_context(_probes(service, listen, folder, pulse=pulse, presence=presence, keeper=keeper))
        event(
            logger,
            "worker_started",
            queues=duties.queues,
            slots=duties.slots,
            pool=duties.pool,
            model=duties.model,
            version=worker.version,
        )
        with presence, keeper:
            if host is not None:
                signal.signal(signal.SIGTERM, _leave)  # Celery's own is not there yet, and there is nothing to finish
                ended.enter_context(host.loaded())
            presence.loaded()
            _consume(worker, pool=duties.pool, presence=presence)
        event(logger, "worker_ended")


def _host(service: Service, duties: Duties) -> "ModelHost | None":
    if duties.model is None:
        return None
    if duties.pool != "threads":
        raise UsageError("a model is hosted by a pool of threads: processes would each load it")
    from workers.model_host import ModelHost  # noqa: PLC0415 torch takes seconds to import

    return ModelHost(duties.model, service.settings)


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _probes(
    service: Service, listen: tuple[str, int], folder: Path, *, pulse: Pulse, presence: "Presence", keeper: Keeper
) -> Probes:
    from workers.metrics import LookSeldom, exposition  # noqa: PLC0415 after the environment is complete
    from workers.model_host import HOSTED  # noqa: PLC0415

    look = LookSeldom(service, in_charge=lambda: keeper.in_charge)
    broker = CeleryBroker(celery_app(service.broker_url))
    try:
        return Probes(
            listen,
            metrics=lambda: exposition(folder, look, models=HOSTED),
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

    LOADING = "loading"
    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class Presence:
    """The signs of life of a worker, from a thread of its own."""

    def __init__(
        self,
        service: Service,
        worker: Worker,
        *,
        model: ServedModel | None = None,
        on_round: Callable[[], None] = lambda: None,
        every_s: float = HEARTBEAT_S,
    ) -> None:
        """`on_round` is called whenever the loop comes round; a worker with a `model` serves nothing until `loaded`."""
        self._every_s = every_s
        self.stage = Stage.STARTING if model is None else Stage.LOADING
        self._on_round = on_round
        self._workers = service.work.workers
        self._models = service.work.models
        self._worker = worker
        self._model = model
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="docproc-presence", daemon=True)

    def __enter__(self) -> "Presence":
        self._announce()
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

    def loaded(self) -> None:
        """Its model is there, if it has one: from now on work may be handed out to it."""
        if self.stage is Stage.LOADING:
            self.stage = Stage.STARTING
            self._try(self._announce)

    def serve(self) -> None:
        """It takes work from now on."""
        self.stage = Stage.SERVING

    def drain(self) -> None:
        """Say that this worker takes nothing more: its processes then leave what they can leave."""
        self.stage = Stage.DRAINING
        event(logger, "worker_draining")
        self._try(self._say_that_it_drains)

    def _beat(self) -> None:
        while not self._ended.wait(self._every_s):
            self._on_round()
            self._try(self._announce)
            if self.stage is Stage.DRAINING:  # the database may have been away when it was said first
                self._try(self._say_that_it_drains)

    def _say_that_it_drains(self) -> None:
        self._workers.drain(self._worker.id)

    def _announce(self) -> None:
        if self._model is not None:
            self._models.announce(self._model)
        serves_yet = self.stage is not Stage.LOADING
        self._workers.announce(self._worker if serves_yet else replace(self._worker, queues=()))

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StorageError as error:
            event(logger, "presence_failed", error=error.message)
        except Exception as error:  # noqa: BLE001 a worker without signs of life is given nothing
            event(logger, "presence_failed", error=type(error).__name__)
