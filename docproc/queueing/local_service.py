"""Works on whatever a single machine's service was handed, on threads of this process. Knows no step and no request."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from docproc.domain.errors import DocprocError, DocumentError, SealedError, UsageError
from docproc.domain.failure import Failure, FailureCategory, FailureCode
from docproc.observability import event
from docproc.queueing.local import StopSignal
from docproc.queueing.owners import LocalOwners, Owner
from docproc.services.do_errand import do_errand
from docproc.services.handing_back import put_off
from docproc.services.local_backlog import LocalBacklog, in_turn
from docproc.services.records import PHASES, Claim
from docproc.services.resume import free_dead_leases
from docproc.services.telling import tell
from docproc.services.tidy import tidy
from docproc.services.upkeep import keep_house
from docproc.services.work_on import CancelWork, LeaveWork, work_on
from docproc.services.work_records import Held
from docproc.services.workbench import Workbench

logger = logging.getLogger(__name__)

#: a submission that broke off so long ago is not sent again
ABANDONED_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often the threads look around."""

    lease_s: float = 120.0
    extend_every_s: float = 30.0
    #: for a wish to cancel
    look_every_s: float = 0.25
    #: for work that nobody told of
    idle_s: float = 1.0
    tidy_every_s: float = 60.0
    #: blobs of nobody and jobs kept for long enough go
    upkeep_every_s: float = 3600.0
    #: documents in flight are finished when the service ends, as far as this suffices; then they are left
    grace_s: float = 8.0


class LocalService:
    """Use it as a context: its threads end with it, and what they did not finish goes on the next time."""

    def __init__(
        self,
        backlog: LocalBacklog,
        bench: Workbench,
        *,
        owners: LocalOwners,
        threads: int,
        rhythm: Rhythm = Rhythm(),
    ) -> None:
        self._backlog = backlog
        self._bench = bench
        self._owners = owners
        self._rhythm = rhythm
        self._stop = StopSignal()
        self._calls = threading.Condition()
        self._called = 0
        self._last_tenant = ""
        self._turn = threading.Lock()
        #: documents that are worked on now, with their jobs
        self._in_hand: dict[UUID, UUID] = {}
        self._canceled: frozenset[UUID] = frozenset()
        self._threads = [
            *(threading.Thread(target=self._work, name=f"docproc-work-{number}") for number in range(threads)),
            threading.Thread(target=self._run_errands, name="docproc-errands"),
            threading.Thread(target=self._beat, name="docproc-beat"),
        ]
        self._claim_each = threads + 1
        self._tidied = time.monotonic() - rhythm.tidy_every_s
        self._kept_house = time.monotonic() - rhythm.upkeep_every_s
        self._owner: Owner | None = None

    def __enter__(self) -> Self:
        """Raises StorageError."""
        for job_id in self._backlog.unfinished():  # what this machine held when it was switched off
            free_dead_leases(self._bench.stores, job_id, owners=self._owners)
        self._owner = self._owners.enter().__enter__()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.finish()
        self.wake()
        deadline = time.monotonic() + self._rhythm.grace_s
        with suppress(KeyboardInterrupt):  # who asks again wants it to end at once
            for thread in self._threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        self._stop.leave()
        for thread in self._threads:
            thread.join()
        if self._owner is not None:
            self._owner.__exit__(None, None, None)

    def wake(self) -> None:
        """There is something to do."""
        with self._calls:
            self._called += 1
            self._calls.notify_all()

    # -- documents -----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        self._rounds(self._work_on_one)

    def _work_on_one(self) -> bool:
        claim = self._claim()
        if claim is None:
            return False
        with self._having(claim):
            self._work_on(claim)
        return True

    def _claim(self) -> Claim | None:
        if self._owner is None:
            return None
        with self._turn:  # who asks second sees whose turn it was
            for job in in_turn(self._backlog.open_jobs(each=self._claim_each), last=self._last_tenant):
                claim = self._bench.stores.documents.claim(job.id, owner=self._owner.name, lease_s=self._rhythm.lease_s)
                if claim is not None:
                    self._last_tenant = job.tenant
                    return claim
        return None

    def _work_on(self, claim: Claim) -> None:
        stores, job_id = self._bench.stores, claim.document.job_id

        def checkpoint() -> None:
            if job_id in self._canceled:
                raise CancelWork
            if self._stop.leaving:
                raise LeaveWork

        try:
            context = self._bench.context_of(claim.document)
        except DocumentError as error:
            stores.documents.fail(claim, error.failure(PHASES[claim.document.state]))
        except UsageError as error:  # its schema is another one by now
            stores.documents.fail(claim, _unusable(claim, error))
        else:
            try:
                ended = work_on(claim, context, checkpoint)
            except SealedError as error:
                put_off(claim, error, self._bench)
                return
            if ended is not None:
                tell(claim, stores.documents.get(claim.document.id))

    @contextmanager
    def _having(self, claim: Claim) -> Iterator[None]:
        """What breaks off is handed back; where that fails too, its lease is renewed no more, and expires."""
        with self._turn:
            self._in_hand[claim.document.id] = claim.document.job_id
        try:
            yield
        except Exception:
            with suppress(DocprocError):
                self._bench.stores.documents.release(claim)
            raise
        finally:
            with self._turn:
                del self._in_hand[claim.document.id]

    def _beat(self) -> None:
        """Renew the leases, and notice which jobs are canceled."""
        extended = time.monotonic()
        while any(thread.is_alive() for thread in self._threads[:-1]):
            time.sleep(self._rhythm.look_every_s)
            with self._turn:
                in_hand = dict(self._in_hand)
            try:
                is_canceled = self._bench.stores.documents.is_canceled
                self._canceled = frozenset(job_id for job_id in set(in_hand.values()) if is_canceled(job_id))
                if time.monotonic() - extended >= self._rhythm.extend_every_s:
                    self._extend(in_hand)
                    extended = time.monotonic()
            except DocprocError as error:
                event(logger, "leases_not_renewed", error=error.message)
            except Exception as error:  # noqa: BLE001 without this thread every lease would expire
                event(logger, "leases_not_renewed", error=type(error).__name__)

    def _extend(self, document_ids: Iterable[UUID]) -> None:
        if self._owner is not None:
            held = [Held(id=document_id) for document_id in document_ids]
            self._bench.work.leases.extend(self._owner.name, held, lease_s=self._rhythm.lease_s)

    # -- errands -------------------------------------------------------------------------------------------------------

    def _run_errands(self) -> None:
        self._rounds(self._run_due_errands)

    def _run_due_errands(self) -> bool:
        if time.monotonic() - self._tidied >= self._rhythm.tidy_every_s:
            self._tidy()
            self._tidied = time.monotonic()
        tasks = self._backlog.due_errands(limit=10)
        for task in tasks:
            if self._stop.finishing:
                break
            do_errand(task, self._bench)
        return bool(tasks)

    def _tidy(self) -> None:
        bench = self._bench
        bench.errands.exports.sweep()
        bench.errands.deliveries.sweep()
        bench.work.tenants.forget_old_keys()
        tidy(bench.stores, bench.errands)
        for job_id in self._backlog.abandoned(older_than_s=ABANDONED_AFTER_S):
            bench.stores.jobs.cancel(job_id)
        if time.monotonic() - self._kept_house >= self._rhythm.upkeep_every_s:
            self._kept_house = time.monotonic()
            keep_house(bench.stores, bench.names, bench.work, holder=bench.in_hand.owner, clock=bench.clock)

    # -- rounds --------------------------------------------------------------------------------------------------------

    def _rounds(self, look: Callable[[], bool]) -> None:
        """Look for work again and again; wait for a call when there was none."""
        while not self._stop.finishing:
            with self._calls:
                called = self._called
            try:
                busy = look()
            except DocprocError as error:
                event(logger, "store_unreachable", error=error.message)
                busy = False
            except Exception as error:  # noqa: BLE001 the loop that a service lives by must not end for one bad round
                event(logger, "internal_error", place=type(error).__name__, cause=error)
                busy = False
            if not busy:
                with self._calls:
                    self._calls.wait_for(lambda: self._called != called, timeout=self._rhythm.idle_s)  # noqa: B023


def _unusable(claim: Claim, error: UsageError) -> Failure:
    return Failure(
        code=FailureCode.INTERNAL,
        category=FailureCategory.ENVIRONMENT,
        message=error.message,
        retryable=True,
        phase=PHASES[claim.document.state],
    )
