"""What a client sends, and what it makes of answers; the other side is a function."""

import asyncio
import json
from datetime import UTC, datetime

import httpx2
import pytest

from docproc.client import AsyncClient, Attempts, Client, RefusedByServerError, ServerError, ServerUnreachableError
from docproc.domain.document import JobState
from docproc.domain.errors import UsageError

JOB_ID = "019a7f3e-5f00-7c21-9b1d-0c7a52e6a001"
PAGES = dict.fromkeys(("total", "read", "blank", "failed", "canceled", "open"), 0)
DOCUMENTS = dict.fromkeys(
    ("total", "received", "preparing", "reading", "assembling", "succeeded", "needs_review", "failed", "canceled"), 0
)
JOB = {
    "id": JOB_ID, "state": "queued", "schema": "invoice@1", "reader": "auto", "priority": 0, "external_id": None,
    "metadata": {}, "created_at": "2026-01-01T00:00:00Z", "submitted_at": None, "cancel_requested_at": None,
    "finished_at": None, "documents": DOCUMENTS, "pages": PAGES,
}  # fmt: skip


class Server:
    """Answers with what it was given, one after the other, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        request.read()
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(server):
    http = httpx2.Client(transport=httpx2.MockTransport(server))
    return Client("http://docproc.test/", key="docproc_x", http=http, attempts=Attempts(most=3, chance=lambda: 0.0))


def job(status=200, **more):
    return httpx2.Response(status, json={**JOB, **more})


def problem(status, code, **headers):
    body = {"type": "t", "title": "T", "status": status, "code": code, "detail": "why"}
    return httpx2.Response(status, json=body, headers=headers)


def test_a_submission_is_one_job_however_often_it_is_sent(tmp_path):
    bill = tmp_path / "bill.pdf"
    bill.write_bytes(b"%PDF-1.7 " + bytes(100_000))
    server = Server(problem(503, "storage_unavailable"), httpx2.ConnectError("x"), job(201))
    sent: list[int] = []

    submitted = client(server).submit([bill], schema="invoice", metadata={"a": 1}, reuse=False, on_sent=sent.append)

    assert str(submitted.id) == JOB_ID
    assert len({request.headers["idempotency-key"] for request in server.asked}) == 1
    assert len({request.content.count(b'filename="bill.pdf"') for request in server.asked}) == 1
    assert b'name="metadata"\r\n\r\n{"a": 1}' in server.asked[0].content
    assert b'name="reuse"\r\n\r\nfalse' in server.asked[0].content
    assert sum(sent) == bill.stat().st_size


def test_two_submissions_are_two_jobs():
    server = Server(job(201))
    docproc = client(server)
    docproc.submit(schema="invoice", documents=[{"url": "https://example.com/a.pdf"}])
    docproc.submit(schema="invoice", documents=[{"url": "https://example.com/a.pdf"}])
    assert len({request.headers["idempotency-key"] for request in server.asked}) == 2


@pytest.mark.parametrize("lost", [httpx2.ReadError("x"), httpx2.ReadTimeout("x"), httpx2.RemoteProtocolError("x")])
def test_what_is_no_repeatable_request_is_sent_once_when_its_answer_is_lost(lost):
    server = Server(lost)
    with pytest.raises(ServerUnreachableError):
        client(server).request("POST", "/v1/webhooks/1/rotate")
    assert len(server.asked) == 1


def test_what_never_arrived_or_does_no_harm_is_sent_again():
    never = Server(httpx2.ConnectError("x"), problem(429, "rate_limited"), httpx2.Response(200))
    assert client(never).request("POST", "/v1/webhooks/1/rotate").status_code == 200
    for method, repeatable in (("GET", None), ("DELETE", None), ("POST", True)):
        lost = Server(httpx2.ReadError("x"), problem(503, "storage_unavailable"), httpx2.Response(200))
        assert client(lost).request(method, "/v1/jobs", repeatable=repeatable).status_code == 200
    canceled = Server(job(), httpx2.ReadError("x"), job(state="canceled"))
    assert client(canceled).job(JOB_ID).cancel().state is JobState.CANCELED


def upload_place(url, **headers):
    told = {"upload_id": "a" * 64, "there": url is None, "url": url, "headers": headers, "expires_s": 60}
    return httpx2.Response(201, json=told)


def test_a_file_sent_ahead_goes_where_the_server_says_and_the_key_to_the_server_alone(tmp_path):
    bill = tmp_path / "bill.pdf"
    bill.write_bytes(b"%PDF-1.7 " + bytes(100_000))
    for url, bears_key in (("https://store.test/bucket/a?sig=1", False), ("/v1/uploads/a", True)):
        server = Server(
            upload_place(url, **{"If-None-Match": "*"}), httpx2.ReadError("x"), problem(503, "x"), httpx2.Response(204)
        )
        sent: list[int] = []
        assert client(server).upload(bill, on_sent=sent.append) == "a" * 64
        announced, *tries = server.asked
        assert json.loads(announced.content)["byte_count"] == bill.stat().st_size
        assert str(tries[0].url) == (f"http://docproc.test{url}" if bears_key else url)
        assert [("authorization" in each.headers) for each in tries] == [bears_key] * 3
        assert {each.headers["content-length"] for each in tries} == {str(bill.stat().st_size)}
        assert {each.content for each in tries} == {bill.read_bytes()}
        assert not any("transfer-encoding" in each.headers for each in tries)
        assert tries[0].headers["if-none-match"] == "*"
        assert sum(sent) == bill.stat().st_size


def test_a_file_that_is_there_is_not_sent_again(tmp_path):
    bill = tmp_path / "bill.pdf"
    bill.write_bytes(b"%PDF-1.7")
    there = Server(upload_place(None))
    assert client(there).upload(bill) == "a" * 64
    assert len(there.asked) == 1
    arrived = Server(upload_place("https://store.test/a"), httpx2.ReadError("x"), httpx2.Response(412))
    assert client(arrived).upload(bill) == "a" * 64
    refused = Server(upload_place("https://store.test/a"), httpx2.Response(403))
    with pytest.raises(RefusedByServerError):
        client(refused).upload(bill)


def test_a_json_schema_travels_whole():
    server = Server(job(201))
    client(server).submit(schema={"type": "object", "properties": {"n": {"type": "string"}}})
    assert b'{"type": "object", "properties": {"n": {"type": "string"}}}' in server.asked[0].content


def test_a_refusal_carries_code_and_reason():
    with pytest.raises(RefusedByServerError) as refused:
        client(Server(problem(404, "not_found"))).job(JOB_ID)
    assert (refused.value.status, refused.value.problem.code) == (404, "not_found")
    assert refused.value.message == "why (404, not_found)"


def test_an_error_of_the_server_is_not_asked_for_twice():
    server = Server(problem(500, "internal"))
    with pytest.raises(ServerError, match="internal"):
        client(server).job(JOB_ID)
    assert len(server.asked) == 1


def test_what_is_no_docproc_says_so():
    with pytest.raises(RefusedByServerError, match="is that the address of docproc"):
        client(Server(httpx2.Response(404, text="<html>"))).job(JOB_ID)


def test_a_server_that_stays_away_is_an_error_with_its_address():
    server = Server(httpx2.ConnectError("refused"))
    with pytest.raises(ServerUnreachableError, match=r"http://docproc\.test does not answer \(ConnectError\)"):
        client(server).job(JOB_ID)
    assert len(server.asked) == 3


def test_lists_are_followed_to_their_end():
    pages = [{"items": [JOB], "next_cursor": "c1"}, {"items": [JOB], "next_cursor": None}]
    server = Server(*(httpx2.Response(200, json=page) for page in pages))
    since = datetime(2026, 1, 2, tzinfo=UTC)
    found = list(client(server).jobs(state=JobState.QUEUED, metadata={"a": "b", "c": "d"}, since=since))
    assert len(found) == 2
    first, second = (request.url.params for request in server.asked)
    assert first.get_list("metadata") == ["a:b", "c:d"]
    assert (first["state"], first["since"]) == ("queued", "2026-01-02T00:00:00+00:00")
    assert (second["cursor"], second["state"]) == ("c1", "queued")


@pytest.mark.parametrize("server", ["", "docproc.example", "ftp://x", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(server):
    with pytest.raises(UsageError, match="the server's address"):
        Client(server, key="docproc_x")


@pytest.mark.parametrize("key", ["", " ", "a\nb", "schlüssel"])
def test_a_key_that_is_none_is_refused_and_not_shown(key):
    with pytest.raises(UsageError) as refused:
        Client("http://x", key=key)
    assert not key.strip() or key not in refused.value.message


def test_an_export_that_breaks_off_leaves_no_file(tmp_path):
    export = {
        "id": JOB_ID, "job_id": JOB_ID, "format": "csv", "dialect": "rfc4180", "state": "succeeded", "byte_count": 9,
        "records": 1, "failure": None, "created_at": "2026-01-01T00:00:00Z", "finished_at": None,
    }  # fmt: skip

    def broken():
        yield b"half"
        raise httpx2.ReadError("broken")

    server = Server(job(), httpx2.Response(202, json=export), httpx2.Response(200, content=broken()))
    found = client(server).job(JOB_ID)
    with pytest.raises(ServerUnreachableError):
        found.export(tmp_path / "records.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_export_of_another_kind_is_refused_at_once(tmp_path):
    server = Server(job())
    found = client(server).job(JOB_ID)
    with pytest.raises(UsageError, match=r"\.jsonl, \.csv, \.xlsx"):
        found.export(tmp_path / "records.docx")
    assert len(server.asked) == 1


def test_a_broken_line_of_events_is_taken_up_where_it_broke():
    def told(*numbers):
        for number in numbers:
            body = {"number": number, "kind": "job.created", "job_id": JOB_ID, "document_id": None,
                    "happened_at": "2026-01-01T00:00:00Z"}  # fmt: skip
            yield f"id: {number}\nevent: job.created\ndata: {json.dumps(body)}\n\n".encode()

    def broken():
        yield from told(1, 2)
        yield b": still here\n\nid: 3\nevent: job"
        raise httpx2.ReadError("broken")

    answers = [httpx2.Response(200, content=body) for body in (broken(), told(3))]
    server = Server(job(), *answers, httpx2.Response(204))
    found = client(server).job(JOB_ID)
    assert [news.number for news in found.events()] == [1, 2, 3]
    assert [request.headers["last-event-id"] for request in server.asked[1:]] == ["0", "2", "3"]


def test_waiting_ends_when_time_is_up():
    server = Server(job(), httpx2.ReadTimeout("silence"))
    found = client(server).job(JOB_ID)
    with pytest.raises(TimeoutError, match="has not ended"):
        found.wait(timeout_s=0.05)


def test_the_asyncio_client_does_the_same():
    async def use():
        server = Server(problem(503, "storage_unavailable"), job(201))
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(server))
        impatient = Attempts(most=3, chance=lambda: 0.0)
        async with AsyncClient("http://docproc.test", key="docproc_x", http=http, attempts=impatient) as docproc:
            submitted = await docproc.submit(schema="invoice")
        assert len(server.asked) == 2
        return submitted.id

    assert str(asyncio.run(use())) == JOB_ID


def test_a_job_that_is_deleted_while_it_is_watched_is_said_to_be_gone():
    told = b"retry: 1000\n\nevent: gone\ndata: {}\n\n"
    stream = httpx2.Response(200, content=told, headers={"content-type": "text/event-stream"})
    server = Server(job(running=1), stream, problem(404, "not_found"))
    watched = client(server).job(JOB_ID)

    with pytest.raises(RefusedByServerError) as refused:
        watched.wait()

    assert refused.value.problem.code == "not_found"
