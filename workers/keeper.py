"""Hands out work and keeps house, in one process of the service at a time: whichever worker has the role.

No schedule and no process of its own has to be running for that: every worker is ready to take the role over when its
holder is silent.
"""

import logging
import threading
import time
from collections.abc import Callable

from docproc.bootstrap import Service
from docproc.domain.errors import BrokerError, DocprocError, StorageError
from docproc.observability import event
from docproc.queueing.celery_app import celery_app
from docproc.queueing.celery_broker import CeleryBroker
from docproc.services.dispatching import Round, Turns, ask_for_upkeep, dispatch, send_lost_again
from docproc.services.tidy import tidy

logger = logging.getLogger(__name__)

ROLE = "dispatch"
#: a holder that was silent for this long has lost the role
ROLE_S = 5.0
#: how long to wait for a call before looking at the backlog unasked: while there is some, and when there was none
BUSY_S, IDLE_S = 0.05, 1.0
#: between two rounds while there is a backlog: what becomes due meanwhile is handed out together
PAUSE_S = 0.03
SWEEP_EVERY_S = 1.0
#: how often rows that nobody needs any more are deleted, and how long a silent worker is still shown
TIDY_EVERY_S = 60.0
FORGOTTEN_AFTER_S = 3600.0
#: how often a worker is asked to delete blobs that nobody names
UPKEEP_EVERY_S = 3600.0


class Keeper:
    """A thread that takes the role when it is free, and does its duties while it has it."""

    def __init__(self, service: Service, *, holder: str, on_round: Callable[[], None] = lambda: None) -> None:
        """`on_round` is called whenever the loop comes round."""
        self._on_round = on_round
        self._in_charge = False
        self._service = service
        self._holder = holder
        self._broker = CeleryBroker(celery_app(service.broker_url))
        self._turns = Turns()
        self._ended = threading.Event()
        self._swept = 0.0
        self._tidied = time.monotonic()
        self._kept = time.monotonic() - UPKEEP_EVERY_S / 2
        self._thread = threading.Thread(target=self._keep, name="docproc-keeper", daemon=True)

    @property
    def in_charge(self) -> bool:
        """Has this worker the role?"""
        return self._in_charge

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
            self._on_round()
            try:
                if time.monotonic() - renewed > ROLE_S / 3:
                    if not self._hold_role():
                        self._ended.wait(ROLE_S / 5)
                        continue
                    renewed = time.monotonic()
                busy = self._round().busy
                if busy:
                    self._ended.wait(PAUSE_S)
                alarm.wait(BUSY_S if busy else IDLE_S)
            except DocprocError as error:
                kind = "broker_unreachable" if isinstance(error, BrokerError) else "store_unreachable"
                event(logger, kind, error=error.message)
                self._ended.wait(1.0)
            except Exception as error:  # noqa: BLE001 the loop that a service lives by must not end for one bad round
                event(logger, "keeper_failed", cause=error)
                self._ended.wait(1.0)
        alarm.close()
        self._give_up_role()

    def _hold_role(self) -> bool:
        before, self._in_charge = self._in_charge, False  # also when the question is not answered
        self._in_charge = self._service.work.workers.hold_role(ROLE, self._holder, for_s=ROLE_S)
        if self._in_charge and not before:
            event(logger, "role_taken")
        return self._in_charge

    def _round(self) -> Round:
        work = self._service.work
        if time.monotonic() - self._swept >= SWEEP_EVERY_S:
            self._sweep()
            send_lost_again(work, self._broker)
            self._swept = time.monotonic()
        if time.monotonic() - self._tidied >= TIDY_EVERY_S:
            work.workers.forget(silent_s=FORGOTTEN_AFTER_S)
            work.tenants.forget_old_keys()
            tidy(self._service.stores, self._service.errands)
            if time.monotonic() - self._kept >= UPKEEP_EVERY_S and ask_for_upkeep(work, self._broker):
                self._kept = time.monotonic()
            self._tidied = time.monotonic()
        done = dispatch(work, self._broker, self._turns)
        if done.sent:
            event(logger, "dispatched", tasks=done.sent)
        return done

    def _sweep(self) -> None:
        """What cannot be swept now can be so later, and must not keep the rest from being handed out."""
        try:
            swept = self._service.work.tasks.sweep()
        except StorageError as error:
            event(logger, "store_unreachable", error=error.message)
            return
        if swept.freed or swept.failed:
            event(logger, "leases_swept", freed=swept.freed, given_up=swept.failed)

    def _give_up_role(self) -> None:
        try:
            self._service.work.workers.drop_role(ROLE, self._holder)
        except DocprocError:
            return
