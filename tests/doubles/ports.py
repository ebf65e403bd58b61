"""Free ports and servers that answer: what the doubles of servers share."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

READY_S = 60.0
_LOWEST, _HIGHEST = 10_000, 65_536
#: tried one after the other by one process; another one begins elsewhere
_OF_A_PROCESS = 97


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now, and that the kernel gives to nobody who names none.

    One of the kernel's choice could be somebody's own end of a connection by the time that a server takes it.
    """
    for port in _CANDIDATES:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is always another one to try")


def _candidates() -> Iterator[int]:
    count = _given_by_the_kernel() - _LOWEST
    number = os.getpid() * _OF_A_PROCESS
    while True:
        yield _LOWEST + number % count
        number += 1


def _given_by_the_kernel() -> int:
    """The lowest of them; elsewhere than on Linux those of IANA."""
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(told.read_text().split()[0]) if told.exists() else 49_152
    return lowest if lowest > _LOWEST + _OF_A_PROCESS else _HIGHEST


_CANDIDATES = _candidates()


def wait_for(port: int, *, seconds: float = READY_S) -> None:
    """Return once something listens on the port. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as exc:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {port}") from exc
            time.sleep(0.02)
        else:
            return
