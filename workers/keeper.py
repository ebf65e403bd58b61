"""Hands out work and keeps house, in one process of the service at a time: whichever worker has the role.

No schedule and no process of its own has to be running for that: every worker is ready to take the role over when its
holder is silent.
"""

import logging
import threading
import time

from docproc.bootstrap import Service
from docproc.domain.errors import BrokerError, DocprocError
from docproc.queueing.celery_app import celery_app
from docproc.queueing.celery_broker import CeleryBroker
from docproc.services.dispatching import Turns, dispatch, send_lost_again

logger = logging.getLogger(__name__)

ROLE = "dispatch"
#: a holder that was silent for this long has lost the role
ROLE_S = 5.0
#: how long to wait for a call before looking at the backlog unasked: while there is some, and when there was none
BUSY_S, IDLE_S = 0.05, 1.0
SWEEP_EVERY_S = 1.0


class Keeper:
    """A thread that takes the role when it is free, and does its duties while it has it."""

    def __init__(self, service: Service, *, holder: str) -> None:
        self._service = service
        self._holder = holder
        self._broker = CeleryBroker(celery_app(service.broker_url))
        self._turns = Turns()
        self._ended = threading.Event()
        self._swept = 0.0
        self._thread = threading.Thread(target=self._keep, name="docproc-keeper", daemon=True)

    def __enter__(self) -> "Keeper":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _keep(self) -> None:
        alarm = self._service.open_alarm()
        renewed = 0.0
        while not self._ended.is_set():
            try:
                if time.monotonic() - renewed > ROLE_S / 3:
                    if not self._service.work.workers.hold_role(ROLE, self._holder, for_s=ROLE_S):
                        self._ended.wait(ROLE_S / 5)
                        continue
                    renewed = time.monotonic()
                sent = self._round()
                alarm.wait(BUSY_S if sent else IDLE_S)
            except DocprocError as error:
                kind = "broker_unreachable" if isinstance(error, BrokerError) else "store_unreachable"
                logger.warning("work is not handed out", extra={"action": kind, "error": error.message})
                self._ended.wait(1.0)
        alarm.close()
        self._give_up_role()

    def _round(self) -> int:
        work = self._service.work
        if time.monotonic() - self._swept >= SWEEP_EVERY_S:
            work.tasks.sweep()
            send_lost_again(work, self._broker)
            self._swept = time.monotonic()
        return dispatch(work, self._broker, self._turns)

    def _give_up_role(self) -> None:
        try:
            self._service.work.workers.drop_role(ROLE, self._holder)
        except DocprocError:
            return
