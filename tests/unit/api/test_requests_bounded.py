"""What a request may send before anybody knows whose it is, and what every answer carries."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse
from starlette.types import Message

from docproc.api.bodies import MOST_BYTES, BoundedBodies
from docproc.api.counting import Counted, RequestCounters
from docproc.api.marks import Marked
from docproc.api.problems import answer_with_problems
from docproc.domain.errors import StorageError

ASKED = {"type": "http", "method": "POST", "headers": [], "query_string": b"", "http_version": "1.1", "state": {}}


def _app(counters: RequestCounters | None = None, *, silence_s: float = 5.0) -> FastAPI:
    app = FastAPI()
    answer_with_problems(app)
    app.add_middleware(BoundedBodies, streamed=[("POST", re.compile("/streamed"))], silence_s=silence_s)
    app.add_middleware(Counted, counters=counters or RequestCounters())
    app.add_middleware(Marked)

    @app.post("/kept")
    def kept(asked: Annotated[dict[str, Any], Body()]) -> int:
        return len(asked)

    @app.post("/streamed")
    async def streamed(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("the buyer is Ada")

    @app.get("/half")
    def half() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"half"
            raise StorageError("the store went away")

        return StreamingResponse(pieces())

    return app


def test_a_body_that_is_read_as_a_whole_is_bounded_however_it_is_sent() -> None:
    client = TestClient(_app())
    too_much = b" " * (MOST_BYTES + 1)
    for content in (too_much, (too_much[at : at + 65536] for at in range(0, len(too_much), 65536))):
        answer = client.post("/kept", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert client.post("/kept", json={"a": 1}).json() == 1


def test_a_body_that_goes_to_the_disk_is_not() -> None:
    assert TestClient(_app()).post("/streamed", content=b" " * (MOST_BYTES + 1)).json() == MOST_BYTES + 1


async def _asked(app: FastAPI, path: str, *, first: Message, then: Message | None) -> list[Message]:
    """What is answered to a body that begins so, and goes on so or not at all."""
    coming = [first]
    answered: list[Message] = []

    async def receive() -> Message:
        if coming:
            return coming.pop()
        if then is None:
            await asyncio.sleep(60)
        assert then is not None
        return then

    async def send(message: Message) -> None:
        answered.append(message)

    await app({**ASKED, "path": path, "raw_path": path.encode()}, receive, send)
    return answered


@pytest.mark.parametrize("path", ["/kept", "/streamed"])
def test_a_sender_that_falls_silent_is_not_waited_for(path: str) -> None:
    first = {"type": "http.request", "body": b"{", "more_body": True}
    (start, *_) = asyncio.run(_asked(_app(silence_s=0.05), path, first=first, then=None))
    assert start["status"] == 408


def test_a_client_that_goes_away_in_the_middle_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    counters = RequestCounters()
    first = {"type": "http.request", "body": b"half", "more_body": True}
    with caplog.at_level(logging.INFO):
        answered = asyncio.run(_asked(_app(counters), "/streamed", first=first, then={"type": "http.disconnect"}))
    assert answered == []
    assert [record.levelname for record in caplog.records if record.name.startswith("docproc")] == ["INFO"]
    assert 'docproc_http_requests_total{route="/streamed",method="POST",status="499"} 1' in counters.exposition()


def test_a_bug_is_counted_marked_and_found_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    counters = RequestCounters()
    with caplog.at_level(logging.INFO):
        answer = TestClient(_app(counters)).get("/broken")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    request_id = answer.headers["x-request-id"]
    assert answer.json()["request_id"] == request_id
    told = {record.action: record for record in caplog.records if hasattr(record, "action")}
    assert {told["internal_error"].request_id, told["request_answered"].request_id} == {request_id}  # type: ignore[attr-defined]
    assert 'docproc_http_requests_total{route="/broken",method="GET",status="500"} 1' in counters.exposition()


def test_half_an_answer_is_broken_off_and_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(RuntimeError):
        TestClient(_app()).get("/half")
    actions = [getattr(record, "action", None) for record in caplog.records]
    assert "request_failed" in actions
    assert "internal_error" not in actions


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2_Z", True), ("", False), ("a b", False), ("x" * 129, False), ("a\x85b", False)]
)
def test_a_request_may_bring_an_id_that_can_stand_in_a_log(given: str, kept: bool) -> None:
    answer = TestClient(_app()).post("/kept", json={}, headers={b"X-Request-Id": given.encode("latin-1")})
    assert (answer.headers["x-request-id"] == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.headers["x-request-id"])
