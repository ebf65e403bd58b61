"""Runs a job on threads of this process: each claims, works, claims again. Knows no step."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeAlias

from docproc.queueing.owners import LocalOwners, Owner
from docproc.services.job_context import JobContext
from docproc.services.progress import Progress, progress_of
from docproc.services.records import Job
from docproc.services.resume import free_dead_leases
from docproc.services.work_on import CancelWork, LeaveWork, work_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long leases last and how often a run looks around."""

    #: long enough for a machine short of breath; a process of this machine that dies is noticed at once anyway
    lease_s: float = 120.0
    extend_every_s: float = 30.0
    #: for a wish to cancel, and to tell progress
    look_every_s: float = 0.25


ProgressListener: TypeAlias = Callable[[Progress], None]


class StopSignal:
    """How to stop a run from another thread or a signal handler; asked twice it is more in earnest."""

    def __init__(self) -> None:
        self._finish = threading.Event()
        self._leave = threading.Event()

    def finish(self) -> None:
        """Claim nothing more; documents in flight are worked on to their end."""
        self._finish.set()

    def leave(self) -> None:
        """Leave documents in flight at the next border of a window; a later run goes on there."""
        self._finish.set()
        self._leave.set()

    @property
    def finishing(self) -> bool:
        return self._finish.is_set()

    @property
    def leaving(self) -> bool:
        return self._leave.is_set()


def run_job(
    context: JobContext,
    *,
    owners: LocalOwners,
    workers: int,
    stop: StopSignal | None = None,
    on_progress: ProgressListener = lambda _: None,
    pace: Pace = Pace(),
) -> Job:
    """Work on a job until nothing is left to do or `stop` asks to end; the job as it stands then.

    Raises StorageError when the database or the data folder fails.
    """
    stop = stop or StopSignal()
    free_dead_leases(context.stores, context.job.id, owners=owners)
    with owners.enter() as owner:
        run = _Run(context, owner, stop, pace=pace)
        with ThreadPoolExecutor(max_workers=workers + 1, thread_name_prefix="docproc") as pool:
            working = {pool.submit(run.work) for _ in range(workers)}
            heart = pool.submit(run.beat)
            try:
                _watch(working, heart, context, on_progress=on_progress, every_s=pace.look_every_s)
            except BaseException:
                stop.leave()
                raise
            finally:
                run.ended.set()
        for future in (*working, heart):
            future.result()
    job = context.stores.jobs.get(context.job.id, tenant=context.job.tenant)
    on_progress(progress_of(job))
    return job


def _watch(
    working: set[Future[None]],
    heart: Future[None],
    context: JobContext,
    *,
    on_progress: ProgressListener,
    every_s: float,
) -> None:
    """Tell progress until the workers are done; the first error ends the run."""
    while True:
        done, open_ = wait(working, timeout=every_s, return_when=FIRST_EXCEPTION)
        for future in (*done, *((heart,) if heart.done() else ())):
            future.result()
        if not open_:
            return
        on_progress(progress_of(context.stores.jobs.get(context.job.id, tenant=context.job.tenant)))


class _Run:
    """One run of one job in this process."""

    def __init__(self, context: JobContext, owner: Owner, stop: StopSignal, *, pace: Pace) -> None:
        self._context = context
        self._owner = owner
        self._stop = stop
        self._pace = pace
        self._canceled = threading.Event()
        self.ended = threading.Event()

    def work(self) -> None:
        """One worker: claims until nothing is due."""
        while not self._stop.finishing and not self._canceled.is_set():
            claim = self._context.stores.documents.claim(
                self._context.job.id, owner=self._owner.name, lease_s=self._pace.lease_s
            )
            if claim is None:
                return
            work_on(claim, self._context, self._checkpoint)

    def beat(self) -> None:
        """Renew the leases, and notice when somebody cancels the job."""
        documents, waited = self._context.stores.documents, 0.0
        while not self.ended.wait(self._pace.look_every_s):
            waited += self._pace.look_every_s
            if documents.is_canceled(self._context.job.id):
                self._canceled.set()
            if waited >= self._pace.extend_every_s:
                documents.extend(self._owner.name, lease_s=self._pace.lease_s)
                waited = 0.0

    def _checkpoint(self) -> None:
        if self._canceled.is_set():
            raise CancelWork
        if self._stop.leaving:
            raise LeaveWork
