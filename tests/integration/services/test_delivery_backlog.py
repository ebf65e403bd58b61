"""The backlog: handed out once, by priority and lane, and called at commit; tenants, keys, roles and events."""

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from doubles.delivery import BAD_PAGE, QUEUE, Depot, at_once, page, wrong_rows
from doubles.waiting import until

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.page import PageState
from docproc.services.records import Document, IdempotencyKey, Job
from docproc.services.work_records import Lane, Pauses, Step, Task, Worker
from docproc.storage.alarm import PostgresAlarm
from docproc.storage.tenants import KEPT_FOR

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _everything_adds_up(depot: Depot) -> Iterator[None]:
    yield
    assert wrong_rows(depot) == []


@pytest.fixture
def alarm(depot: Depot) -> Iterator[PostgresAlarm]:
    alarm = PostgresAlarm(depot.database)
    assert not called(alarm)
    yield alarm
    alarm.close()


def called(alarm: PostgresAlarm) -> bool:
    """Whether it was since it was asked last: whatever was committed by now is told with the answer to a question."""
    alarm._listening().execute("SELECT 1")
    return alarm.wait(0.02)


# -- handing out -------------------------------------------------------------------------------------------------------


def test_what_is_due_is_queued_once_and_oldest_first(depot: Depot) -> None:
    documents = [depot.prepared(4, window_pages=2) for _ in range(2)]
    assert depot.work.tasks.due() == {QUEUE: 4}
    first = depot.enqueue(QUEUE, limit=3)
    assert first == [
        Task(step=Step.READ, queue=QUEUE, id=documents[0].id, first_page=1),
        Task(step=Step.READ, queue=QUEUE, id=documents[0].id, first_page=3),
        Task(step=Step.READ, queue=QUEUE, id=documents[1].id, first_page=1),
    ]
    assert depot.work.tasks.queued() == {QUEUE: 3}
    assert len(depot.enqueue(QUEUE)) == 1
    assert depot.enqueue(QUEUE) == []
    assert depot.work.tasks.lanes(QUEUE) == []


def test_a_document_is_queued_for_each_of_its_steps(depot: Depot) -> None:
    document = depot.documents(depot.submit())[0]
    assert depot.enqueue("prepare") == [Task(step=Step.PREPARE, queue="prepare", id=document.id)]
    assert depot.enqueue("prepare") == []
    depot.save_preparation(depot.claim(document.id), [page(1, PageState.BLANK), page(2, PageState.FAILED)])
    assert depot.enqueue(QUEUE) == [Task(step=Step.READ, queue=QUEUE, id=document.id)]
    depot.stores.documents.begin_assembling(depot.claim(document.id))
    assert depot.enqueue("assemble") == [Task(step=Step.ASSEMBLE, queue="assemble", id=document.id)]
    depot.assemble(depot.claim(document.id))
    assert dict(depot.work.tasks.queued()) == dict(depot.work.tasks.due()) == {}


def test_two_dispatchers_at_once_never_queue_the_same_task_twice(depot: Depot) -> None:
    for _ in range(3):
        depot.prepared(40, window_pages=2)
    depot.submit(40)

    def take(queue: str) -> list[Task]:
        return [task for _ in range(12) for task in depot.enqueue(queue, limit=3)]

    works = [partial(take, queue) for queue in (QUEUE, "prepare") for _ in range(4)]
    tasks = [task for found in at_once(works) for task in found]
    tasks += [*depot.enqueue(QUEUE), *depot.enqueue("prepare")]  # what a busy one had locked was left for later
    assert len(tasks) == len(set(tasks)) == 3 * 20 + 40


def test_what_could_not_be_sent_is_due_again(depot: Depot) -> None:
    depot.prepared(4, window_pages=2)
    depot.submit(2)
    tasks = [*depot.enqueue(QUEUE), *depot.enqueue("prepare")]
    depot.window(tasks[0].id, 1)  # one was sent all the same, and taken
    depot.work.tasks.withdraw(tasks)
    assert [*depot.enqueue(QUEUE), *depot.enqueue("prepare")] == tasks[1:]


def test_lost_messages_are_sent_again_and_young_ones_are_not(depot: Depot) -> None:
    depot.prepared(4, window_pages=2)
    depot.submit(2)
    for queue, count in ((QUEUE, 2), ("prepare", 2)):
        tasks = depot.enqueue(queue)
        assert depot.work.tasks.requeue(queue, older_than_s=60) == 0
        assert depot.work.tasks.requeue(queue, older_than_s=0) == count
        assert depot.enqueue(queue) == tasks


def test_a_message_that_comes_late_finds_the_work_still_to_be_done(depot: Depot) -> None:
    document = depot.prepared(2, window_pages=2)
    depot.enqueue(QUEUE)
    depot.work.tasks.requeue(QUEUE, older_than_s=0)
    assert len(depot.window(document.id).pages) == 2
    assert depot.work.leases.claim_window(document.id, 1, owner="second message", lease_s=60) is None


def test_lanes_tell_tenants_and_priorities_apart_highest_first(depot: Depot) -> None:
    for tenant in ("a", "b"):
        depot.work.tenants.create(tenant)
    for tenant, priority in (("b", 0), ("a", 0), ("a", 9), ("b", 0)):
        depot.prepared(1, job=depot.new_job(tenant=tenant, priority=priority))
        depot.submit(1, job=depot.new_job(tenant=tenant, priority=priority))
    lanes = [Lane(priority=9, tenant="a"), Lane(priority=0, tenant="a"), Lane(priority=0, tenant="b")]
    assert depot.work.tasks.lanes(QUEUE) == depot.work.tasks.lanes("prepare") == lanes
    assert depot.work.tasks.lanes("read.other") == []
    assert len(depot.enqueue(QUEUE, tenant="a", priority=9)) == 1
    assert depot.work.tasks.lanes(QUEUE) == lanes[1:]


def test_a_job_that_one_process_runs_is_not_handed_out(depot: Depot) -> None:
    job = depot.submit(2, job=depot.new_job(queue=None))
    document = depot.documents(job)[0]
    assert dict(depot.work.tasks.due()) == {}
    assert depot.work.leases.claim_document(document.id, owner="w", lease_s=60) is None
    claim = depot.stores.documents.claim(job.id, owner="mine", lease_s=0.01)
    assert claim is not None
    depot.save_preparation(claim, [page(1)])
    assert depot.work.leases.claim_window(document.id, 1, owner="w", lease_s=60) is None
    time.sleep(0.05)
    assert depot.work.tasks.sweep().freed == 0  # who runs it looks after it
    depot.stores.documents.release(claim)


def test_a_job_of_workers_is_not_run_by_a_process_nor_its_leases_voided(depot: Depot) -> None:
    job = depot.submit(2)
    assert depot.stores.documents.claim(job.id, owner="mine", lease_s=60) is None
    depot.claim(depot.documents(job)[0].id, owner="worker")
    assert depot.stores.documents.void(["worker"]) == 0


# -- calls -------------------------------------------------------------------------------------------------------------


def test_the_alarm_is_called_at_commit_and_not_before(depot: Depot, alarm: PostgresAlarm) -> None:
    job = depot.new_job()
    depot.stores.jobs.create(job)
    assert not called(alarm)
    with depot.database.write() as connection:
        connection.exec_driver_sql("NOTIFY docproc_due")
        assert not called(alarm)
    assert called(alarm)
    assert not called(alarm)


def test_everything_that_makes_something_due_calls(depot: Depot, alarm: PostgresAlarm) -> None:
    document = depot.documents(depot.submit())[0]
    assert called(alarm)
    claim = depot.claim(document.id)
    assert not called(alarm)
    depot.save_preparation(claim, [page(number) for number in range(1, 5)])
    assert called(alarm)
    depot.read(depot.window(document.id, 1))
    assert not called(alarm)
    depot.stores.documents.release(depot.window(document.id, 2))
    assert called(alarm)
    depot.window(document.id, 2)
    depot.lose()
    assert called(alarm)
    for number in (2, 3):
        depot.read(depot.window(document.id, number))
    depot.stores.pages.fail(depot.window(document.id, 4), 4, BAD_PAGE)  # the last one
    assert called(alarm)
    depot.stores.documents.begin_assembling(depot.claim(document.id))
    assert called(alarm)
    depot.assemble(depot.claim(document.id), state=DocumentState.NEEDS_REVIEW)
    assert not called(alarm)
    depot.stores.jobs.retry(document.job_id)
    assert called(alarm)


def test_many_calls_are_answered_by_one_look(depot: Depot, alarm: PostgresAlarm) -> None:
    for _ in range(50):
        depot.submit()
    assert called(alarm)
    assert not called(alarm)


def test_an_alarm_whose_connection_broke_listens_again(depot: Depot, alarm: PostgresAlarm) -> None:
    lost = alarm._listening().info.backend_pid
    depot.rows("SELECT pg_terminate_backend(:pid)", pid=lost)
    until(lambda: depot.rows("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid", pid=lost) == [(0,)])
    assert not alarm.wait(0.05)
    assert not alarm.wait(0.05)
    depot.submit()
    assert called(alarm)


# -- tenants, keys, roles, workers -------------------------------------------------------------------------------------


def test_of_twenty_submissions_with_one_key_one_makes_the_job(depot: Depot) -> None:
    key = IdempotencyKey(key="order 7", request_sha256="a" * 64)
    made = at_once([lambda: depot.stores.jobs.create(depot.new_job(), idempotency=key) for _ in range(20)])
    assert len(set(made)) == 1
    assert depot.rows("SELECT count(*) FROM jobs") == [(1,)]
    other = IdempotencyKey(key="order 7", request_sha256="b" * 64)
    with pytest.raises(ConflictError, match="another request"):
        depot.stores.jobs.create(depot.new_job(), idempotency=other)
    depot.work.tenants.create("b")
    assert depot.stores.jobs.create(depot.new_job(tenant="b"), idempotency=other) not in made


def test_keys_are_forgotten_after_a_day(depot: Depot) -> None:
    keys = [IdempotencyKey(key=name, request_sha256="a" * 64) for name in ("old", "young")]
    old, young = (depot.stores.jobs.create(depot.new_job(), idempotency=key) for key in keys)
    depot.run(
        "UPDATE idempotency_keys SET created_at = created_at - :age WHERE key = 'old'",
        age=KEPT_FOR + timedelta(seconds=1),
    )
    assert depot.stores.jobs.create(depot.new_job(), idempotency=keys[0]) != old  # also before anybody cleans up
    assert depot.stores.jobs.create(depot.new_job(), idempotency=keys[1]) == young
    depot.run("UPDATE idempotency_keys SET created_at = created_at - :age", age=KEPT_FOR + timedelta(seconds=1))
    assert depot.work.tenants.forget_old_keys() == 2
    assert depot.stores.jobs.create(depot.new_job(), idempotency=keys[1]) != young


def test_many_that_bring_the_same_new_schema_keep_it_once(depot: Depot) -> None:
    at_once([lambda: depot.stores.jobs.create(depot.new_job()) for _ in range(12)])
    assert depot.rows("SELECT count(*) FROM schemas") == [(1,)]


def test_a_schema_that_is_used_again_while_its_last_job_is_removed_stays(depot: Depot) -> None:
    def submit_and_remove() -> None:
        for _ in range(8):
            job_id = depot.stores.jobs.create(depot.new_job())
            depot.stores.jobs.mark_submitted(job_id)
            depot.stores.jobs.remove(job_id)

    at_once([submit_and_remove] * 6)
    assert depot.rows("SELECT count(*) FROM schemas") == [(0,)]


def test_a_job_needs_a_tenant_that_was_created(depot: Depot) -> None:
    with pytest.raises(NotFoundError, match="stranger"):
        depot.stores.jobs.create(depot.new_job(tenant="stranger"))
    outcomes = at_once([lambda: _created(depot, "b") for _ in range(6)])
    assert sorted(outcomes) == [False] * 5 + [True]
    assert depot.work.tenants.names() == ["b", "local"]


def _created(depot: Depot, name: str) -> bool:
    try:
        depot.work.tenants.create(name)
    except ConflictError:
        return False
    return True


def test_queues_and_tenants_are_paused_and_go_on(depot: Depot, alarm: PostgresAlarm) -> None:
    tenants = depot.work.tenants
    tenants.create("b")
    assert not called(alarm)
    for _ in range(2):  # twice is once
        tenants.pause_tenant("b", paused=True)
        tenants.pause_queue(QUEUE, paused=True)
    called(alarm)
    assert tenants.pauses() == Pauses(queues=frozenset({QUEUE}), tenants=frozenset({"b"}))
    for _ in range(2):
        tenants.pause_tenant("b", paused=False)
        tenants.pause_queue(QUEUE, paused=False)
    assert tenants.pauses() == Pauses()
    assert called(alarm)
    with pytest.raises(NotFoundError):
        tenants.pause_tenant("stranger", paused=True)


def test_a_role_has_one_holder_until_it_is_silent_or_leaves(depot: Depot) -> None:
    workers = depot.work.workers
    held = at_once([partial(workers.hold_role, "dispatch", name, for_s=60) for name in "abcdef"])
    assert held.count(True) == 1
    holder = "abcdef"[held.index(True)]
    assert workers.hold_role("dispatch", holder, for_s=60)
    assert not workers.hold_role("dispatch", "next", for_s=60)
    depot.run("UPDATE roles SET expires_at = now() - interval '1 s'")
    assert workers.hold_role("dispatch", "next", for_s=60)
    assert not workers.hold_role("dispatch", holder, for_s=60)
    workers.drop_role("dispatch", holder)  # too late to be its own
    assert not workers.hold_role("dispatch", holder, for_s=60)
    workers.drop_role("dispatch", "next")
    assert workers.hold_role("dispatch", holder, for_s=60)


def test_the_capacity_is_that_of_workers_that_live_and_do_not_drain(depot: Depot) -> None:
    workers = depot.work.workers

    def worker(name: str, slots: int, *queues: str) -> Worker:
        return Worker(id=name, host="h", pid=1, version="1", queues=queues, slots=slots)

    for each in (worker("a", 4, QUEUE, "prepare"), worker("b", 2, QUEUE), worker("c", 8, QUEUE), worker("d", 9)):
        workers.announce(each)
    assert depot.work.tasks.capacity(alive_s=15) == {QUEUE: 14, "prepare": 4}
    workers.drain("a")
    depot.run("UPDATE workers SET heartbeat_at = heartbeat_at - interval '1 min' WHERE id = 'b'")
    assert depot.work.tasks.capacity(alive_s=15) == {QUEUE: 8}
    assert [each.id for each in workers.living(alive_s=15)] == ["a", "c", "d"]
    assert (workers.draining("a"), workers.draining("c"), workers.draining("gone")) == (True, False, False)
    assert workers.forget(silent_s=30) == 1
    workers.leave("c")
    workers.announce(worker("a", 4, "prepare"))
    assert depot.work.tasks.capacity(alive_s=15) == {}


# -- events ------------------------------------------------------------------------------------------------------------


def _kinds(depot: Depot, job: Job) -> list[object]:
    return [kind for (kind,) in depot.rows("SELECT kind FROM events WHERE job_id = :job ORDER BY number", job=job.id)]


def test_events_tell_how_documents_and_their_job_end_and_go_on(depot: Depot) -> None:
    job = depot.submit(2)
    good, bad = depot.documents(job)
    depot.finish(good.id)
    depot.stores.documents.fail(depot.claim(bad.id), BAD_PAGE)
    told = ["document.succeeded", "document.failed", "job.partial"]
    assert _kinds(depot, job) == told
    assert depot.job(job).finished_at is not None
    depot.stores.jobs.retry(job.id)
    told += ["document.received", "job.running"]
    assert _kinds(depot, job) == told
    assert depot.job(job).finished_at is None
    depot.finish(bad.id)
    assert _kinds(depot, job) == [*told, "document.succeeded", "job.succeeded"]


def test_a_canceled_job_is_finished_with_its_last_document(depot: Depot) -> None:
    job = depot.submit(3)
    depot.stores.jobs.cancel(job.id)
    assert _kinds(depot, job) == ["document.canceled"] * 3 + ["job.canceled"]


def test_events_of_many_workers_are_numbered_without_a_gap(depot: Depot) -> None:
    job = depot.submit(24)
    documents = depot.documents(job)

    def finish(part: list[Document]) -> None:
        for each in part:
            depot.finish(each.id)

    at_once([partial(finish, documents[start::6]) for start in range(6)])
    assert depot.rows("SELECT number FROM events ORDER BY number") == [(number,) for number in range(1, 26)]
    assert depot.job(job).state is JobState.SUCCEEDED
