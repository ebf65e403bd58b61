"""Traces: one for each job, whose id is the job's own, so that steps done anywhere meet in it. Knows no value.

Nothing has to be carried from the request to the page, neither in a message, which may be lost, nor in a row: whoever
knows the job knows its trace, also when the work is swept, retried or replayed days later. Off until `begin_traces`;
OpenTelemetry is imported there and nowhere else.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from docproc.domain.errors import UsageError
from docproc.observability.events import Fact, facts_bound

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from docproc.observability.exporting import Traces

#: what a job's first span is called
SUBMIT = "submit"

_traces: "Traces | None" = None


def begin_traces(endpoint: str | None, *, part: str) -> None:
    """From now on this process tells a collector at `endpoint` (OTLP over HTTP) what it does; None leaves it silent.

    `part` is what of docproc this is: `worker`, `api`, `watch`. Raises UsageError when OpenTelemetry is not installed.
    """
    global _traces  # noqa: PLW0603 as logging's: there is one of it in a process
    if endpoint is None or _traces is not None:
        return
    try:
        from docproc.observability.exporting import Traces  # noqa: PLC0415 nobody else needs it
    except ImportError as exc:
        raise UsageError(f"trace_endpoint needs {exc.name}: pip install 'docproc[service]'") from exc
    _traces = Traces(endpoint, part=part)
    for name in ("docproc", "workers"):
        logging.getLogger(name).addHandler(_SPAN_EVENTS)


def end_traces() -> None:
    """Send what is still here, for some seconds at most."""
    global _traces
    ending, _traces = _traces, None
    if ending is not None:
        ending.end()


@contextmanager
def job_begins(job_id: UUID) -> Iterator[None]:
    """While a job is submitted; it and the request that it came with point at each other."""
    if _traces is None:
        yield
    else:
        with _traces.root(SUBMIT, job_id):
            yield


@contextmanager
def step_of(step: str) -> Iterator[None]:
    """While a step is done for the job that is bound (`bound(job_id=…)`), in that job's trace."""
    facts = facts_bound()
    if _traces is None or "job_id" not in facts:
        yield
    else:
        with _traces.below(step, UUID(str(facts["job_id"])), attributes_of(facts)):
            yield


@contextmanager
def request(method: str, headers: Mapping[str, str]) -> Iterator["Answered"]:
    """While a request is answered, in the trace that its caller names in `traceparent`, else in one of its own."""
    if _traces is None:
        yield Answered(None)
    else:
        with _traces.request(method, headers) as span:
            yield Answered(span)


class Answered:
    """How a request ended, told once it is known."""

    def __init__(self, span: "Span | None") -> None:
        self._span = span

    def __call__(self, method: str, route: str, *, status: int) -> None:
        """`route` as it was declared (`/v1/jobs/{job}`): what a caller wrote there may be anything."""
        if self._span is None:
            return
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})


def attributes_of(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts as attributes: ids, numbers and docproc's own words, as in a line of the log."""
    return {f"docproc.{name}": fact for name, fact in facts.items() if fact is not None}


class _SpanEvents(logging.Handler):
    """Notes every event in the span that it happens in; what nobody traces is not noted."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        if _traces is not None and hasattr(record, "action"):
            _traces.note(record)


_SPAN_EVENTS = _SpanEvents()
