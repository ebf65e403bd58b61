"""Counts requests by route, method and status, and writes them as Prometheus text. Knows no tenant and no content."""

import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
#: what no route took
_UNKNOWN = "unknown"

_Labels: TypeAlias = tuple[str, str]


class RequestCounters:
    """What one process has answered since it began."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._answered: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[_Labels, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS_S) + 1))
        self._seconds: Counter[_Labels] = Counter()
        self.under_way = 0

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        with self._turn:
            self._answered[route, method, status] += 1
            self._times[route, method][bisect_left(_BUCKETS_S, seconds)] += 1
            self._seconds[route, method] += seconds  # type: ignore[assignment]  # a Counter adds floats too

    def exposition(self) -> str:
        """Prometheus text."""
        with self._turn:
            return "\n".join([*self._requests(), *self._durations(), *self._now()]) + "\n"

    def _requests(self) -> Iterator[str]:
        yield "# HELP docproc_http_requests_total Requests answered."
        yield "# TYPE docproc_http_requests_total counter"
        for (route, method, status), count in sorted(self._answered.items()):
            labels = f'route="{route}",method="{method}",status="{status}"'
            yield f"docproc_http_requests_total{{{labels}}} {count}"

    def _durations(self) -> Iterator[str]:
        name = "docproc_http_request_seconds"
        yield f"# HELP {name} From the first byte of a request to the last of its answer."
        yield f"# TYPE {name} histogram"
        for (route, method), counts in sorted(self._times.items()):
            labels = f'route="{route}",method="{method}"'
            for edge, below in zip((*_BUCKETS_S, "+Inf"), accumulate(counts), strict=True):
                yield f'{name}_bucket{{{labels},le="{edge}"}} {below}'
            yield f"{name}_sum{{{labels}}} {self._seconds[route, method]}"
            yield f"{name}_count{{{labels}}} {sum(counts)}"

    def _now(self) -> Iterator[str]:
        yield "# HELP docproc_http_requests_under_way Requests that are being answered."
        yield "# TYPE docproc_http_requests_under_way gauge"
        yield f"docproc_http_requests_under_way {self.under_way}"


class Counted:
    """Middleware that counts what passes."""

    def __init__(self, app: ASGIApp, counters: RequestCounters) -> None:
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 499  # what was broken off before there was an answer

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._counters.under_way += 1
        try:
            await self._app(scope, receive, sent)
        finally:
            self._counters.under_way -= 1
            route = getattr(scope.get("route"), "path", _UNKNOWN)
            method = scope["method"] if route != _UNKNOWN else _UNKNOWN
            self._counters.count(route, method, status, time.monotonic() - began)
