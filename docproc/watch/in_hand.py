"""The entries that one watcher holds: renewed together, and given up when they are no longer its own. Knows no step."""

import logging
import threading
import time
from uuid import UUID

from docproc.domain.errors import LeaseLostError, StorageError
from docproc.observability import event
from docproc.services.ledger_ports import Ledger
from docproc.services.ledger_records import Entry

logger = logging.getLogger(__name__)

#: of a lease, after which it is too late for what cannot be taken back: another watcher may be about to begin
_TOO_LATE = 0.7


class InHand:
    """Thread-safe; a thread renews the leases until the watcher ends."""

    def __init__(self, ledger: Ledger, *, owner: str, lease_s: float) -> None:
        self.owner = owner
        self.lease_s = lease_s
        self._ledger = ledger
        self._lock = threading.Lock()
        self._entries: dict[UUID, Entry] = {}
        #: when each lease was last known to stand
        self._stood_at: dict[UUID, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="docproc-ledger", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry, *, claimed_at: float) -> None:
        """`claimed_at`: by `now`, before the ledger was asked."""
        with self._lock:
            self._entries[entry.id] = entry
            self._stood_at[entry.id] = claimed_at

    def change(self, entry: Entry) -> None:
        with self._lock:
            if self._is_held(entry):
                self._entries[entry.id] = entry

    def drop(self, entry: Entry) -> None:
        """This attempt at it: a later one, of which this watcher may have got hold meanwhile, stays."""
        with self._lock:
            if self._is_held(entry):
                del self._entries[entry.id], self._stood_at[entry.id]

    def holds(self, entry_id: UUID | None) -> bool:
        return entry_id in self._entries

    def submitted(self) -> dict[UUID, Entry]:
        """By job, the entries that wait for their job."""
        with self._lock:
            return {each.job_id: each for each in self._entries.values() if each.job_id is not None}

    def require(self, entry: Entry) -> None:
        """Before what cannot be taken back. Raises LeaseLostError."""
        with self._lock:
            stands = self._is_held(entry) and now() - self._stood_at[entry.id] <= _TOO_LATE * self.lease_s
        if not stands:
            raise LeaseLostError

    def _is_held(self, entry: Entry) -> bool:
        held = self._entries.get(entry.id)
        return held is not None and held.attempt == entry.attempt

    def end(self) -> None:
        """Hand everything back."""
        self._ended.set()
        self._thread.join()
        with self._lock:
            ids = list(self._entries)
            self._entries.clear()
        try:
            self._ledger.release(self.owner, ids)
        except StorageError as exc:  # the leases expire by themselves
            event(logger, "leases_not_renewed", error=type(exc).__name__)

    def _beat(self) -> None:
        while not self._ended.wait(self.lease_s / 4):
            with self._lock:
                held = dict(self._entries)
            if not held:
                continue
            asked_at = now()
            try:
                standing = self._ledger.extend(self.owner, held, lease_s=self.lease_s)
            except StorageError as exc:
                event(logger, "leases_not_renewed", error=type(exc).__name__)
                continue
            with self._lock:
                for entry_id in standing & self._stood_at.keys():
                    self._stood_at[entry_id] = asked_at
            for entry_id in held.keys() - standing:
                self.drop(held[entry_id])


def now() -> float:
    """Seconds that grow also while the machine sleeps, for others do not sleep with it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
