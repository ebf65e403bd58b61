"""Unit tests reach for no network: a socket of any but the local kind is refused."""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    disable_socket(allow_unix_socket=True)  # those that a loop of asyncio wakes itself with
    yield
    enable_socket()
