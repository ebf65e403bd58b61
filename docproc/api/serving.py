"""Runs the app: a server that answers until it is told to end, and then finishes what it is answering."""

import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from docproc.api.app import create_app
from docproc.api.wiring import Face
from docproc.domain.errors import UsageError

#: for answers that are under way when the server is told to end
_GRACE_S = 5
_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port that is taken is an error before anything else begins.

    Raises UsageError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as exc:
        listener.close()
        raise UsageError(f"{host}:{port}: {getattr(exc, 'strerror', None) or exc}; choose another --port") from exc
    return listener


def serve(face: Face, listener: socket.socket, *, proxies: str, on_ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        create_app(face),
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=_BACKLOG,
        forwarded_allow_ips=proxies,
        lifespan="off",
    )
    server = _Server(config, face, on_ready)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it is ready; ends in peace, and leaves the rest of the process to whoever runs it."""

    def __init__(self, config: uvicorn.Config, face: Face, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._face = face
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Without uvicorn's raising them again afterwards: SIGTERM would end the process before it has drained."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._face.lookout.close()
        await super().shutdown(sockets=sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()
