"""Documents that come another way than in the form: uploads straight to the store, and URLs under a guard."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from doubles.face import Place
from doubles.waiting import PATIENCE_S

from docproc.client import AsyncClient, Client
from docproc.domain.errors import TooLargeError, UsageError
from docproc.services.key_records import Scope
from docproc.sinks.fetching import fetch

pytestmark = pytest.mark.integration


def test_a_client_sends_files_ahead_and_names_them(place: Place, tenant: str, client: httpx2.Client) -> None:
    path = place.folder / "ahead.pdf"
    path.write_bytes(place.bill("U-1"))
    address, key = place.addresses[0], place.key(tenant, Scope.SUBMIT)
    with Client(address, key=key) as docproc:
        upload_id = docproc.upload(path)
        job = docproc.submit(
            schema="key_value", documents=[{"upload_id": upload_id, "name": "mine.pdf", "external_id": "B-7"}]
        )
        job.wait(timeout_s=PATIENCE_S)
    (document,) = client.get(f"/v1/jobs/{job.id}/documents").json()["items"]
    assert (document["file"], document["external_id"], document["sha256"]) == ("mine.pdf", "B-7", upload_id)
    assert document["state"] in {"succeeded", "needs_review"}

    async def again(content: bytes) -> tuple[str, list[int]]:
        path.write_bytes(content)
        sent: list[int] = []
        async with AsyncClient(address, key=key) as docproc:
            return await docproc.upload(path, on_sent=sent.append), sent

    assert asyncio.run(again(path.read_bytes())) == (upload_id, [])
    other = place.bill("U-2")
    other_id, sent = asyncio.run(again(other))
    assert other_id == hashlib.sha256(other).hexdigest()
    assert sum(sent) == len(other)


def upload(client: httpx2.Client, content: bytes, *, said: bytes | None = None) -> tuple[str, httpx2.Response]:
    sha256 = hashlib.sha256(said or content).hexdigest()
    asked = client.post("/v1/uploads", json={"sha256": sha256, "byte_count": len(content)})
    assert asked.status_code == 201, asked.text
    where = asked.json()
    if where["url"].startswith("/"):
        sent = client.put(where["url"], content=content, headers=where["headers"])
    else:
        sent = httpx2.put(where["url"], content=content, headers=where["headers"], timeout=PATIENCE_S)
    return where["upload_id"], sent


def submit_json(client: httpx2.Client, *documents: dict[str, object]) -> httpx2.Response:
    return client.post("/v1/jobs", params={"wait": 30}, json={"schema": "key_value", "documents": list(documents)})


def test_an_upload_is_submitted_by_its_id(place: Place, client: httpx2.Client) -> None:
    content = place.bill("U-1")
    upload_id, sent = upload(client, content)
    assert sent.status_code in {200, 204}
    answer = submit_json(client, {"upload_id": upload_id, "name": "u.pdf", "external_id": "E"})
    assert answer.status_code == 201, answer.text
    (extraction,) = answer.json()["extractions"]
    assert (extraction["file"], extraction["external_id"], extraction["status"]) == ("u.pdf", "E", "succeeded")
    again = client.post("/v1/uploads", json={"sha256": upload_id, "byte_count": len(content)}).json()
    assert again["there"]


def test_other_bytes_than_announced_are_refused(place: Place, client: httpx2.Client) -> None:
    upload_id, sent = upload(client, place.bill("one"), said=b"something else")
    if sent.status_code in {200, 204}:  # a store that does not check what a link binds
        answer = submit_json(client, {"upload_id": upload_id})
        assert answer.status_code == 422
    assert submit_json(client, {"upload_id": upload_id}).status_code == 422


def test_an_upload_of_another_tenant_is_none(place: Place, client: httpx2.Client) -> None:
    content = place.bill("mine")
    upload_id, _ = upload(client, content)
    with place.client(place.key(place.tenant())) as other:
        asked = other.post("/v1/uploads", json={"sha256": upload_id, "byte_count": len(content)}).json()
        assert not asked["there"]
        assert "no such upload" in submit_json(other, {"upload_id": upload_id}).json()["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.pdf",
        "https://127.0.0.1/x.pdf",
        "https://localhost/x.pdf",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x.pdf",
        "https://10.0.0.1/x.pdf",
        "file:///etc/passwd",
        "https://user@example.org/x",
        "gopher://x",
    ],
)
def test_a_url_leads_nowhere_inside(client: httpx2.Client, url: str) -> None:
    answer = submit_json(client, {"url": url})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid_request"
    assert client.get("/v1/jobs").json()["items"] == []


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/secret")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", "12" if self.path != "/short" else "99")
        self.end_headers()
        self.wfile.write(b"%PDF-content")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def files() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_host_that_the_operator_named_is_fetched_from(tmp_path: Path) -> None:
    with files() as base:
        fetch(f"{base}/a.pdf", tmp_path / "a", max_bytes=100, inside=["localhost"])
        assert (tmp_path / "a").read_bytes() == b"%PDF-content"
        with pytest.raises(TooLargeError):
            fetch(f"{base}/a.pdf", tmp_path / "b", max_bytes=5, inside=["localhost"])
        with pytest.raises(UsageError, match="302"):
            fetch(f"{base}/away", tmp_path / "c", max_bytes=100, inside=["localhost"])
        with pytest.raises(UsageError, match="to the end"):
            fetch(f"{base}/short", tmp_path / "d", max_bytes=100, inside=["localhost"])
        with pytest.raises(UsageError, match="https"):
            fetch(f"{base}/a.pdf", tmp_path / "e", max_bytes=100)
