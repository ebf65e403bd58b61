"""Reads the jobs of a watcher that has no service behind it, on threads of this process. Knows no place.

As everywhere, the database is the truth: a thread claims the document of the job that it was given. What it leaves when
it ends, or dies, the next watcher is given again by the ledger.
"""

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from uuid import UUID

from docproc.bootstrap import Desk, open_contexts, open_pages
from docproc.domain.errors import DocprocError, DocumentError, LeaseLostError, NotFoundError, StorageError
from docproc.observability import event
from docproc.queueing.local import StopSignal
from docproc.queueing.owners import Owner
from docproc.services.records import PHASES, Claim
from docproc.services.resume import free_dead_leases
from docproc.services.work_on import LeaveWork, work_on
from docproc.services.workbench import ContextOf
from docproc.watch.rules import Rule

logger = logging.getLogger(__name__)

_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HandTerms:
    """By how many threads is read, and how long a document stays with a watcher that died."""

    workers: int
    lease_s: float


class LocalHands:
    """Threads that read; they end with the context that opened them."""

    def __init__(self, desk: Desk, owner: Owner, context_of: ContextOf, *, stop: StopSignal, lease_s: float) -> None:
        self._desk = desk
        self._owner = owner
        self._context_of = context_of
        self._stop = stop
        self._lease_s = lease_s
        self._due: queue.SimpleQueue[tuple[UUID, Rule] | None] = queue.SimpleQueue()

    def work(self, job_id: UUID, rule: Rule) -> None:
        self._due.put((job_id, rule))

    def end(self) -> None:
        """A thread that waits for work waits no longer."""
        self._due.put(None)

    def serve(self) -> None:
        """One thread: reads until told to stop."""
        while not self._stop.finishing:
            due = self._due.get()
            if due is None:
                continue
            try:
                self._read(*due)
            except NotFoundError:  # somebody deleted it
                continue
            except (StorageError, LeaseLostError) as exc:
                event(logger, "store_unreachable", error=type(exc).__name__)
                self._again(*due)
            except Exception as exc:  # noqa: BLE001 the watch loop: one job must not end the others
                event(logger, "internal_error", cause=exc)
                self._again(*due)

    def _again(self, job_id: UUID, rule: Rule) -> None:
        if not self._stop.finishing:
            threading.Timer(_AGAIN_S, self.work, (job_id, rule)).start()

    def _read(self, job_id: UUID, rule: Rule) -> None:
        stores = self._desk.stores
        free_dead_leases(stores, job_id, owners=self._desk.owners)
        while not self._stop.finishing:
            claim = stores.documents.claim(job_id, owner=self._owner.name, lease_s=self._lease_s)
            if claim is None:
                break
            self._work_on(claim, rule)
        if stores.jobs.unfinished([job_id]):  # somebody else has a document of it, and may be dead
            self._again(job_id, rule)

    def _work_on(self, claim: Claim, rule: Rule) -> None:
        """What breaks off is handed back, for the heart renews the lease of whatever this watcher has."""
        documents = self._desk.stores.documents
        try:
            try:
                context = self._context_of(claim.document)
            except DocumentError as error:  # its schema or its reader is another one by now
                documents.fail(claim, error.failure(PHASES[claim.document.state]))
            else:
                work_on(claim, replace(context, passwords=rule.passwords), self._checkpoint)
        except Exception:
            with suppress(DocprocError):
                documents.release(claim)
            raise

    def _checkpoint(self) -> None:
        if self._stop.leaving:
            raise LeaveWork

    def beat(self, ended: threading.Event) -> None:
        """Renew the leases of the documents in hand."""
        while not ended.wait(self._lease_s / 4):
            try:
                self._desk.stores.documents.extend(self._owner.name, lease_s=self._lease_s)
            except StorageError as exc:
                event(logger, "leases_not_renewed", error=type(exc).__name__)


@contextmanager
def local_hands(desk: Desk, owner: Owner, *, stop: StopSignal, terms: HandTerms) -> Iterator[LocalHands]:
    """With the context, what is in flight is worked on to its end, or left at the next window, as `stop` says."""
    ended = threading.Event()
    with ExitStack() as closing:
        source = closing.enter_context(open_pages(desk.settings, workers=terms.workers))
        context_of = closing.enter_context(open_contexts(desk, source))
        hands = LocalHands(desk, owner, context_of, stop=stop, lease_s=terms.lease_s)
        readers = [
            threading.Thread(target=hands.serve, name=f"docproc-read-{number}") for number in range(terms.workers)
        ]
        heart = threading.Thread(target=hands.beat, args=(ended,), name="docproc-heart")
        for thread in (*readers, heart):
            thread.start()
        try:
            yield hands
        except BaseException:
            stop.leave()
            raise
        finally:
            stop.finish()
            for _ in readers:
                hands.end()
            for thread in readers:
                thread.join()
            ended.set()
            heart.join()
