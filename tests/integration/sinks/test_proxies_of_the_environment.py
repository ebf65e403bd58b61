"""No proxy that the environment names gets what a webhook sends."""

import socket
import threading

import pytest
from doubles.waiting import PATIENCE_S

from docproc.sinks.webhooks import GuardedSender

pytestmark = pytest.mark.integration


def test_a_proxy_of_the_environment_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as receiver, socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        proxy.settimeout(0)

        def take() -> None:
            line, _ = receiver.accept()
            with line:
                line.recv(4096)
                line.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{receiver.getsockname()[1]}/"
        assert GuardedSender(inside=["127.0.0.1"], total_s=PATIENCE_S).send(url, b"{}", headers={}) == 204
        thread.join()
        with pytest.raises(BlockingIOError):
            proxy.accept()
