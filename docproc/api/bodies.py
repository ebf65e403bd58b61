"""Bounds what a request may send: how much of it is kept in memory, and how long nothing of it arrives.

The framework reads a JSON body before it asks whose request it is: without a bound anybody could fill the memory.
Knows no key, and of routes only those that put a body on the disk as it comes.
"""

import asyncio
import re
from collections.abc import Collection
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: of a body that is read as a whole
MOST_BYTES = 10 << 20
#: a sender that is silent for so long is gone, or only means to hold the line
SILENCE_S = 60.0


class BoundedBodies:
    """Middleware; what is refused is raised where the body is read, and answered as every other problem."""

    def __init__(
        self, app: ASGIApp, *, streamed: Collection[tuple[str, re.Pattern[str]]], silence_s: float = SILENCE_S
    ) -> None:
        """`streamed`: methods and paths of the routes that bound the size themselves."""
        self._app = app
        self._streamed = streamed
        self._silence_s = silence_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = not any(scope["method"] == method and path.fullmatch(scope["path"]) for method, path in self._streamed)
        arrived, whole = 0, False

        async def received() -> Message:
            nonlocal arrived, whole
            if whole:  # what comes now is only that the client went away
                return await receive()
            try:
                async with asyncio.timeout(self._silence_s):
                    message = await receive()
            except TimeoutError as exc:
                silent = f"nothing of the body arrived for {self._silence_s:g} seconds"
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, silent) from exc
            arrived += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if kept and arrived > MOST_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has at most {MOST_BYTES:,} bytes")
            return message

        await self._app(scope, received, send)
