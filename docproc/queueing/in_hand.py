"""What one worker process has in hand: its leases renewed, and let go when they no longer stand. Knows no step."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from docproc.domain.errors import LeaseLostError, StorageError
from docproc.observability import event
from docproc.services.work_on import Checkpoint, LeaveWork
from docproc.services.work_ports import LeaseStore
from docproc.services.work_records import Held

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """How long leases last and how often a process looks after them."""

    lease_s: float = 30.0
    #: soon enough that a slot whose work was canceled is free within a second
    look_every_s: float = 0.4
    #: what does not come to a checkpoint is handed back all the same once its worker is leaving for so long
    grace_s: float = 1.0
    #: what comes to no checkpoint for so long hangs, and is no longer renewed
    longest_s: float = 3600.0

    @property
    def extend_every_s(self) -> float:
        return self.lease_s / 4


def new_owner() -> str:
    """A name that no other process has, now or later."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


@dataclass(eq=False, slots=True)
class _Holding:
    #: None: there is no lease, only work that can be asked to stop
    held: Held | None
    lost: threading.Event = field(default_factory=threading.Event)
    #: when it began, or came to its last checkpoint
    seen_at: float = field(default_factory=time.monotonic)
    hangs: bool = False


class LeasesInHand:
    """The leases of this process; a thread looks after them while there are any."""

    def __init__(
        self,
        leases: LeaseStore,
        *,
        is_leaving: Callable[[], bool] = lambda: False,
        on_hang: Callable[[], None] = lambda: None,
        beat: Beat,
    ) -> None:
        """`on_hang` is called when something in hand hangs; it may end the process."""
        self._on_hang = on_hang
        self.owner = new_owner()
        self._leases = leases
        self._is_leaving = is_leaving
        self._leaving = threading.Event()
        self._left_at: float | None = None
        self._beat = beat
        self._holdings: set[_Holding] = set()
        self._change = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def lease_s(self) -> float:
        return self._beat.lease_s

    @contextmanager
    def holding(self, held: Held | None) -> Iterator[Checkpoint]:
        holding = _Holding(held)
        with self._change:
            self._holdings.add(holding)
            self._begin()
            self._change.notify()

        def checkpoint() -> None:
            holding.seen_at = time.monotonic()
            if holding.lost.is_set():
                raise LeaseLostError
            if self._leaving.is_set():
                raise LeaveWork

        try:
            yield checkpoint
        finally:
            with self._change:
                self._holdings.discard(holding)

    def close(self) -> None:
        """End the thread; leases that are still held expire by themselves."""
        with self._change:
            self._closed = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_after, name="docproc-leases", daemon=True)
            self._thread.start()

    def _look_after(self) -> None:
        extended = time.monotonic()
        while True:
            with self._change:
                if not self._holdings and not self._closed:
                    self._change.wait()
                    extended = time.monotonic()  # what was just leased lasts its full time
                self._change.wait_for(lambda: self._closed, timeout=self._beat.look_every_s)
                if self._closed:
                    return
                before = frozenset(self._holdings)
            try:
                self._give_up_hanging(before)
                if time.monotonic() - extended >= self._beat.extend_every_s:
                    moving = {each.held for each in before if each.held and not each.hangs}
                    self._leases.extend(self.owner, moving, lease_s=self._beat.lease_s)
                    extended = time.monotonic()
                self._look(before)
            except StorageError as exc:
                event(logger, "leases_not_renewed", error=exc.message)
            except Exception as exc:  # noqa: BLE001 without this thread every lease of the process would expire
                event(logger, "leases_not_renewed", error=type(exc).__name__)

    def _give_up_hanging(self, holdings: frozenset[_Holding]) -> None:
        """A thread cannot be ended, but its lease can: the work is done elsewhere, and three times is enough."""
        for holding in holdings:
            if not holding.hangs and time.monotonic() - holding.seen_at >= self._beat.longest_s:
                holding.hangs = True
                holding.lost.set()
                held = holding.held
                document_id, page = (str(held.id), held.first_page) if held else (None, None)
                event(logger, "task_hangs", document_id=document_id, page=page)
                self._on_hang()

    def _look(self, holdings: frozenset[_Holding]) -> None:
        standing = self._leases.standing(self.owner)
        for holding in holdings:
            if holding.held and holding.held not in standing:
                holding.lost.set()
        if self._left_at is None and self._is_leaving():
            self._left_at = time.monotonic()
            self._leaving.set()
        if self._left_at is not None and time.monotonic() - self._left_at >= self._beat.grace_s:
            # whoever is still at work finds out at the end: what it writes is refused
            self._leases.let_go(self.owner)
