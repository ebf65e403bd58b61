"""What an operator's tools ask a worker over HTTP: /metrics, /health, /ready. Knows no metric by name."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from docproc.observability import event

logger = logging.getLogger(__name__)

#: a loop that did not come round for this long hangs; what it waits for at most (a store, the broker) takes less
HANGS_AFTER_S = 90.0
_ASKED_AT_MOST_S = 10.0
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"

#: what is the matter, by what it is about; empty: nothing
Troubles = Mapping[str, str]


class Pulse:
    """When each loop of a worker last came round."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """`loop` came round."""
        self._last[loop] = self._clock()

    def troubles(self) -> Troubles:
        """Loops that hang."""
        now = self._clock()
        silent = {loop: now - last for loop, last in list(self._last.items())}
        return {loop: f"silent for {seconds:.0f} s" for loop, seconds in silent.items() if seconds > HANGS_AFTER_S}


class Probes:
    """A server in threads of its own, from when it is entered until it is left."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        metrics: Callable[[], bytes],
        health: Callable[[], Troubles],
        ready: Callable[[], Troubles],
    ) -> None:
        """Raises OSError when the address is taken or not ours."""
        self._server = _Server(address, partial(_Answer, metrics, {"/health": health, "/ready": ready}))
        self._thread = threading.Thread(target=self._server.serve_forever, name="docproc-probes", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens: another one than asked for when that was 0."""
        return int(self._server.server_address[1])

    def __enter__(self) -> "Probes":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        event(logger, "probe_failed", cause=sys.exception())


class _Answer(BaseHTTPRequestHandler):
    timeout = _ASKED_AT_MOST_S
    server_version, sys_version = "docproc", ""

    def __init__(
        self,
        metrics: Callable[[], bytes],
        checks: Mapping[str, Callable[[], Troubles]],
        *request: Any,  # noqa: ANN401
    ) -> None:
        self._metrics = metrics
        self._checks = checks
        super().__init__(*request)  # answers the request

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._send(HTTPStatus.OK, _EXPOSITION, self._metrics())
        elif path in self._checks:
            troubles = self._checks[path]()
            status = HTTPStatus.SERVICE_UNAVAILABLE if troubles else HTTPStatus.OK
            body = {"status": "trouble" if troubles else "good", "troubles": dict(troubles)}
            self._send(status, "application/json", json.dumps(body).encode() + b"\n")
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there is /metrics, /health and /ready\n")

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: tools ask every few seconds."""
