"""Traces: a job's steps on workers of their own meet in one trace, which the request points at."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from doubles.collector import Collector, TakenSpan, running_collector
from doubles.works import Works
from fastapi import FastAPI

from docproc.domain.document import JobState
from docproc.domain.ids import new_id
from docproc.observability import bound, event
from docproc.observability.traced_requests import TracedRequests
from docproc.observability.tracing import begin_traces, end_traces, job_begins, step_of
from docproc.services.records import Job
from docproc.storage.database import Database
from docproc.storage.stores import errand_stores_over

pytestmark = pytest.mark.integration
CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
MARK = "Xyzzy4711"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as collector:
        yield collector


@pytest.fixture
def traced(collector: Collector) -> Iterator[Collector]:
    """This process tells the collector too."""
    begin_traces(collector.url, part="test")
    yield collector
    end_traces()


async def asked(app, *, path: str, traceparent: str = "") -> None:
    """One request, as a server hands it to an application."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: object) -> None: ...

    headers = [(b"traceparent", traceparent.encode())] if traceparent else []
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "root_path": ""}
    await app(scope, receive, send)


def requested(works: Works, traced: Collector) -> Job:
    """A job submitted in a request whose caller traces too."""
    jobs: list[Job] = []

    async def app(_scope: object, _receive: object, send) -> None:
        jobs.append(works.submit({"two.pdf": (f"Name: {MARK}", f"City: {MARK}")}))
        await send({"type": "http.response.start", "status": 201})

    asyncio.run(asked(TracedRequests(app), path="/v1/jobs", traceparent=f"00-{CALLER}-00f067aa0ba902b7-01"))
    end_traces()
    assert traced.spans
    return jobs[0]


def named(collector: Collector, *names: str) -> list[TakenSpan]:
    return [span for span in collector.spans if span.name in names]


def test_a_request_leads_to_each_page_that_was_read_for_it(works: Works, traced: Collector) -> None:
    works = replace(
        works,
        environment={
            **works.environment,
            "DOCPROC_TRACE_ENDPOINT": traced.url,
            "DOCPROC_WEBHOOK_HOSTS": '["127.0.0.1"]',
        },
    )
    database = Database.open(works.environment["DOCPROC_DATABASE_URL"])
    errands = errand_stores_over(database)
    errands.deliveries.add_webhook(tenant="local", url=f"{traced.url}/hook", secret="s" * 32, kinds=("job.succeeded",))
    job = requested(works, traced)
    works.start_worker("prepare", "assemble", "export", "deliver", slots=1)
    works.start_worker("read.trap", slots=2, pool="threads")
    assert works.until_ended(job).state is JobState.SUCCEEDED
    errands.exports.ask_for(job.id, tenant="local", export_format="jsonl", dialect="")
    steps = ["prepare", "read", "assemble", "export", "deliver"]
    told = Counter([*steps, "submit", "read"])  # a page each; each process tells when it comes to it
    works.until(lambda: Counter(span.name for span in traced.spans) >= told)
    database.close()

    (request,) = named(traced, "POST (no route)")
    (submit,) = named(traced, "submit")
    assert (request.trace_id, request.parent_id) == (CALLER, "00f067aa0ba902b7")
    assert (request.links, submit.links) == ((job.id.hex,), (CALLER,))
    assert submit.trace_id == job.id.hex
    done = named(traced, *steps)
    assert {span.trace_id for span in done} == {job.id.hex}
    assert {span.parent_id for span in done} == {submit.span_id}
    assert sorted(span.attributes["docproc.page"] for span in named(traced, "read")) == [1, 2]
    document = works.document(job)
    assert {span.attributes["docproc.document_id"] for span in named(traced, "prepare", "read", "assemble")} == {
        str(document.id)
    }
    assert {span.resource["service.name"] for span in done} == {"docproc-worker"}
    assert named(traced, "assemble")[0].events["document_ended"]["docproc.state"] == "needs_review"
    assert traced.others == ["/hook"]
    assert MARK.encode() not in b"".join(traced.bodies)


def test_a_collector_that_is_away_holds_nobody_up(works: Works) -> None:
    works = replace(works, environment={**works.environment, "DOCPROC_TRACE_ENDPOINT": "http://127.0.0.1:9"})
    job = works.submit({"one.pdf": ("Name: a",)})
    worker = works.start_worker(slots=1, pool="threads")
    assert works.until_ended(job).state is JobState.SUCCEEDED

    worker.end()

    assert worker.exit_code == 0


def test_a_step_that_breaks_off_is_marked_and_its_text_kept_back(traced: Collector) -> None:
    logger = logging.getLogger("docproc.test")
    with bound(job_id=str(new_id())), step_of("read"):
        event(logger, "task_failed", cause=ValueError(MARK))
        event(logger, "internal_error", place="x.py:1")
    end_traces()

    (span,) = traced.spans
    assert span.failed
    assert span.events["task_failed"]["docproc.error"] == "ValueError"
    assert MARK.encode() not in b"".join(traced.bodies)


def test_probes_are_not_traced_and_paths_are_told_as_they_are_declared(traced: Collector) -> None:
    def answer() -> str:
        return "answered"

    app = FastAPI()
    app.add_middleware(TracedRequests)
    for path in ("/health", "/v1/jobs/{job}"):
        app.post(path)(answer)
    for path in ("/health", f"/v1/jobs/{MARK}", f"/{MARK}"):
        asyncio.run(asked(app, path=path))
    end_traces()

    told = [(span.name, span.attributes["http.response.status_code"]) for span in traced.spans]
    assert told == [("POST /v1/jobs/{job}", 200), ("POST (no route)", 404)]
    assert MARK.encode() not in b"".join(traced.bodies)


def test_a_request_that_breaks_off_counts_as_one_that_failed(traced: Collector) -> None:
    async def app(*_: object) -> None:
        raise RuntimeError(MARK)

    with pytest.raises(RuntimeError):
        asyncio.run(asked(TracedRequests(app), path="/v1/jobs"))
    end_traces()

    (span,) = traced.spans
    assert span.attributes["http.response.status_code"] == 500
    assert MARK.encode() not in b"".join(traced.bodies)


def test_two_jobs_of_one_request_are_two_traces(traced: Collector) -> None:
    first, second = new_id(), new_id()

    async def app(*_: object) -> None:
        for job_id in (first, second):
            with job_begins(job_id):
                pass

    asyncio.run(asked(TracedRequests(app), path="/v1/jobs"))
    end_traces()

    assert {span.trace_id for span in named(traced, "submit")} == {first.hex, second.hex}
    assert set(named(traced, "POST (no route)")[0].links) == {first.hex, second.hex}
