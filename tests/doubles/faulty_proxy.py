"""A TCP proxy that fails on demand, so that a server can be out of reach without losing what it holds."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from doubles.ports import free_port


class Fault(StrEnum):
    """What is wrong now."""

    NONE = "none"
    REFUSE = "refuse"  # nobody listens, and open connections break
    HANG = "hang"  # connections are taken, and nothing passes
    CUT = "cut"  # answers break after some bytes


class FaultyProxy:
    """Forwards a port of its own to another; its faults can be switched from any thread."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.target = target
        self.fault = Fault.NONE
        self.cut_after = 0
        self.cuts_left = 0
        self.sides: set[_Side] = set()
        self.loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._call(self._listen())

    def close(self) -> None:
        self._call(self._set(Fault.REFUSE))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def forward(self) -> None:
        """All is well again; connections that hang are broken."""
        self._call(self._set(Fault.NONE))

    def refuse(self) -> None:
        self._call(self._set(Fault.REFUSE))

    def hang(self) -> None:
        self._call(self._set(Fault.HANG))

    def cut(self, *, after_bytes: int, times: int = 1) -> None:
        """Break the next answers that grow longer than `after_bytes`, heads included."""
        self.cut_after, self.cuts_left = after_bytes, times
        self._call(self._set(Fault.CUT))

    async def _set(self, fault: Fault) -> None:
        before, self.fault = self.fault, fault
        if fault is Fault.REFUSE and self._server is not None:
            self._server.close()
            self._server = None
        if Fault.REFUSE in {fault, before} or before is Fault.HANG:
            for side in list(self.sides):
                side.abort()
        if fault is not Fault.REFUSE and self._server is None:
            await self._listen()
        await asyncio.sleep(0)  # let broken connections say so

    async def _listen(self) -> None:
        self._server = await self.loop.create_server(lambda: _Side(self), "127.0.0.1", self.port, backlog=512)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)


class _Side(asyncio.Protocol):
    """One end of a connection: the client's, or the server's when it has a `peer` from the start."""

    def __init__(self, proxy: FaultyProxy, peer: "_Side | None" = None) -> None:
        self._proxy = proxy
        self._peer = peer
        self._answers = peer is not None
        self._transport: asyncio.Transport | None = None
        self._waiting = bytearray()  # what came before the server was connected
        self._passed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._proxy.sides.add(self)
        if self._peer is None:
            if self._proxy.fault is not Fault.HANG:
                self._connecting = self._proxy.loop.create_task(self._connect())  # a task nobody holds may vanish
            return
        self._peer._peer = self
        if self._peer._transport is None or self._peer._transport.is_closing():  # the client did not wait
            transport.abort()
            return
        transport.write(bytes(self._peer._waiting))
        self._peer._waiting.clear()

    async def _connect(self) -> None:
        try:
            await self._proxy.loop.create_connection(lambda: _Side(self._proxy, self), "127.0.0.1", self._proxy.target)
        except OSError:
            self.abort()

    def data_received(self, data: bytes) -> None:
        if self._proxy.fault is Fault.HANG:
            return
        if self._answers and self._is_cut(len(data)):
            self.abort()
        elif self._peer is None or self._peer._transport is None:
            self._waiting += data
        else:
            self._peer._transport.write(data)

    def _is_cut(self, byte_count: int) -> bool:
        self._passed += byte_count
        proxy = self._proxy
        if proxy.fault is not Fault.CUT or proxy.cuts_left == 0 or self._passed <= proxy.cut_after:
            return False
        proxy.cuts_left -= 1
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.sides.discard(self)
        self._of_peer("abort" if exc else "close")

    def pause_writing(self) -> None:
        self._of_peer("pause_reading")

    def resume_writing(self) -> None:
        self._of_peer("resume_reading")

    def abort(self) -> None:
        for side in (self, self._peer):
            if side is not None and side._transport is not None:
                side._transport.abort()

    def _of_peer(self, action: str) -> None:
        if self._peer is not None and self._peer._transport is not None and not self._peer._transport.is_closing():
            getattr(self._peer._transport, action)()


@contextmanager
def faulty_proxy(target: int) -> Iterator[FaultyProxy]:
    """A proxy before the port `target` that ends with the context."""
    proxy = FaultyProxy(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
