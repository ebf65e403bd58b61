"""The loop of a watcher: look, let settle, claim, hand to the steps, and see each entry to its end. Knows no folder.

One thread looks and decides; a few carry out the steps. What is in hand is bounded, and what waits lies in the place or
in the ledger: neither a burst nor an outage makes the watcher grow.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from docproc.domain.errors import ChangedError, DocprocError, LeaseLostError, RefusedError, StorageError
from docproc.observability import event
from docproc.queueing.local import StopSignal
from docproc.services.ledger_records import Entry, EntryState, Sighting, Trouble
from docproc.watch.backoff import delay_s, trouble_of, where_of
from docproc.watch.in_hand import InHand, now
from docproc.watch.news import News
from docproc.watch.ports import PlaceGoneError, TroubleAtError, UnsettledError, VanishedError
from docproc.watch.settling import Settling
from docproc.watch.steps import Steps, TwinError

if TYPE_CHECKING:
    from uuid import UUID

logger = logging.getLogger(__name__)

#: sightings, or files of entries, asked for at once
_BATCH = 200
#: between looks for a place that is gone
_GONE_LOOK_S = 5.0
#: files that wait to be taken, for each that may be in hand
_REMEMBERED = 64
#: of the time goes into looks while more waits than can be taken: what they find would wait as well
_LOOKS_SHARE = 0.1
#: of the first delay; a file is hashed anew each time
_LONGEST_WAIT_FOR_TWIN = 16
#: tries that a run which is to end waits for
_PATIENT_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPace:
    """How long things take and how much is in hand."""

    settle_s: float = 5.0
    rescan_s: float = 30.0
    #: how long entries of a watcher that died stay with it
    lease_s: float = 30.0
    #: entries on their way at the same time
    in_hand: int = 64
    #: how many of them are taken or delivered at the same time
    threads: int = 4
    #: between looks for finished jobs
    look_every_s: float = 0.1
    #: between looks for what others left
    due_every_s: float = 1.0
    retry_first_s: float = 1.0


class Tally:
    """What one watcher did and how it is; told from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ended: Counter[EntryState] = Counter()
        self.put_off: Counter[Trouble] = Counter()
        #: documents without a record, also of files of which others have one
        self.failed_documents = 0
        self.in_hand = 0
        self.place_is_there = True

    def count_end(self, state: EntryState) -> None:
        with self._lock:
            self.ended[state] += 1

    def count_failed(self, documents: int) -> None:
        with self._lock:
            self.failed_documents += documents

    def count_trouble(self, trouble: Trouble) -> None:
        with self._lock:
            self.put_off[trouble] += 1


class Watcher:
    """Watches one place until told to stop, or once."""

    def __init__(
        self, steps: Steps, *, owner: str, dead: Callable[[frozenset[str]], frozenset[str]], news: News, pace: WatchPace
    ) -> None:
        self._steps = steps
        self._place, self._ledger = steps.place, steps.ledger
        self._dead = dead
        self._news = news
        self._pace = pace
        self._in_hand = InHand(self._ledger, owner=owner, lease_s=pace.lease_s)
        self._settling = Settling(pace.settle_s, most=_REMEMBERED * pace.in_hand)
        self._pool = ThreadPoolExecutor(max_workers=pace.threads, thread_name_prefix="docproc-watch")
        #: attempts at entries that a thread is at
        self._busy: set[tuple[UUID, int]] = set()
        self.tally = Tally()
        self._looked_at = self._asked_at = float("-inf")
        self._look_took_s = 0.0
        #: the file system told of more than can be named
        self._lost_count = False
        self._wait_until = float("-inf")
        self._found_nothing = False

    def run(self, stop: StopSignal, *, once: bool = False) -> Tally:
        """Until `stop` says so, or, with `once`, until nothing is left to take or to wait for."""
        event(logger, "watch_started", once=once)
        try:
            while not stop.finishing and not (once and self._is_idle()):
                try:
                    self._round(once=once)
                except StorageError as exc:
                    event(logger, "store_unreachable", error=type(exc).__name__)
                    self._news.wait(self._pace.retry_first_s)
                except Exception as exc:  # noqa: BLE001 the watch loop: it must go on
                    event(logger, "watch_failed", cause=exc)
                    self._news.wait(self._pace.retry_first_s)
        finally:
            self._news.end()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._in_hand.end()
            event(logger, "watch_ended", done=self.tally.ended[EntryState.DONE])
        return self.tally

    def _round(self, *, once: bool) -> None:
        changed = self._news.wait(self._pause_s())
        self._look(changed, once=once)
        self._claim()
        self._take_over()
        self._deliver()
        self.tally.in_hand = len(self._in_hand)

    def _pause_s(self) -> float:
        if self._busy or self._in_hand.submitted():
            return self._pace.look_every_s
        settles_in_s = self._settling.next_in_s(now())
        return min(self._pace.due_every_s, self._pace.due_every_s if settles_in_s is None else max(0.02, settles_in_s))

    def _is_idle(self) -> bool:
        """Nothing is in hand, and a look at everything since then found nothing to take."""
        return self._found_nothing and not self._in_hand and now() > self._wait_until

    def _look(self, changed: frozenset[str] | None, *, once: bool) -> None:
        self._lost_count |= changed is None
        try:
            if self._is_look_due(once=once):
                self._look_at_everything()
            elif changed:
                self._look_at(changed)
        except PlaceGoneError as exc:
            self._lose_place(exc)

    def _is_look_due(self, *, once: bool) -> bool:
        since_s, rescan_s = now() - self._looked_at, self._pace.rescan_s
        if not self.tally.place_is_there:
            return since_s >= min(rescan_s, _GONE_LOOK_S)
        if not self._settling.has_room:
            return since_s >= max(rescan_s, self._look_took_s / _LOOKS_SHARE)
        if once and not self._in_hand and not self._settling:  # is this the end?
            rescan_s = min(rescan_s, self._pace.due_every_s)
        return self._settling.overflowed or self._lost_count or since_s >= rescan_s

    def _lose_place(self, error: PlaceGoneError) -> None:
        self._looked_at = now()
        if self.tally.place_is_there:
            self.tally.place_is_there = False
            kind, trouble = type(error).__name__, trouble_of(error)
            event(logger, "watch_place_gone", error=kind, trouble=trouble.value, where=where_of(error))

    def _look_at_everything(self) -> None:
        self._news.listen()
        self._place.require()
        if not self.tally.place_is_there:
            self.tally.place_is_there = True
            self._news.listen_anew()
            event(logger, "watch_place_back")
        self._looked_at = now()
        self._settling.overflowed = self._lost_count = False
        seen: set[str] = set()
        batch: list[Sighting] = []
        for sighting in self._place.look():
            batch.append(sighting)
            if len(batch) >= _BATCH:
                seen |= self._note(batch)
                batch = []
        seen |= self._note(batch)
        self._settling.keep_only(seen)
        self._found_nothing = not self._settling
        self._look_behind()
        self._look_took_s = now() - self._looked_at

    def _note(self, batch: list[Sighting]) -> set[str]:
        """Let those settle that nobody has an entry for; the paths of those that do."""
        for sighting in self._ledger.unknown(batch) if batch else ():
            self._settling.see(sighting, now())
        return {each.path for each in batch if each.path in self._settling}

    def _look_at(self, paths: frozenset[str]) -> None:
        left = iter(paths)
        while some := list(islice(left, _BATCH)):
            found = {path: self._place.look_again(path) for path in some}
            for path, sighting in found.items():
                if sighting is None:
                    self._settling.forget(path)
            self._note([sighting for sighting in found.values() if sighting is not None])

    def _look_behind(self) -> None:
        """What was taken out of the place, and whose entry says that it was gone, is there after all."""
        left, unknown = self._place.left_behind(), 0
        while batch := list(islice(left, _BATCH)):
            states = self._ledger.states(batch)
            unknown += len(batch) - len(states)
            gone = [entry_id for entry_id, state in states.items() if state is EntryState.GONE]
            if gone:
                self._ledger.reopen(gone)
        if unknown:
            event(logger, "watch_left_behind", files=unknown)

    @property
    def _room(self) -> int:
        return self._pace.in_hand - len(self._in_hand)

    def _claim(self) -> None:
        still = []
        try:
            for sighting in self._settling.settled(now(), limit=max(0, self._room)):
                again = self._place.look_again(sighting.path)
                if again == sighting:
                    still.append(sighting)
                elif again is None:
                    self._settling.forget(sighting.path)
                else:
                    self._settling.see(again, now())
        except PlaceGoneError as exc:
            self._lose_place(exc)
            self._settling.keep_only(())  # nothing is asked for until a look has found it again
            return
        if still:
            claimed_at = now()
            claimed = self._claimed(still)
            for sighting in still:  # also what another watcher has
                self._settling.forget(sighting.path)
            for entry in claimed:
                self._in_hand.add(entry, claimed_at=claimed_at)
                self._start(self._take, entry)

    def _claimed(self, still: Sequence[Sighting]) -> Sequence[Entry]:
        try:
            return self._ledger.claim_new(still, owner=self._in_hand.owner, lease_s=self._pace.lease_s)
        except RefusedError as exc:
            if len(still) == 1:
                event(logger, "file_refused", error=type(exc).__name__)
                return []
        # one by one, so that no file keeps others from being taken
        return [entry for each in still for entry in self._claimed([each])]

    def _take_over(self) -> None:
        """What others left, and what was put off."""
        if now() - self._asked_at < self._pace.due_every_s or self._room <= 0:
            return
        self._asked_at = now()
        self._ledger.void(self._dead(self._ledger.owners()))
        claimed_at = now()
        entries = self._ledger.claim_due(owner=self._in_hand.owner, lease_s=self._pace.lease_s, limit=self._room)
        for entry in entries:
            self._in_hand.add(entry, claimed_at=claimed_at)
            self._start(self._take if entry.state is EntryState.CLAIMED else self._steps.work_on, entry)

    def _deliver(self) -> None:
        submitted = {job_id: each for job_id, each in self._in_hand.submitted().items() if not self._is_busy(each)}
        for job_id in self._steps.jobs.finished(submitted) if submitted else ():
            self._start(self._hand_out, submitted[job_id])

    def _is_busy(self, entry: Entry) -> bool:
        return (entry.id, entry.attempt) in self._busy

    def _start(self, step: Callable[[Entry], None], entry: Entry) -> None:
        self._found_nothing = False
        self._busy.add((entry.id, entry.attempt))
        self._pool.submit(self._carefully, step, entry)

    def _take(self, entry: Entry) -> None:
        taken = self._steps.take(entry, lambda: self._in_hand.require(entry))
        if isinstance(taken, Entry):
            self._in_hand.change(taken)
        else:
            self._ended(entry, taken)

    def _hand_out(self, entry: Entry) -> None:
        delivered = self._steps.deliver(entry, lambda: self._in_hand.require(entry))
        self.tally.count_failed(delivered.failed_documents)
        self._ended(entry, delivered.state)

    def _ended(self, entry: Entry, state: EntryState) -> None:
        self.tally.count_end(state)
        self._in_hand.drop(entry)

    def _carefully(self, step: Callable[[Entry], None], entry: Entry) -> None:
        """A step with everything that may go wrong with it: what is not at its end is tried again."""
        try:
            step(entry)
        except LeaseLostError:
            self._in_hand.drop(entry)
            event(logger, "lease_lost", entry_id=str(entry.id))
        except VanishedError:
            self._end_gone(entry)
        except TwinError as exc:
            after_s = min(self._delay_s(entry), _LONGEST_WAIT_FOR_TWIN * self._pace.retry_first_s)
            self._put_off(entry, Trouble.TWIN, after_s=after_s, error=exc)
        except (UnsettledError, ChangedError) as exc:
            self._put_off(entry, Trouble.UNSETTLED, after_s=self._pace.settle_s, error=exc)
        except (OSError, DocprocError) as exc:
            self._put_off(entry, trouble_of(exc), after_s=self._delay_s(entry), error=exc)
        except Exception as exc:  # noqa: BLE001 the watch loop: one file must not end the others
            event(logger, "internal_error", cause=exc, entry_id=str(entry.id))
            self._put_off(entry, Trouble.INTERNAL, after_s=self._delay_s(entry), error=exc)
        finally:
            self._busy.discard((entry.id, entry.attempt))
            self._news.wake()

    def _delay_s(self, entry: Entry) -> float:
        return delay_s(entry.tries, first_s=self._pace.retry_first_s)

    def _end_gone(self, entry: Entry) -> None:
        with suppress(LeaseLostError, StorageError):  # its lease expires, and whoever has it then ends it
            self.tally.count_end(self._steps.give_up(entry, lambda: self._in_hand.require(entry)))
        self._in_hand.drop(entry)

    def _put_off(self, entry: Entry, trouble: Trouble, *, after_s: float, error: BaseException) -> None:
        _tell(entry, trouble, error)
        with suppress(LeaseLostError, StorageError):
            self._ledger.put_off(entry, trouble, after_s=after_s, where=where_of(error))
        self.tally.count_trouble(trouble)
        if entry.tries < _PATIENT_TRIES or self._in_hand.holds(entry.duplicate_of):
            self._wait_until = max(self._wait_until, now() + after_s + self._pace.due_every_s)
        self._in_hand.drop(entry)


def _tell(entry: Entry, trouble: Trouble, error: BaseException) -> None:
    kind = type(error.__cause__ if isinstance(error, TroubleAtError) else error).__name__
    entry_id, where = str(entry.id), where_of(error)
    if not entry.is_folder:
        event(logger, "file_put_off", entry_id=entry_id, trouble=trouble.value, where=where, error=kind)
    elif not entry.tries:  # once, for it may stay so
        event(logger, "folder_shut", entry_id=entry_id, trouble=trouble.value, where=where, error=kind)
