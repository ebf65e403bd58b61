"""The Valkey server of the tests: stopping and starting it is what the tests of outages stand on."""

from pathlib import Path

import pytest
import redis
from doubles.valkey import ValkeyServer, running_valkey

pytestmark = pytest.mark.integration


def test_it_answers_on_its_port_and_on_its_socket() -> None:
    with running_valkey() as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("name", "value")
        with redis.Redis(unix_socket_path=str(server.socket)) as client:
            assert client.get("name") == b"value"


@pytest.mark.parametrize("lasting", [True, False])
def test_it_comes_back_on_the_same_port(lasting: bool) -> None:
    with running_valkey(lasting=lasting) as server, redis.Redis.from_url(server.url) as client:
        client.set("name", "value")
        server.stop()
        with pytest.raises(redis.exceptions.ConnectionError):
            client.get("name")
        server.start()
        assert client.get("name") == (b"value" if lasting else None)


def test_it_ends_with_its_context() -> None:
    with running_valkey() as server:
        pid = server.pid
    assert pid is not None
    assert server.pid is None
    assert not Path(f"/proc/{pid}").exists()


def test_starting_it_twice_starts_it_once(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path)
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid
    server.kill()
