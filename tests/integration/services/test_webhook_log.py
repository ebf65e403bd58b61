"""Webhooks over both databases: pings, tries that are logged, replays, two secrets; each bound to its tenant."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from doubles.documents import accept_text
from doubles.jobs import Workplace
from sqlalchemy import update

from docproc.domain.errand import ErrandState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.ids import new_id
from docproc.services.add_webhook import NewWebhook, add_webhook, remove_webhook
from docproc.services.deliver import MAX_ATTEMPTS, deliver, signature
from docproc.services.errand_ports import ErrandStores, LogFilter, WebhookRefusedError
from docproc.services.job_context import SystemClock, schema_version
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile, submit
from docproc.services.webhooks import Sibling, ping, replay, replay_all, retire_secret, rotate_secret
from docproc.storage.audit import SqlAuditLog
from docproc.storage.database import Database
from docproc.storage.service_tables import DELIVERIES
from docproc.storage.stores import errand_stores_over, stores_over

pytestmark = pytest.mark.integration

ANY = LogFilter()


class Receiver:
    """Answers as it is told to, and remembers."""

    def __init__(self) -> None:
        self.refusal: WebhookRefusedError | None = None
        self.received: list[tuple[Mapping[str, str], bytes]] = []

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:  # noqa: ARG002
        self.received.append((headers, body))
        if self.refusal is not None:
            raise self.refusal
        return 204


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


@pytest.fixture
def errands(database: Database) -> ErrandStores:
    return errand_stores_over(database)


@pytest.fixture
def audit(database: Database) -> SqlAuditLog:
    return SqlAuditLog(database)


def added(place: Workplace, errands: ErrandStores, audit: SqlAuditLog, *kinds: str) -> NewWebhook:
    place.run(place.submit({"first.txt": "makes the tenant"}))
    return add_webhook(
        errands.deliveries, tenant="local", url="https://example.org/", kinds=kinds, by="ada", audit=audit
    )


def named_job(place: Workplace) -> Job:
    (file,) = place.write({"a.txt": "one"})
    file = SubmittedFile(path=file.path, name=file.name, external_id="bill-7", metadata={"team": "north"})
    schema = schema_version(place.schema)
    new = NewJob(id=new_id(), schema=schema, options=JobOptions(), external_id="batch-1", metadata={"run": 3})
    return place.run(submit(place.stores, new, [file], accept=accept_text))


def attempt(errands: ErrandStores, delivery_id: UUID, receiver: Receiver) -> None:
    claim = errands.deliveries.claim(delivery_id, owner="me", lease_s=60)
    assert claim is not None
    deliver(claim, errands, receiver, clock=SystemClock())


def test_an_event_tells_what_its_sender_called_the_job_and_the_document(
    place: Workplace, errands: ErrandStores, audit: SqlAuditLog
) -> None:
    webhook = added(place, errands, audit, "document.succeeded", "job.succeeded")
    job, receiver = named_job(place), Receiver()
    log = errands.deliveries.log("local", wanted=ANY)
    assert sorted(entry.kind or "" for entry in log) == ["document.succeeded", "job.succeeded"]
    for entry in log:
        attempt(errands, entry.place.id, receiver)
    told = {message["kind"]: message for message in (json.loads(body) for _, body in receiver.received)}
    of_job = {"external_id": "batch-1", "metadata": {"run": 3}}
    assert told["job.succeeded"]["job"] == told["document.succeeded"]["job"] == of_job
    assert told["document.succeeded"]["document"] == {"external_id": "bill-7", "metadata": {"team": "north"}}
    assert told["job.succeeded"]["document"] is None
    headers, body = receiver.received[0]
    sent_at = int(headers["Docproc-Signature"].split(",")[0].removeprefix("t="))
    assert headers["Docproc-Signature"] == signature(body, [webhook.secret], at=sent_at)
    assert headers["Docproc-Event-Kind"] == json.loads(body)["kind"]
    assert headers["Docproc-Event-Id"] == json.loads(body)["id"]
    assert [entry.state for entry in errands.deliveries.log("local", wanted=LogFilter(job_id=job.id))] == [
        ErrandState.SUCCEEDED
    ] * 2


def test_each_try_is_logged_and_what_was_given_up_is_sent_again_with_fresh_tries(
    place: Workplace, errands: ErrandStores, audit: SqlAuditLog, database: Database
) -> None:
    webhook = added(place, errands, audit, "job.succeeded")
    named_job(place)
    receiver = Receiver()
    receiver.refusal = WebhookRefusedError("status 503", status_code=503)
    (entry,) = errands.deliveries.log("local", wanted=LogFilter(webhook_id=webhook.id))
    delivery_id = entry.place.id
    for _ in range(MAX_ATTEMPTS):
        attempt(errands, delivery_id, receiver)
        with database.write() as connection:
            connection.execute(update(DELIVERIES).values(due_at=database.now(connection)))
    given_up = errands.deliveries.entry(delivery_id, tenant="local")
    assert (given_up.state, given_up.attempts) == (ErrandState.FAILED, MAX_ATTEMPTS)
    assert given_up.failure is not None
    assert "status 503" in given_up.failure.message
    tries = errands.deliveries.tries(delivery_id, tenant="local")
    assert [each.attempt for each in tries] == list(range(1, MAX_ATTEMPTS + 1))
    assert {(each.tried.status_code, each.tried.reason) for each in tries} == {(503, "status 503")}

    replay(errands.deliveries, delivery_id, tenant="local", by="ada", audit=audit)
    with pytest.raises(ConflictError, match="on its way"):
        replay(errands.deliveries, delivery_id, tenant="local", by="ada", audit=audit)
    attempt(errands, delivery_id, receiver)  # the first of the fresh tries
    assert errands.deliveries.entry(delivery_id, tenant="local").state is ErrandState.WAITING
    receiver.refusal = None
    with database.write() as connection:
        connection.execute(update(DELIVERIES).values(due_at=database.now(connection)))
    attempt(errands, delivery_id, receiver)
    assert errands.deliveries.entry(delivery_id, tenant="local").state is ErrandState.SUCCEEDED
    ids = {headers["Docproc-Event-Id"] for headers, _ in receiver.received}
    assert len(ids) == 1
    tries = errands.deliveries.tries(delivery_id, tenant="local")
    assert (tries[-1].attempt, tries[-1].tried.status_code, tries[-1].tried.reason) == (MAX_ATTEMPTS + 2, 204, None)


def test_a_ping_goes_the_way_of_all_whatever_events_are_wanted(
    place: Workplace, errands: ErrandStores, audit: SqlAuditLog
) -> None:
    webhook = added(place, errands, audit, "job.failed")
    delivery_id = ping(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
    receiver = Receiver()
    attempt(errands, delivery_id, receiver)
    ((_, body),) = receiver.received
    message = json.loads(body)
    assert (message["id"], message["kind"], message["job_id"]) == (f"ping.{delivery_id}", "ping", None)
    assert errands.deliveries.entry(delivery_id, tenant="local").kind == "ping"
    remove_webhook(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
    with pytest.raises(ConflictError, match="was removed"):
        ping(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)


def test_two_secrets_sign_while_one_replaces_the_other(
    place: Workplace, errands: ErrandStores, audit: SqlAuditLog
) -> None:
    webhook = added(place, errands, audit)

    def secrets() -> tuple[str, ...]:
        (found,) = errands.deliveries.webhooks(tenant="local")
        return found.secrets

    second = rotate_secret(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
    assert secrets() == (second, webhook.secret)
    receiver = Receiver()
    attempt(errands, ping(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit), receiver)
    assert receiver.received[0][0]["Docproc-Signature"].count("v1=") == 2
    with pytest.raises(ConflictError, match="two secrets sign already"):
        rotate_secret(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
    assert secrets() == (second, webhook.secret)
    for _ in range(2):
        retire_secret(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
        assert secrets() == (second,)
    rotate_secret(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
    for _ in range(2):
        retire_secret(errands.deliveries, webhook.id, tenant="local", which=Sibling.NEWER, by="ada", audit=audit)
        assert secrets() == (second,)


def test_of_many_who_rotate_at_once_one_gets_a_secret_and_it_signs(
    place: Workplace, errands: ErrandStores, audit: SqlAuditLog
) -> None:
    webhook = added(place, errands, audit)

    def rotated(_: int) -> str | None:
        try:
            return rotate_secret(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit)
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as threads:
        (got,) = [secret for secret in threads.map(rotated, range(8)) if secret is not None]
    (found,) = errands.deliveries.webhooks(tenant="local")
    assert found.secrets == (got, webhook.secret)


def test_the_log_is_read_page_by_page_and_nothing_of_it_by_another_tenant(
    place: Workplace, errands: ErrandStores, audit: SqlAuditLog
) -> None:
    webhook = added(place, errands, audit)
    ids = {ping(errands.deliveries, webhook.id, tenant="local", by="ada", audit=audit) for _ in range(5)}
    (one, *_) = ids
    seen, after = [], None
    while found := errands.deliveries.log("local", wanted=ANY, after=after, limit=2):
        seen += [entry.place.id for entry in found]
        after = found[-1].place
    assert (len(seen), set(seen)) == (5, ids)
    attempt(errands, one, Receiver())
    ended = errands.deliveries.log("local", wanted=LogFilter(state=ErrandState.SUCCEEDED))
    assert [entry.place.id for entry in ended] == [one]

    assert list(errands.deliveries.log("other", wanted=ANY)) == []
    assert list(errands.deliveries.tries(one, tenant="other")) == []
    mine = LogFilter(webhook_id=webhook.id)
    for deed in (
        lambda: errands.deliveries.entry(one, tenant="other"),
        lambda: replay(errands.deliveries, one, tenant="other", by="eve", audit=audit),
        lambda: replay_all(errands.deliveries, tenant="other", wanted=mine, by="eve", audit=audit),
        lambda: ping(errands.deliveries, webhook.id, tenant="other", by="eve", audit=audit),
        lambda: rotate_secret(errands.deliveries, webhook.id, tenant="other", by="eve", audit=audit),
        lambda: retire_secret(errands.deliveries, webhook.id, tenant="other", by="eve", audit=audit),
        lambda: errands.deliveries.set_secrets(webhook.id, ["x"], before=[webhook.secret], tenant="other"),
        lambda: errands.deliveries.ping(webhook.id, tenant="other"),
    ):
        with pytest.raises(NotFoundError):
            deed()
    assert errands.deliveries.replay("other", wanted=ANY) == 0
    assert replay_all(errands.deliveries, tenant="local", wanted=mine, by="ada", audit=audit) == 1
