"""An OpenAI-compatible server that does what a test says, the wrong things included: real sockets, real bytes."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: writes one answer to a request
Reply = Callable[["_Handler"], None]
Body = Mapping[str, Any]


@dataclass
class OpenAiServer:
    """What was asked, and what is answered: the replies one after the other, the last one for ever."""

    url: str = ""
    models: tuple[str, ...] = ("tiny",)
    asked: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    #: connections that the other side gave up
    given_up: threading.Event = field(default_factory=threading.Event)
    in_use: int = 0
    most_in_use: int = 0
    reply: Callable[[Body, int], Reply] = lambda _body, _number: status(500)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def replies(self, *replies: Reply) -> None:
        self.reply = lambda _body, number: replies[min(number, len(replies) - 1)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: OpenAiServer
    #: among those that are asked at this moment
    counted = False

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is the library's
        del format, args

    def do_GET(self) -> None:
        self.double.paths.append(self.path)
        body({"data": [{"id": name} for name in self.double.models]})(self)

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        double = self.double
        with double.lock:
            number = len(double.asked)
            double.asked.append(told)
            double.keys.append(self.headers.get("Authorization"))
            double.paths.append(self.path)
            double.in_use += 1
            double.most_in_use = max(double.most_in_use, double.in_use)
        self.counted = True
        try:
            double.reply(told, number)(self)
        except OSError:
            double.given_up.set()
            self.close_connection = True
        finally:
            self.leave()

    def leave(self) -> None:
        """Before the end of an answer is sent: the client may ask anew before anything behind that is done."""
        with self.double.lock:
            self.double.in_use -= self.counted
            self.counted = False

    def end_stream(self) -> None:
        self.leave()
        self.event("[DONE]")
        self.chunk(b"")

    def event(self, told: object) -> None:
        self.chunk(f"data: {told if isinstance(told, str) else json.dumps(told)}\n\n".encode())

    def chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
        self.wfile.flush()

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()


@contextmanager
def openai_server() -> Iterator[OpenAiServer]:
    double = OpenAiServer()
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pieces(text: str, size: int = 7) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def said(text: str, *, logprob: float | None = None, finish: str | None = "stop", done: bool = True) -> Reply:
    """A stream of pieces, with the same log-probability each; `finish` and `done` as a whole answer ends."""

    def reply(handler: _Handler) -> None:
        handler.begin_stream()
        for piece in pieces(text):
            handler.event(_delta(piece, logprob))
        if finish:
            handler.event({"choices": [{"delta": {}, "finish_reason": finish}]})
        handler.event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": len(pieces(text))}})
        if done:
            handler.end_stream()
        else:
            handler.chunk(b"")

    return reply


def scored(tokens: Sequence[tuple[str, float]]) -> Reply:
    """A stream of these tokens."""

    def reply(handler: _Handler) -> None:
        handler.begin_stream()
        for token, logprob in tokens:
            handler.event(_delta(token, logprob))
        handler.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        handler.end_stream()

    return reply


def _delta(piece: str, logprob: float | None) -> dict[str, Any]:
    choice: dict[str, Any] = {"delta": {"content": piece}, "finish_reason": None}
    if logprob is not None:
        choice["logprobs"] = {"content": [{"token": piece, "logprob": logprob, "bytes": list(piece.encode())}]}
    return {"choices": [choice]}


def body(told: object, *, code: int = 200) -> Reply:
    """One body of JSON."""
    return raw(json.dumps(told).encode(), code=code)


def raw(content: bytes, *, code: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    def reply(handler: _Handler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.leave()
        handler.wfile.write(content)

    return reply


def status(code: int, message: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    return raw(json.dumps({"error": {"message": message}}).encode(), code=code, headers=headers)


def cut(text: str) -> Reply:
    """Half of a stream, then an orderly end."""
    return said(text[: len(text) // 2], finish=None, done=False)


def torn(text: str) -> Reply:
    """Half of a stream, then the connection is reset."""

    def reply(handler: _Handler) -> None:
        handler.begin_stream()
        for piece in pieces(text[: len(text) // 2]):
            handler.event(_delta(piece, None))
        reset(handler)

    return reply


def reset(handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def trickled(text: str, *, pause_s: float) -> Reply:
    """A letter at a time."""

    def reply(handler: _Handler) -> None:
        handler.begin_stream()
        for letter in text:
            handler.event(_delta(letter, None))
            time.sleep(pause_s)

    return reply


def after(seconds: float, reply: Reply) -> Reply:
    """The same, later."""

    def late(handler: _Handler) -> None:
        time.sleep(seconds)
        reply(handler)

    return late


def endless(handler: _Handler) -> None:
    """White space for as long as somebody listens."""
    handler.begin_stream()
    while True:
        handler.event(_delta(" " * 65_536, None))
