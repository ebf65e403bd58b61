"""The line between clients and replicas: each request goes to the next replica, and every answer is written down."""

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import httpx2


class Line(httpx2.AsyncBaseTransport):
    """As a balancer that knows nothing of who lives: the client has to ask again."""

    def __init__(self, ports: Sequence[int], *, first: int, record: Path) -> None:
        self._ports = ports
        self._turns = count(first)
        self._record = record
        self._lower = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises what the transport raises."""
        replica = next(self._turns) % len(self._ports)
        asked = {"replica": replica, "method": request.method, "path": request.url.path}
        request.url = request.url.copy_with(port=self._ports[replica])
        try:
            answer = await self._lower.handle_async_request(request)
        except httpx2.TransportError as exc:
            self._note({**asked, "status": None, "error": type(exc).__name__})
            raise
        self._note({**asked, "status": answer.status_code, "retry_after": answer.headers.get("retry-after")})
        return answer

    async def aclose(self) -> None:
        """End its connections."""
        await self._lower.aclose()

    def _note(self, line: dict[str, object]) -> None:
        with self._record.open("a") as file:
            file.write(json.dumps(line) + "\n")
