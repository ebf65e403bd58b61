"""Traces the requests of an ASGI application. Knows no route, no framework and nothing of what is asked or answered."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from docproc.observability.tracing import request

_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]
_App: TypeAlias = Callable[[_Message, _Receive, _Send], Awaitable[None]]

#: asked every few seconds by machines
PROBES = frozenset({"/health", "/ready", "/metrics"})
_CARRIED = (b"traceparent", b"tracestate")
_NO_ROUTE = "(no route)"


class TracedRequests:
    """Middleware: `app.add_middleware(TracedRequests)`; costs nothing while traces are off."""

    def __init__(self, app: _App) -> None:
        self._app = app

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request in a span, below that of the caller if it names one."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        status = 500  # what a server answers when the application breaks off

        async def sent(message: _Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _CARRIED}
        with request(scope["method"], headers) as answered:
            try:
                await self._app(scope, receive, sent)
            finally:
                # the router leaves its route here
                answered(scope["method"], getattr(scope.get("route"), "path", _NO_ROUTE), status=status)
