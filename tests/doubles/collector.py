"""An OpenTelemetry collector on this machine: takes spans by OTLP over HTTP, as any other does, and keeps them."""

import gzip
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenSpan:
    """A span as it came."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    #: of traces that it points at
    links: tuple[str, ...]
    attributes: dict[str, Any]
    resource: dict[str, Any]
    events: dict[str, dict[str, Any]]
    failed: bool


class Collector:
    """What it was sent; any other request is answered and kept too."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bodies: list[bytes] = []
        self.others: list[str] = []
        self._turn = threading.Lock()

    def take(self, path: str, body: bytes) -> None:
        with self._turn:
            if path == "/v1/traces":
                self.bodies.append(body)
            else:
                self.others.append(path)

    @property
    def spans(self) -> Sequence[TakenSpan]:
        with self._turn:
            bodies = list(self.bodies)
        return [span for body in bodies for span in _spans(ExportTraceServiceRequest.FromString(body))]


@contextmanager
def running_collector() -> Iterator[Collector]:
    """On a free port of this machine."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.take(self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    collector = Collector(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _spans(sent: ExportTraceServiceRequest) -> Iterator[TakenSpan]:
    for part in sent.resource_spans:
        resource = _read(part.resource.attributes)
        for scope in part.scope_spans:
            for span in scope.spans:
                yield TakenSpan(
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    links=tuple(link.trace_id.hex() for link in span.links),
                    attributes=_read(span.attributes),
                    resource=resource,
                    events={event.name: _read(event.attributes) for event in span.events},
                    failed=span.status.code == span.status.STATUS_CODE_ERROR,
                )


def _read(attributes: Any) -> dict[str, Any]:  # noqa: ANN401 protobuf's own sequence
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes}
