"""Spans to a collector by OTLP over HTTP. Knows jobs by their ids only; needs OpenTelemetry, so it is imported late."""

import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import docproc
from docproc.observability.lines import facts_of

#: a collector that is away may cost a process at its end no more than that
_SEND_S = 3
_EVERY_MS = 1000
_LOW = (1 << 64) - 1

_ROOT: ContextVar[UUID | None] = ContextVar("docproc_root", default=None)


def place_of(job_id: UUID) -> SpanContext:
    """Where a job's first span is: the trace has the job's id, the span the second half of it, which is random."""
    return SpanContext(job_id.int, job_id.int & _LOW, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


class _Ids(RandomIdGenerator):
    """Draws ids, but for the first span of a job."""

    def generate_trace_id(self) -> int:
        root = _ROOT.get()
        return super().generate_trace_id() if root is None else root.int

    def generate_span_id(self) -> int:
        root = _ROOT.get()
        return super().generate_span_id() if root is None else root.int & _LOW


class Traces:
    """What one process tells."""

    def __init__(self, endpoint: str, *, part: str) -> None:
        """`endpoint` is the collector's, without the path that OTLP gives traces."""
        resource = Resource.create(
            {
                "service.name": f"docproc-{part}",
                "service.namespace": "docproc",
                "service.version": docproc.__version__,
                "host.name": socket.gethostname(),
            }
        )
        # every job is told: a share of them is chosen by the collector, which sees how they ended
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=_Ids())
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_SEND_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MS))
        self._tracer = self._provider.get_tracer("docproc", docproc.__version__)

    def end(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    @contextmanager
    def root(self, name: str, job_id: UUID) -> Iterator[None]:
        """The first span of a job, and a link to and from the request that it came with, if there is one."""
        asking = trace.get_current_span()
        links = []
        if asking.is_recording():
            asking.add_link(place_of(job_id), {"docproc.job_id": str(job_id)})
            links = [Link(asking.get_span_context())]
        drawing = _ROOT.set(job_id)
        try:
            span = self._tracer.start_span(
                name, context=Context(), links=links, attributes={"docproc.job_id": str(job_id)}
            )
        finally:
            _ROOT.reset(drawing)
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield

    @contextmanager
    def below(self, name: str, job_id: UUID, attributes: Mapping[str, Any]) -> Iterator[None]:
        """A span of a job, wherever and whenever it happens."""
        above = trace.set_span_in_context(NonRecordingSpan(place_of(job_id)), Context())
        with self._tracer.start_as_current_span(
            name,
            above,
            attributes=attributes,
            kind=SpanKind.CONSUMER,
            record_exception=False,
            set_status_on_exception=False,
        ):
            yield

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """A span of a request, below its caller's."""
        above = TraceContextTextMapPropagator().extract(headers, Context())
        with self._tracer.start_as_current_span(
            method, above, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    def note(self, record: logging.LogRecord) -> None:
        """An event of docproc's, in the span that it happens in; of an error its type and place, never its text."""
        span = trace.get_current_span()
        if not span.is_recording():
            return
        facts = dict(facts_of(record))
        span.add_event(str(facts.pop("action")), {f"docproc.{name}": _plain(fact) for name, fact in facts.items()})
        if record.levelno >= logging.ERROR or facts.get("outcome") == "broken_off":
            span.set_status(trace.StatusCode.ERROR)


def _plain(fact: object) -> Any:  # noqa: ANN401 what an attribute may be
    return fact if isinstance(fact, str | int | float) else str(fact)
