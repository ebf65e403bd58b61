"""Free ports and servers that answer: what the doubles of servers share."""

import socket
import time

READY_S = 30.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
