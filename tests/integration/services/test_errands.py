"""Exports and deliveries on real Postgres: asked for, leased, fenced, made, given up."""

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from doubles.documents import accept_text, text_schema
from doubles.jobs import Workplace
from sqlalchemy import text

from docproc.domain.errand import ErrandState
from docproc.domain.errors import ConflictError, LeaseLostError, UsageError
from docproc.exports.report.report_writer import no_page_image
from docproc.services.deliver import FIRST_PAUSE_S, MAX_ATTEMPTS, deliver, pause_after, signature
from docproc.services.errand_ports import ErrandStores, WebhookRefusedError
from docproc.services.errand_records import ErrandClaim, Tried
from docproc.services.export_job import ask_for_export, make_export
from docproc.services.job_context import SystemClock
from docproc.services.records import Job
from docproc.services.submit import submit
from docproc.services.tidy import tidy
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import Held, Step
from docproc.sinks.webhooks import GuardedSender
from docproc.storage.database import Database
from docproc.storage.stores import errand_stores_over, work_stores_over

pytestmark = pytest.mark.integration
SECRET = "quiet"  # noqa: S105 nobody guards anything with it


@pytest.fixture
def errands(postgres: Database) -> ErrandStores:
    return errand_stores_over(postgres)


@pytest.fixture
def work(postgres: Database) -> WorkStores:
    return work_stores_over(postgres)


def _claimed(errands: ErrandStores, export_id: UUID, *, lease_s: float = 60) -> ErrandClaim:
    claim = errands.exports.claim(export_id, owner="me", lease_s=lease_s)
    assert claim is not None
    return claim


def _make(claim: ErrandClaim, place: Workplace, errands: ErrandStores) -> None:
    make_export(
        claim,
        place.stores,
        errands,
        schema_of=lambda _: text_schema(),
        open_images=lambda _: nullcontext(no_page_image),
        checkpoint=lambda: None,
    )


def test_an_export_is_handed_out_made_and_kept(place: Workplace, errands: ErrandStores, work: WorkStores) -> None:
    job = place.run(place.submit({"a.txt": "one", "b.txt": "two"}))
    export_id = ask_for_export(place.stores, errands, job.id, tenant="local", export_format="jsonl")
    (lane,) = work.tasks.lanes("export")
    (task,) = work.tasks.enqueue("export", lane, limit=5)
    assert (task.step, task.id) == (Step.EXPORT, export_id)
    _make(_claimed(errands, export_id), place, errands)
    export = errands.exports.get(export_id, tenant="local")
    assert (export.state, export.records) == (ErrandState.SUCCEEDED, 2)
    assert export.blob_key is not None
    lines = place.stores.blobs.read(export.blob_key).decode().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["a.txt", "b.txt"]
    assert export.byte_count == place.stores.blobs.size(export.blob_key)
    assert errands.exports.claim(export_id, owner="me", lease_s=60) is None


def test_an_export_of_an_open_job_or_of_another_tenant_is_refused(place: Workplace, errands: ErrandStores) -> None:
    job = place.submit({"a.txt": "one"})
    with pytest.raises(ConflictError, match="still open"):
        ask_for_export(place.stores, errands, job.id, tenant="local", export_format="jsonl")
    with pytest.raises(UsageError, match="there is no job"):
        ask_for_export(place.stores, errands, job.id, tenant="other", export_format="jsonl")
    with pytest.raises(UsageError, match="jsonl, json, csv, xlsx, html"):
        ask_for_export(place.stores, errands, job.id, tenant="local", export_format="exe")


def test_a_late_worker_keeps_nothing_of_its_export(place: Workplace, errands: ErrandStores) -> None:
    job = place.run(place.submit({"a.txt": "one"}))
    export_id = ask_for_export(place.stores, errands, job.id, tenant="local", export_format="csv")
    late = _claimed(errands, export_id, lease_s=0)
    assert errands.exports.sweep().freed == 1
    _make(_claimed(errands, export_id), place, errands)
    with pytest.raises(LeaseLostError):
        _make(late, place, errands)
    assert len(list(place.stores.blobs.keys("local/export/"))) == 1


def test_a_worker_that_ends_lets_go_of_its_errands_and_no_attempt_is_counted(
    place: Workplace, errands: ErrandStores, work: WorkStores
) -> None:
    job = _job_with_webhook(place, errands, "https://example.org/")
    export_id = ask_for_export(place.stores, errands, job.id, tenant="local", export_format="jsonl")
    (delivery_id, *others), sent = _due(work), _due(work, "export")
    assert sent == [export_id]
    late = None
    for _ in range(4):  # after three deaths it would have failed
        late = _claimed(errands, export_id)
        assert errands.deliveries.claim(delivery_id, owner="me", lease_s=60) is not None
        assert others
        assert errands.deliveries.claim(others[0], owner="staying", lease_s=60)
        assert work.leases.let_go("me") == 2
        assert work.leases.standing("me") == frozenset()
        assert work.leases.standing("staying") == {Held(id=others[0])}
        assert work.leases.let_go("staying") == 1
    assert late is not None
    with pytest.raises(LeaseLostError):
        errands.exports.release(late)
    assert _due(work, "export") == [export_id]
    assert delivery_id in _due(work)
    assert errands.deliveries.claim(delivery_id, owner="me", lease_s=60) is not None
    assert errands.deliveries.get(delivery_id).tries == 1


def test_an_export_whose_worker_always_dies_is_given_up(place: Workplace, errands: ErrandStores) -> None:
    job = place.run(place.submit({"a.txt": "one"}))
    export_id = ask_for_export(place.stores, errands, job.id, tenant="local", export_format="xlsx")
    for _ in range(3):
        _claimed(errands, export_id, lease_s=0)
        errands.exports.sweep()
    export = errands.exports.get(export_id, tenant="local")
    assert export.state is ErrandState.FAILED
    assert export.failure is not None
    assert export.failure.code == "crashed"


def test_an_export_of_which_a_record_is_gone_fails_and_says_so(
    place: Workplace, errands: ErrandStores, postgres: Database
) -> None:
    job = place.run(place.submit({"a.txt": "one"}))
    with postgres.write() as connection:
        connection.exec_driver_sql("UPDATE extractions SET body = NULL, body_key = 'local/extraction/gone'")
    export_id = ask_for_export(place.stores, errands, job.id, tenant="local", export_format="jsonl")
    _make(_claimed(errands, export_id), place, errands)
    export = errands.exports.get(export_id, tenant="local")
    assert export.state is ErrandState.FAILED
    assert export.failure is not None
    assert "store check" in export.failure.message
    assert list(place.stores.blobs.keys("local/export/")) == []


def test_tenants_whose_errands_wait_for_later_have_no_lane(
    place: Workplace, errands: ErrandStores, work: WorkStores, postgres: Database
) -> None:
    for tenant in ("a", "b", "c"):
        with postgres.write() as connection:
            terms = {"name": tenant}
            connection.execute(text("INSERT INTO tenants (name, created_at) VALUES (:name, now())"), terms)
        errands.deliveries.add_webhook(tenant=tenant, url="https://example.org/", secret=SECRET, kinds=())
        job = replace(place.new_job(), tenant=tenant)
        submit(place.stores, job, place.write({"a.txt": "!refused"}), accept=accept_text)
    with postgres.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET due_at = now() + interval '1 h' WHERE tenant = 'b'")
    assert [lane.tenant for lane in work.tasks.lanes("deliver")] == ["a", "c"]
    sent = _due(work)
    assert len(sent) == len(set(sent)) > 0
    assert work.tasks.lanes("deliver") == []


def test_deliveries_that_ended_long_ago_are_forgotten(
    place: Workplace, errands: ErrandStores, work: WorkStores, postgres: Database
) -> None:
    _job_with_webhook(place, errands, "https://example.org/")
    for delivery_id in _due(work):
        claim = errands.deliveries.claim(delivery_id, owner="me", lease_s=60)
        assert claim is not None
        errands.deliveries.succeed(claim, tried=Tried(seconds=0.1, status_code=200))
    _job_with_webhook(place, errands, "https://example.com/")
    left = errands.deliveries.open_count(tenant="local")
    tidy(place.stores, errands)
    assert _count(postgres) > left
    with postgres.write() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET finished_at = now() - interval '31 days' WHERE NOT finished_at IS NULL"
        )
    tidy(place.stores, errands)
    assert _count(postgres) == left == errands.deliveries.open_count(tenant="local") > 0


def _count(postgres: Database) -> int:
    with postgres.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM deliveries").scalar_one())


class _Refusing:
    def __init__(self, *, final: bool = False) -> None:
        self.sent: list[bytes] = []
        self._final = final

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:  # noqa: ARG002
        self.sent.append(body)
        raise WebhookRefusedError("status 500", final=self._final)


class _FixedClock(SystemClock):
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


def _due(work: WorkStores, queue: str = "deliver") -> list[UUID]:
    return [task.id for lane in work.tasks.lanes(queue) for task in work.tasks.enqueue(queue, lane, limit=100)]


def _job_with_webhook(place: Workplace, errands: ErrandStores, url: str, *, kinds: tuple[str, ...] = ()) -> Job:
    place.run(place.submit({"first.txt": "makes the tenant"}))
    errands.deliveries.add_webhook(tenant="local", url=url, secret=SECRET, kinds=kinds)
    return place.run(place.submit({"a.txt": "one"}))


def test_each_event_is_delivered_to_each_webhook_that_wants_it(
    place: Workplace, errands: ErrandStores, work: WorkStores
) -> None:
    with _receiver() as receiver:
        job = _job_with_webhook(place, errands, receiver.url, kinds=("job.succeeded",))
        (delivery_id,) = _due(work)
        claim = errands.deliveries.claim(delivery_id, owner="me", lease_s=60)
        assert claim is not None
        deliver(claim, errands, GuardedSender(inside=["127.0.0.1"]), clock=_FixedClock())
        ((headers, body),) = receiver.received
    message = json.loads(body)
    assert (message["kind"], message["job_id"], message["id"]) == ("job.succeeded", str(job.id), f"{job.id}.2")
    assert headers["Docproc-Signature"] == signature(body, [SECRET], at=int(_FixedClock().now().timestamp()))
    assert errands.deliveries.open_count(tenant="local") == 0


def test_a_receiver_that_fails_is_asked_again_later_and_given_up_at_last(
    place: Workplace, errands: ErrandStores, work: WorkStores, postgres: Database
) -> None:
    _job_with_webhook(place, errands, "https://example.org/", kinds=("job.succeeded",))
    (delivery_id,) = _due(work)
    sender = _Refusing()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        claim = errands.deliveries.claim(delivery_id, owner="me", lease_s=60)
        assert claim is not None
        deliver(claim, errands, sender, clock=SystemClock())
        if attempt < MAX_ATTEMPTS:
            assert _due(work) == []
            assert errands.deliveries.claim(delivery_id, owner="me", lease_s=60) is None
            with postgres.write() as connection:
                connection.exec_driver_sql("UPDATE deliveries SET due_at = now()")
    assert len(sender.sent) == MAX_ATTEMPTS
    assert errands.deliveries.open_count(tenant="local") == 0


@pytest.mark.parametrize("gone", ["its job", "its webhook"])
def test_an_event_that_nobody_waits_for_any_more_is_not_sent(
    place: Workplace, errands: ErrandStores, work: WorkStores, gone: str
) -> None:
    job = _job_with_webhook(place, errands, "https://example.org/", kinds=("job.succeeded",))
    (delivery_id,) = _due(work)
    claim = errands.deliveries.claim(delivery_id, owner="me", lease_s=60)
    assert claim is not None
    if gone == "its job":
        place.stores.jobs.remove(job.id)
    else:
        (webhook,) = errands.deliveries.webhooks(tenant="local")
        errands.deliveries.disable(webhook.id, tenant="local")
    sender = _Refusing()
    deliver(claim, errands, sender, clock=SystemClock())
    assert sender.sent == []
    assert errands.deliveries.open_count(tenant="local") == 0


def test_pauses_between_tries_grow_to_hours() -> None:
    pauses = [timedelta(seconds=pause_after(attempt)) for attempt in range(1, MAX_ATTEMPTS)]
    assert pauses[0].total_seconds() == FIRST_PAUSE_S
    assert pauses == sorted(pauses)
    assert timedelta(hours=20) < sum(pauses, timedelta()) < timedelta(days=2)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://user@example.org/",
        "file:///etc/passwd",
    ],
)
def test_a_webhook_leads_to_no_address_inside(url: str) -> None:
    with pytest.raises(WebhookRefusedError) as refused:
        GuardedSender().send(url, b"{}", headers={})
    assert refused.value.final


def test_a_redirect_is_not_followed() -> None:
    with _receiver(status=302) as receiver, pytest.raises(WebhookRefusedError, match="status 302"):
        GuardedSender(inside=["127.0.0.1"]).send(receiver.url, b"{}", headers={})


class _Receiver:
    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[tuple[Mapping[str, str], bytes]] = []


@contextmanager
def _receiver(*, status: int = 200) -> Iterator[_Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((dict(self.headers), body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = _Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
