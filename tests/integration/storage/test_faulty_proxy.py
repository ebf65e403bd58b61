"""The proxy of the tests: its faults, and that it is not what a test waits for."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from doubles.faulty_proxy import FaultyProxy, faulty_proxy
from doubles.waiting import PATIENCE_S

pytestmark = pytest.mark.integration


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers each line with itself and closes after the first."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(connection.recv(65536))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def proxy(echo: int) -> Iterator[FaultyProxy]:
    with faulty_proxy(echo) as proxy:
        yield proxy


def ask(port: int, line: bytes = b"hello", *, patience_s: float = PATIENCE_S) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s) as connection:
        connection.sendall(line)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_it_passes_many_connections_a_second(proxy: FaultyProxy) -> None:
    began = time.process_time()
    for _ in range(500):
        assert ask(proxy.port) == b"hello"
    assert time.process_time() - began < 1.0


def test_it_refuses_and_listens_again_on_the_same_port(proxy: FaultyProxy) -> None:
    for _ in range(3):
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            ask(proxy.port)
        proxy.forward()
        assert ask(proxy.port) == b"hello"


def test_it_takes_connections_and_says_nothing(proxy: FaultyProxy) -> None:
    proxy.hang()
    with pytest.raises(TimeoutError):
        ask(proxy.port, patience_s=0.3)
    proxy.forward()
    assert ask(proxy.port) == b"hello"


def test_it_cuts_answers_that_grow_too_long(proxy: FaultyProxy) -> None:
    proxy.cut(after_bytes=10)
    assert ask(proxy.port, b"short") == b"short"
    assert ask(proxy.port, b"long" * 10) == b""
    assert ask(proxy.port, b"long" * 10) == b"long" * 10
