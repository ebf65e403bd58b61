"""One request to one server over HTTP: bytes there, an answer or a clear refusal back. Knows no schema and no retry."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from ssl import SSLContext
from time import monotonic
from typing import Any, NamedTuple

import httpx2

from docproc.readers.remote.stream import Answer, AnswerStream, StreamFault

_OK = 200
_CONNECT_S = 10.0
_MOST_BYTES = 32 * 1024**2
_COMPLAINT_BYTES = 8 * 1024


class Refusal(Exception):  # noqa: N818 told by its status
    """The server answered, but not with an answer."""

    def __init__(self, status: int, *, complaint: str = "", wait_s: float | None = None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        #: what it said, to be looked at for words: it may quote the document
        self.complaint = complaint
        self.wait_s = wait_s


class Unheard(Exception):  # noqa: N818 told by its reason
    """No answer came: no connection, or one that broke."""


class Endless(Exception):  # noqa: N818 what it says is all there is
    """The answer is longer than any record."""


class Heard(NamedTuple):
    """An answer, and how long its first byte took."""

    answer: Answer
    first_byte_s: float


class Wire:
    """A connection to the servers, for as long as one window is read."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def complete(self, address: str, body: Mapping[str, Any]) -> Heard:
        """Ask for a completion. Raises Refusal, Unheard, Endless, StreamFault."""
        began = monotonic()
        with _translated():
            async with self._client.stream("POST", f"{address}/chat/completions", json=body) as response:
                await _require_ok(response)
                chunks = _bounded(response)
                first = await anext(chunks, b"")
                first_byte_s = monotonic() - began
                is_stream = "event-stream" in response.headers.get("content-type", "")
                answer = await (_streamed(first, chunks) if is_stream else _whole(first, chunks))
        return Heard(answer, first_byte_s)

    async def models(self, address: str) -> tuple[str, ...]:
        """Names of the models that a server has. Raises Refusal, Unheard, Endless, StreamFault."""
        with _translated():
            async with self._client.stream("GET", f"{address}/models") as response:
                await _require_ok(response)
                body = b"".join([chunk async for chunk in _bounded(response)])
        return _names(body)


@asynccontextmanager
async def open_wire(api_key: str | None) -> AsyncIterator[Wire]:
    """To the server that was named, and to nobody else go the key and the pages.

    Redirects are not followed, and neither a proxy nor a password of the environment (`HTTP_PROXY`, .netrc) is used.
    """
    headers = {"Accept-Encoding": "identity"}  # what is packed cannot be bounded by its length
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    async with httpx2.AsyncClient(
        headers=headers,
        verify=_trust(),
        follow_redirects=False,
        trust_env=False,
        # how long an answer may take as a whole is bounded by who asks
        timeout=httpx2.Timeout(None, connect=_CONNECT_S),
    ) as client:
        yield Wire(client)


@lru_cache(maxsize=1)
def _trust() -> SSLContext:
    """Reading all certificates takes longer than asking."""
    return httpx2.create_ssl_context()


@contextmanager
def _translated() -> Iterator[None]:
    """What the library raises, in this module's words."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
        raise Unheard("it cannot be reached") from exc
    except (httpx2.RequestError, httpx2.StreamError) as exc:
        raise Unheard("the connection broke") from exc


async def _require_ok(response: httpx2.Response) -> None:
    if response.status_code == _OK:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise StreamFault(502)
        return
    said = bytearray()
    async for chunk in response.aiter_raw():
        said += chunk
        if len(said) >= _COMPLAINT_BYTES:
            break
    raise Refusal(
        response.status_code,
        complaint=bytes(said[:_COMPLAINT_BYTES]).decode(errors="replace"),
        wait_s=retry_after(response.headers.get("retry-after")),
    )


async def _bounded(response: httpx2.Response) -> AsyncIterator[bytes]:
    count = 0
    async for chunk in response.aiter_raw():
        count += len(chunk)
        if count > _MOST_BYTES:
            raise Endless
        yield chunk


async def _streamed(first: bytes, chunks: AsyncIterator[bytes]) -> Answer:
    stream = AnswerStream()
    stream.feed(first)
    while not stream.is_done and (chunk := await anext(chunks, b"")):
        stream.feed(chunk)
    stream.feed(b"\n")
    return stream.answer()


async def _whole(first: bytes, chunks: AsyncIterator[bytes]) -> Answer:
    stream = AnswerStream()
    stream.take_body(first + b"".join([chunk async for chunk in chunks]))
    return stream.answer()


def retry_after(text: str | None) -> float | None:
    """Seconds that a server asks to wait, which it says in seconds or as a date."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        return max(0.0, seconds) if isfinite(seconds) else None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _names(body: bytes) -> tuple[str, ...]:
    told = _json(body)
    data = told.get("data") if isinstance(told, dict) else None
    rows = data if isinstance(data, list) else []
    return tuple(row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))


def _json(body: bytes) -> object:
    try:
        told: object = json.loads(body)
    except (ValueError, RecursionError):
        raise StreamFault(502) from None
    return told
