"""Parsing children: started, leased to one document at a time, killed when late, recycled; knows no page and no PDF."""

import contextlib
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docproc.domain.errors import BusyError, CrashedError, TimedOutError
from docproc.domain.reading import go_on
from docproc.intake import Limits
from docproc.pages import wire

_PAGE_BYTES = mmap.ALLOCATIONGRANULARITY
#: how often whoever waits for a child is asked whether it still wants to: a page may take a minute
_LOOK_EVERY_S = 0.2


class Slot:
    """A stretch of the memory that parent and child share; free again once nobody holds an array on it."""

    def __init__(self, file_descriptor: int, offset: int, length: int) -> None:
        self.offset = offset
        self.length = length
        self.memory = mmap.mmap(file_descriptor, length, offset=offset)


class SharedMemory:
    """Slots in one anonymous file that is inherited by a child; grows when every slot is held."""

    def __init__(self) -> None:
        self.file_descriptor = _anonymous_file()
        self._length = 0
        self._free: list[Slot] = []
        # Reentrant: the end of an array can call `give_back` at any moment, also in the middle of `take`.
        self._lock = threading.RLock()
        self._close = weakref.finalize(self, os.close, self.file_descriptor)

    def take(self, length: int) -> Slot:
        """A slot of at least `length` bytes."""
        with self._lock:
            for slot in self._free:
                if slot.length >= length:
                    self._free.remove(slot)
                    return slot
            length = -(-length // _PAGE_BYTES) * _PAGE_BYTES
            offset, self._length = self._length, self._length + length
            os.ftruncate(self.file_descriptor, self._length)
            return Slot(self.file_descriptor, offset, length)

    def give_back(self, slot: Slot) -> None:
        with self._lock:
            self._free.append(slot)

    def array(self, slot: Slot) -> NDArray[np.uint8]:
        """The slot as bytes; it is free again when the last view of this array is gone."""
        # np.frombuffer makes a base object of its own for every call, so its end is the end of all views.
        whole = np.frombuffer(slot.memory, dtype=np.uint8)
        weakref.finalize(whole, self.give_back, slot)
        return whole


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("docproc-pages")
    with tempfile.TemporaryFile() as file:  # elsewhere than on Linux
        return os.dup(file.fileno())


class Child:
    """One parsing process: requests go in, replies come out in the same order."""

    def __init__(self, *, limits: Limits) -> None:
        self.shared = SharedMemory()
        self.pages_done = 0
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _start(theirs.fileno(), self.shared.file_descriptor, limits)
        self._connection = Connection(ours.detach())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, header: Mapping[str, Any]) -> None:
        try:
            self._connection.send_bytes(wire.pack(header))
        except OSError as exc:
            raise self._end() from exc

    def receive(self, timeout_s: float, *, checkpoint: Callable[[], None] = go_on) -> tuple[wire.Header, bytes]:
        """The next reply; raises what it tells of, TimedOutError (then the child is dead) or CrashedError.

        `checkpoint` is called again and again meanwhile; when it raises, the child is dead too.
        """
        try:
            self._await_reply(timeout_s, checkpoint)
            header, body = wire.unpack(self._connection.recv_bytes())
        except (EOFError, OSError) as exc:
            raise self._end() from exc
        except (ValueError, TypeError) as exc:
            self.kill()
            raise CrashedError("the parsing process sent a broken message") from exc
        error = wire.unpack_error(header)
        if error is not None:
            raise error
        return header, body

    def _await_reply(self, timeout_s: float, checkpoint: Callable[[], None]) -> None:
        until = time.monotonic() + timeout_s
        while True:
            try:
                checkpoint()
            except BaseException:
                self.kill()  # nobody wants any more what it is at
                raise
            left = until - time.monotonic()
            if self._connection.poll(max(0.0, min(left, _LOOK_EVERY_S))):
                return
            if left <= _LOOK_EVERY_S:
                self.kill()
                raise TimedOutError(f"parsing took longer than {timeout_s:.0f} seconds and was stopped")

    def kill(self) -> None:
        """At once, whatever it is doing; safe to call twice and from another thread."""
        self._process.kill()
        self._process.wait()  # the connection closes with the last reference: another thread may be polling it

    def _end(self) -> TimedOutError | CrashedError:
        """Why the child is gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self.kill()
        status = self._process.returncode
        if status == -signal.SIGXCPU:
            return TimedOutError("parsing needed more computing time than its limit and was stopped")
        name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return CrashedError(f"the process that parsed the document died ({name})")


def _start(connection: int, memory: int, limits: Limits) -> "subprocess.Popen[bytes]":
    # A fresh interpreter, not a fork: the parent has threads. Its environment is not handed on: it may hold secrets.
    command = [sys.executable, "-P", "-m", "docproc.pages.child"]
    numbers = (connection, memory, os.getpid(), limits.memory_bytes)
    return subprocess.Popen(  # noqa: S603 our own interpreter and module, numbers only
        [*command, *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # parsers print what they find: never into a log
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"},
        pass_fds=(connection, memory),
        start_new_session=True,  # a terminal's Ctrl-C does not reach it
    )


class ChildPool:
    """At most `size` children, shared by threads; a child is leased to one document at a time."""

    def __init__(
        self,
        *,
        size: int,
        limits: Limits | None = None,
        pages_per_child: int = 1000,
        patience_s: float | None = None,
    ) -> None:
        """`patience_s`: how long anybody waits for a child; None: for ever."""
        if size < 1:
            raise ValueError("a pool needs at least one child")
        self.limits = limits or Limits()
        self._pages_per_child = pages_per_child
        self._patience_s = patience_s
        self._free: list[Child] = []
        self._leased: set[Child] = set()
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._closed = False
        # The kernel kills a child when the thread that started it ends: so one lasting thread starts them all.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="docproc-pages")

    def lease(self) -> Child:
        """A living child; waits while all are leased. Hand it back with `release`.

        Raises BusyError when that takes too long.
        """
        if not self._places.acquire(timeout=self._patience_s):
            raise BusyError
        try:
            child = self._fresh()
        except BaseException:
            self._places.release()
            raise
        with self._lock:
            self._leased.add(child)
        return child

    def _fresh(self) -> Child:
        while True:
            with self._lock:
                if self._closed:
                    raise CrashedError("the pool of parsing processes is closed")
                child = self._free.pop() if self._free else None
            if child is None:
                return self._starter.submit(lambda: Child(limits=self.limits)).result()
            if child.alive:
                return child
            child.kill()

    def release(self, child: Child) -> None:
        """Take `child` back: dead or worn ones are replaced when next needed."""
        with self._lock:
            if child not in self._leased:
                return
            self._leased.discard(child)
            keep = not self._closed and child.alive and child.pages_done < self._pages_per_child
            if keep:
                self._free.append(child)
        if not keep:
            child.kill()
        self._places.release()

    def close(self) -> None:
        """Kill every child, leased ones too; documents that are open fail with CrashedError."""
        with self._lock:
            self._closed = True
            children = [*self._free, *self._leased]
            self._free.clear()
        for child in children:
            child.kill()
        self._starter.shutdown()

    def __enter__(self) -> "ChildPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
