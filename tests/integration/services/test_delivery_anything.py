"""Anything, by many at once: counters equal what they count, events have no gap, and nothing waits for ever."""

# ruff: noqa: S608 every part of a statement is written here

import random
from contextlib import suppress
from functools import partial

import pytest
from doubles.delivery import BAD_PAGE, QUEUE, Depot, at_once, page, wrong_rows

from docproc.domain.document import DocumentState
from docproc.domain.errors import ConflictError, LeaseLostError, NotFoundError
from docproc.domain.page import PageState
from docproc.services.work_records import Task

pytestmark = pytest.mark.integration


class _Crowd:
    """Workers, dispatchers and users that do anything to some jobs."""

    def __init__(self, depot: Depot, seed: int) -> None:
        self.depot = depot
        self.random = random.Random(seed)  # noqa: S311 not for secrets
        self.owner = f"owner-{seed % 2}"  # some share their name, as threads of a process do
        self.held: list[object] = []

    def go_wild(self, acts: int) -> None:
        for _ in range(acts):
            self.act()

    def act(self) -> None:
        acts = [self.submit, self.enqueue, self.lost_message, self.expire, self.extend, self.cancel, self.retry]
        acts.append(self.replay)
        weights = [3, 6, 2, 2, 2, 1, 2, 4, 24]
        act = self.random.choices([*acts, self.work], weights)[0]
        with suppress(LeaseLostError, ConflictError, NotFoundError):
            act()

    def submit(self) -> None:
        if self.depot.rows("SELECT count(*) FROM jobs")[0] < (12,):
            self.depot.submit(self.random.randint(1, 3))

    def enqueue(self) -> None:
        for queue in ("prepare", QUEUE, "assemble"):
            tasks = self.depot.enqueue(queue, limit=4)
            if self.random.random() < 0.2:
                self.depot.work.tasks.withdraw(tasks)

    def lost_message(self) -> None:
        self.depot.work.tasks.requeue(self.random.choice(["prepare", QUEUE, "assemble"]), older_than_s=0)

    def expire(self) -> None:
        documents = "SELECT id FROM documents WHERE lease_owner IS NOT NULL AND random() < 0.3 FOR UPDATE SKIP LOCKED"
        pages = "SELECT document_id, number FROM pages WHERE state = 'leased' AND random() < 0.3 FOR UPDATE SKIP LOCKED"
        passed = "SET lease_expires_at = now() - interval '1 s'"
        self.depot.run(f"UPDATE documents {passed} WHERE id IN ({documents})")
        self.depot.run(f"UPDATE pages {passed} WHERE (document_id, number) IN ({pages})")
        self.depot.work.tasks.sweep()

    def extend(self) -> None:
        leases = self.depot.work.leases
        leases.extend(self.owner, leases.standing(self.owner), lease_s=60)
        leases.standing(self.owner)

    def cancel(self) -> None:
        if (job_id := self.some("jobs")) is not None and self.random.random() < 0.3:
            self.depot.stores.jobs.cancel(job_id)

    def retry(self) -> None:
        if (job_id := self.some("jobs WHERE cancel_requested_at IS NULL")) is not None:
            self.depot.stores.jobs.retry(job_id)

    def replay(self) -> None:
        if found := self.depot.rows("SELECT document_id, number FROM pages WHERE state = 'failed'"):
            document_id, number = self.random.choice(found)
            self.depot.replay(document_id, number)

    def some(self, of: str):
        found = self.depot.rows(f"SELECT id FROM {of}")
        return self.random.choice(found)[0] if found else None

    def work(self) -> None:
        """Go on with something in hand, or take something."""
        if self.held and self.random.random() < 0.7:
            self.random.choice([self.end, self.end, self.end, self.go_wrong])(self.held.pop())
            return
        document_id = self.some("documents WHERE state IN ('received', 'reading', 'assembling')")
        if document_id is None:
            return
        leases = self.depot.work.leases
        claim = leases.claim_document(document_id, owner=self.owner, lease_s=60) or leases.claim_window(
            document_id, self.random.randint(1, 6), owner=self.owner, lease_s=60
        )
        if claim is not None:
            self.held.append(claim)

    def end(self, claim) -> None:
        depot, state = self.depot, claim.document.state
        if hasattr(claim, "pages"):
            numbers = [each.facts.number for each in claim.pages]
            some = numbers[: self.random.randint(1, len(numbers))]
            depot.read(claim, some, complete=self.random.random() < 0.1)
            if len(some) < len(numbers) and self.random.random() < 0.5:
                depot.stores.pages.fail(claim, numbers[-1], BAD_PAGE)
                depot.stores.documents.release(claim)
        elif state is DocumentState.PREPARING:
            kinds = [PageState.WAITING] * 6 + [PageState.BLANK, PageState.FAILED]
            pages = [page(number, self.random.choice(kinds)) for number in range(1, self.random.randint(2, 7))]
            depot.save_preparation(claim, pages, window_pages=self.random.randint(1, 3))
        elif state is DocumentState.READING:
            depot.stores.documents.begin_assembling(claim)
        else:
            failed = claim.document.pages.failed
            depot.assemble(claim, state=DocumentState.NEEDS_REVIEW if failed else DocumentState.SUCCEEDED)

    def go_wrong(self, claim) -> None:
        documents = self.depot.stores.documents
        wrong = self.random.randint(0, 3)
        if wrong == 0:
            documents.fail(claim, BAD_PAGE)
        elif wrong == 1:
            documents.restart(claim)
        elif wrong == 2:
            documents.release(claim)
        # else it is forgotten, as by a worker that dies


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counts_add_up_and_nothing_is_stuck_whatever_one_does(depot: Depot, seed: int) -> None:
    crowd = _Crowd(depot, seed)
    for step in range(400):
        crowd.act()
        if step % 20 == 0:
            assert wrong_rows(depot) == [], f"after step {step}"
    _drain(depot)


@pytest.mark.parametrize("seed", [10, 20, 30])
def test_counts_add_up_and_nothing_is_stuck_whatever_many_do_at_once(depot: Depot, seed: int) -> None:
    crowds = [_Crowd(depot, seed + number) for number in range(6)]
    at_once([partial(crowd.go_wild, 120) for crowd in crowds])
    assert wrong_rows(depot) == []
    _drain(depot)


def _drain(depot: Depot) -> None:
    """Whatever they left behind comes to its end by what is handed out alone."""
    depot.expire()
    for _ in range(200):
        depot.work.tasks.sweep()
        for queue in ("prepare", QUEUE, "assemble"):
            depot.work.tasks.requeue(queue, older_than_s=0)
            for task in depot.enqueue(queue):
                _do(depot, task)
        if depot.rows("SELECT 1 FROM documents WHERE finished_at IS NULL LIMIT 1") == []:
            break
    assert depot.rows("SELECT state, pages_open FROM documents WHERE finished_at IS NULL") == []
    assert wrong_rows(depot) == []


def _do(depot: Depot, task: Task) -> None:
    if task.first_page:
        depot.read(depot.window(task.id, task.first_page))
        return
    claim = depot.work.leases.claim_document(task.id, owner="last", lease_s=60)
    if claim is None:  # given up
        return
    if claim.document.state is DocumentState.PREPARING:
        depot.save_preparation(claim, [page(1), page(2)])
    elif claim.document.state is DocumentState.READING:
        depot.stores.documents.begin_assembling(claim)
    else:
        depot.assemble(claim, state=DocumentState.NEEDS_REVIEW)
