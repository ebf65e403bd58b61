"""A receiver of webhooks cannot hold a worker by being slow."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from doubles.waiting import PATIENCE_S

from docproc.services.errand_ports import WebhookRefusedError
from docproc.sinks.webhooks import GuardedSender

pytestmark = pytest.mark.integration


@contextmanager
def dripping(beginning: bytes) -> Iterator[int]:
    """The port of a server that sends `beginning`, and then a byte each 50 ms."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            client, _ = server.accept()
            with client, suppress(OSError):
                client.sendall(beginning)
                while True:
                    client.sendall(b"x")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


STATUS = b"HTTP/1.1 500 Sorry\r\n"


@pytest.mark.parametrize(
    ("scheme", "beginning"),
    [
        ("http", b""),
        ("http", STATUS),
        ("http", STATUS + b"Content-Length: 4000\r\n\r\n"),
        ("http", STATUS + b"Connection: close\r\n\r\n"),
        ("https", b"\x16\x03\x03\x40\x00"),  # a handshake's record of 16,384 bytes
    ],
    ids=["status", "header", "body", "last body", "handshake"],
)
def test_an_answer_that_never_ends_is_broken_off(scheme: str, beginning: bytes) -> None:
    with dripping(beginning) as port:
        began = time.monotonic()
        with pytest.raises(WebhookRefusedError) as refused:
            GuardedSender(inside=["127.0.0.1"], total_s=0.5).send(f"{scheme}://127.0.0.1:{port}/", b"{}", headers={})
    assert time.monotonic() - began < 5
    assert not refused.value.final
