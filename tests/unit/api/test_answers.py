"""Parts of answers that know no store: cursors, problems, counters, pieces, turns."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from docproc.api import cursors
from docproc.api.counting import RequestCounters
from docproc.api.events import follow
from docproc.api.health import ready
from docproc.api.lookout import Lookout
from docproc.api.problems import answer_with_problems, problem_of
from docproc.api.streams import in_chunks
from docproc.domain import errors
from docproc.domain.document import DocumentState
from docproc.domain.ids import new_id
from docproc.services.catalog import Pace, Pulse
from docproc.services.local_backlog import OpenJob, in_turn
from docproc.services.records import DocumentCounts, PageCounts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = UUID(int=7)


def test_a_cursor_leads_back_to_where_it_was_given() -> None:
    place = cursors.job_place(cursors.cursor_of(NOW.isoformat(), ID))
    assert place is not None
    assert (place.created_at, place.id) == (NOW, ID)
    assert cursors.position(cursors.cursor_of(41)) == 41
    assert cursors.identity(cursors.cursor_of(ID)) == ID
    assert cursors.job_place(None) is None
    assert cursors.position(None) == -1


@pytest.mark.parametrize(
    "cursor", ["", "?", "e30", "WzFd", "W10", "WyJ4Il0", "WyIyMDI2LTAzLTAxIiwgIjEiXQ", "é", "a" * 299]
)
def test_a_cursor_that_nobody_gave_is_refused(cursor: str) -> None:
    for read in (cursors.job_place, cursors.position, cursors.identity, cursors.audit_place, cursors.log_place):
        with pytest.raises(errors.UsageError):
            read(cursor)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.UnknownKeyError(), 401, "unknown_key"),
        (errors.ForbiddenError(), 403, "forbidden"),
        (errors.NotFoundError(), 404, "not_found"),
        (errors.ConflictError(), 409, "conflict"),
        (errors.HeldError(), 409, "on_hold"),
        (errors.BlobMissingError(), 410, "blob_missing"),
        (errors.StaleError(), 412, "stale_revision"),
        (errors.TooLargeError(), 413, "too_large"),
        (errors.SchemaError(), 422, "invalid_schema"),
        (errors.CorruptError(), 422, "corrupt"),
        (errors.PreconditionRequiredError(), 428, "precondition_required"),
        (errors.RateError(retry_after_s=0.2), 429, "rate_limited"),
        (errors.StorageError(), 503, "storage_unavailable"),
        (errors.BrokerError(), 503, "broker_unavailable"),
        (errors.BusyError(), 503, "busy"),
    ],
)
def test_every_kind_of_error_has_its_status_and_code(error: errors.DocprocError, status: int, code: str) -> None:
    answer = problem_of(error)
    body = json.loads(bytes(answer.body))
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer.media_type == "application/problem+json"
    assert body["detail"] == error.message
    assert ("retry-after" in answer.headers) is (status in {429, 503})


def test_a_bug_is_a_problem_without_its_text() -> None:
    app = FastAPI()
    answer_with_problems(app)

    @app.get("/")
    def broken() -> None:
        raise ValueError("the buyer is Ada")

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "Ada" not in answer.text


def test_an_answer_that_a_store_broke_off_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    answer_with_problems(app)

    def half() -> Iterator[bytes]:
        yield b"the beginning"
        raise errors.StorageError("the server cannot be reached")

    app.add_api_route("/", lambda: StreamingResponse(half()))
    with pytest.raises(RuntimeError):  # so that the server cuts the line, and nobody takes half for all
        TestClient(app).get("/")
    assert [record.__dict__["action"] for record in caplog.records if "action" in record.__dict__] == ["request_failed"]


class _BrokenCatalog:
    """Knows of an event that it cannot tell."""

    def pulses(self, jobs: Sequence[UUID]) -> Mapping[UUID, Pulse]:
        pulse = Pulse(
            events=1,
            documents=DocumentCounts(reading=1),
            pages=PageCounts(total=1, open=1),
            submitted=True,
            canceled=False,
            finished_at=None,
        )
        return dict.fromkeys(jobs, pulse)

    def events(self, *_: object, **__: object) -> Sequence[object]:
        raise errors.StorageError("the server cannot be reached")


def test_a_stream_of_events_ends_when_the_store_goes_away_so_that_the_watcher_comes_back() -> None:
    catalog: Any = _BrokenCatalog()
    jobs = SimpleNamespace(get=lambda job_id, tenant: SimpleNamespace(id=job_id, tenant=tenant))
    desk = SimpleNamespace(stores=SimpleNamespace(jobs=jobs), front=SimpleNamespace(catalog=catalog))

    async def read() -> list[str]:
        face: Any = SimpleNamespace(desk=desk, lookout=Lookout(catalog, every_s=0.001))
        key: Any = SimpleNamespace(tenant="local")
        answer: Any = await follow(ID, face, key)
        return [text async for text in answer.body_iterator]

    assert asyncio.run(read()) == ["retry: 1000\n\n"]


def test_a_replica_that_is_not_ready_says_when_to_ask_again() -> None:
    def away(*_: object) -> None:
        raise errors.StorageError("it is away")

    def answered(look: Callable[..., object]) -> tuple[int, bool]:
        upkeep = SimpleNamespace(census=SimpleNamespace(now=look))
        stores = SimpleNamespace(blobs=SimpleNamespace(size=look))
        face: Any = SimpleNamespace(desk=SimpleNamespace(upkeep=upkeep, stores=stores))
        answer = ready(face)
        return answer.status_code, "retry-after" in answer.headers

    assert answered(away) == (503, True)
    assert answered(lambda *_: None) == (200, False)


def test_counters_are_prometheus_text() -> None:
    counters = RequestCounters()
    counters.count("/v1/jobs", "GET", 200, 0.03)
    counters.count("/v1/jobs", "GET", 200, 70.0)
    lines = counters.exposition().splitlines()
    assert 'docproc_http_requests_total{route="/v1/jobs",method="GET",status="200"} 2' in lines
    assert 'docproc_http_request_seconds_bucket{route="/v1/jobs",method="GET",le="0.05"} 1' in lines
    assert 'docproc_http_request_seconds_bucket{route="/v1/jobs",method="GET",le="+Inf"} 2' in lines
    assert "docproc_http_requests_under_way 0" in lines


def test_pieces_are_joined_without_a_byte_more_or_less() -> None:
    whole = [bytes([number % 251]) * (number % 97) for number in range(5000)]
    joined = list(in_chunks(iter(whole)))
    assert b"".join(joined) == b"".join(whole)
    assert len(joined) < 10
    assert list(in_chunks(iter([]))) == [b""]


def test_tenants_take_turns_within_a_priority() -> None:
    jobs = [
        OpenJob(id=new_id(), tenant=tenant, priority=priority)
        for tenant, priority in (("a", 0), ("a", 0), ("b", 0), ("c", 5))
    ]
    assert [job.tenant for job in in_turn(jobs, last="")] == ["c", "a", "a", "b"]
    assert [job.tenant for job in in_turn(jobs, last="a")] == ["c", "b", "a", "a"]


def test_time_left_counts_documents_that_are_not_taken_apart_yet() -> None:
    pulse = Pulse(
        events=1,
        documents=DocumentCounts(received=3, **{DocumentState.SUCCEEDED.value: 1}),
        pages=PageCounts(total=10, read=10),
        submitted=True,
        canceled=False,
        finished_at=None,
    )
    pace = Pace(jobs_ahead=0, pages_ahead=0, started_at=NOW, now=NOW.replace(second=5))
    assert pace.pages_per_s(pulse.pages) == 2.0
    assert pace.seconds_left(pulse) == 15.0
    idle = Pace(jobs_ahead=0, pages_ahead=0, started_at=None, now=NOW)
    assert idle.pages_per_s(pulse.pages) is None
    assert idle.seconds_left(pulse) is None
