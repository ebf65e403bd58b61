"""Keeping and telling over HTTP: holds, receipts, retention; webhooks that are signed, logged and sent again."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from doubles.face import RECEIVERS, Place, submit, until

from docproc.services.key_records import Scope
from docproc.services.limits import Limits

pytestmark = pytest.mark.integration


def test_what_is_on_hold_is_not_deleted(place: Place, client: httpx2.Client) -> None:
    job = submit(client, place.bill())["id"]
    hold = client.post("/v1/holds", json={"job_id": job, "reason": "case 1"}).json()
    refused = client.delete(f"/v1/jobs/{job}")
    assert (refused.status_code, refused.json()["code"]) == (409, "on_hold")
    assert client.delete(f"/v1/holds/{hold['id']}").status_code == 204
    assert client.delete(f"/v1/jobs/{job}").status_code == 200
    (told,) = client.get("/v1/holds").json()["items"]
    assert told["lifted_at"]


def test_a_deletion_leaves_a_receipt_that_is_held_against_what_is_there(place: Place, client: httpx2.Client) -> None:
    job = submit(client, place.bill())["id"]
    assert client.put(f"/v1/jobs/{job}/retention", json={"keep_days": 30}).status_code == 204
    client.delete(f"/v1/jobs/{job}")
    (receipt,) = client.get("/v1/receipts").json()["items"]
    assert receipt["job_id"] == job
    checked = client.get(f"/v1/receipts/{receipt['number']}").json()
    assert checked["untruths"] == []
    assert checked["facts"]["documents"]


def test_a_tenant_says_how_long_its_own_jobs_are_kept_and_nothing_else(
    place: Place, tenant: str, client: httpx2.Client
) -> None:
    place.desk.front.limits.set(tenant, Limits(pages_per_month=7, keep_days=400))
    other = place.tenant()
    for days in (1, 90, None):
        answer = client.patch("/v1/tenant", json={"keep_days": days})
        assert answer.status_code == 200, answer.text
        assert answer.json() == client.get("/v1/tenant").json()
        assert place.desk.front.limits.get(tenant) == Limits(pages_per_month=7, keep_days=days)
    for wrong in ({}, {"keep_days": 0}, {"keep_days": 36501}, {"keep_days": "x"}, {"pages_per_month": 9}):
        assert client.patch("/v1/tenant", json=wrong).status_code == 422
    assert place.desk.front.limits.get(other) == Limits()
    deeds = client.get("/v1/audit", params={"action": "tenant.keep"}).json()["items"]
    assert [each["subject"] for each in deeds] == [tenant] * 3
    with place.client(place.key(tenant, Scope.SUBMIT, Scope.READ, Scope.REVIEW)) as program:
        assert program.patch("/v1/tenant", json={"keep_days": 1}).status_code == 403


class _Receiver(BaseHTTPRequestHandler):
    received: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.received = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As a receiver checks it."""
    parts = [part.split("=", 1) for part in headers["Docproc-Signature"].split(",")]
    moment = next(value for name, value in parts if name == "t")
    expected = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(value, expected) for name, value in parts if name != "t")


def test_a_callback_is_told_of_the_end_of_its_job_alone(
    place: Place, client: httpx2.Client, receiver: ThreadingHTTPServer
) -> None:
    received: list[tuple[dict[str, str], bytes]] = receiver.received  # type: ignore[attr-defined]
    told: dict[str, Any] = {
        "callback": f"http://{RECEIVERS}:{receiver.server_address[1]}/done",
        "callback_secret": "a secret of whoever asks",
        "external_id": "B-7",
    }
    bill = place.bill()
    job = submit(client, bill, **told)["id"]
    submit(client, bill)
    until(lambda: received)
    headers, body = received[0]
    assert is_signed(headers, body, told["callback_secret"])
    assert json.loads(body) | {"kind": "job.succeeded", "job_id": job} == json.loads(body)
    assert json.loads(body)["job"]["external_id"] == "B-7"
    logged = client.get("/v1/deliveries").json()["items"]
    assert [(each["job_id"], each["kind"]) for each in logged] == [(job, "job.succeeded")]

    assert client.get("/v1/webhooks").json()["items"] == []
    assert told["callback_secret"] not in client.get(f"/v1/jobs/{job}").text
    assert client.delete(f"/v1/jobs/{job}").status_code == 200
    assert client.get("/v1/deliveries").json()["items"] == []


@pytest.mark.parametrize(
    ("callback", "secret"),
    [
        ("https://erp.example.com/done", ""),
        ("", "a secret of whoever asks"),
        ("https://erp.example.com/done", "short"),
        ("http://erp.example.com/done", "a secret of whoever asks"),
        ("https://[::ffff:10.0.0.1]/done", "a secret of whoever asks"),
        ("https://ada:pw@erp.example.com/", "a secret of whoever asks"),
    ],
)
def test_a_callback_that_could_not_be_told_or_signed_is_refused(
    place: Place, client: httpx2.Client, callback: str, secret: str
) -> None:
    fields = {"schema": "key_value", "callback": callback, "callback_secret": secret}
    answer = client.post("/v1/jobs", data=fields, files=[("files", ("b.pdf", place.bill()))])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "whoever" not in answer.text
    assert client.get("/v1/jobs").json()["items"] == []


def test_a_webhook_that_no_message_could_reach_is_refused(client: httpx2.Client) -> None:
    for url in ("http://erp.example.com/hook", "https://127.0.0.1/hook", "https://[::1]/hook", "ftp://erp.example.com"):
        assert client.post("/v1/webhooks", json={"url": url}).status_code == 422, url


def test_a_webhook_is_told_signed_and_told_again(
    place: Place, client: httpx2.Client, receiver: ThreadingHTTPServer
) -> None:
    received: list[tuple[dict[str, str], bytes]] = receiver.received  # type: ignore[attr-defined]
    url = f"http://{RECEIVERS}:{receiver.server_address[1]}/hook"
    made = client.post("/v1/webhooks", json={"url": url, "kinds": ["job.succeeded"]}).json()
    job = submit(client, place.bill())["id"]
    until(lambda: received)
    headers, body = received[0]
    assert is_signed(headers, body, made["secret"])
    assert not is_signed(headers, body + b" ", made["secret"])
    assert json.loads(body)["job_id"] == job
    (delivery,) = client.get("/v1/deliveries", params={"job_id": job}).json()["items"]
    until(lambda: client.get(f"/v1/deliveries/{delivery['id']}").json()["state"] == "succeeded")

    newer = client.post(f"/v1/webhooks/{made['id']}/rotate").json()["secret"]
    assert client.post(f"/v1/deliveries/{delivery['id']}/replay").status_code == 200
    until(lambda: len(received) > 1)
    headers, body = received[1]
    assert is_signed(headers, body, made["secret"])
    assert is_signed(headers, body, newer)
    assert json.loads(body)["id"] == json.loads(received[0][1])["id"]
    until(lambda: len(client.get(f"/v1/deliveries/{delivery['id']}").json()["tries"]) == 2)

    assert client.post(f"/v1/webhooks/{made['id']}/rotate").json()["code"] == "conflict"
    assert client.post(f"/v1/webhooks/{made['id']}/retire").status_code == 204
    assert client.post(f"/v1/webhooks/{made['id']}/ping").status_code == 202
    until(lambda: len(received) > 2)
    assert not is_signed(*received[2], made["secret"])
    assert is_signed(*received[2], newer)
    assert client.post(f"/v1/webhooks/{made['id']}/rotate").status_code == 200
    assert client.post(f"/v1/webhooks/{made['id']}/retire", params={"secret": "newer"}).status_code == 204
    assert client.post(f"/v1/webhooks/{made['id']}/ping").status_code == 202
    until(lambda: len(received) > 3)
    assert is_signed(*received[3], newer)
    assert client.delete(f"/v1/webhooks/{made['id']}").status_code == 204
    assert client.post(f"/v1/webhooks/{made['id']}/ping").status_code == 409
