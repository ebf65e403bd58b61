"""What every answer carries: headers for browsers, and an id of the request that all lines about it carry too."""

import re
import secrets
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docproc.observability.events import bound, facts_bound

REQUEST_ID = "X-Request-Id"
#: what a proxy or a client may call a request: nothing that could be taken for a line of its own
_USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Marked:
    """Middleware: the outermost, so that nothing is answered without."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(scope["headers"]) or secrets.token_hex(8)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with bound(request_id=request_id):
            await self._app(scope, receive, sent)


def request_id_now() -> str | None:
    """Of the request that is answered now."""
    found = facts_bound().get("request_id")
    return found if isinstance(found, str) else None


def _given(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"x-request-id" and _USABLE.fullmatch(written := value.decode("latin-1")):
            return written
    return None
