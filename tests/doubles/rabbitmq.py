"""A private RabbitMQ node, where the package rabbitmq-server is installed."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doubles.ports import free_port, wait_for

#: not the one on the path, which changes to another user
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_READY_S = 120.0


def has_rabbitmq() -> bool:
    return _SERVER.exists()


@contextmanager
def running_rabbitmq() -> Iterator[str]:
    """The URL of an empty node that ends with the context, and with it Erlang's port mapper."""
    base = Path(tempfile.mkdtemp(prefix="docproc-rabbitmq-"))
    port = free_port()
    (base / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(base),
        "RABBITMQ_NODENAME": f"docproc{secrets.token_hex(4)}@localhost",
        "RABBITMQ_MNESIA_BASE": str(base / "data"),
        "RABBITMQ_LOG_BASE": str(base / "log"),
        "RABBITMQ_CONFIG_FILE": str(base / "rabbitmq"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "plugins"),
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    with (base / "out.log").open("wb") as log:
        server = subprocess.Popen(
            [str(_SERVER)], env=environment, cwd=base, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(port, seconds=_READY_S)
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        subprocess.run(["epmd", "-kill"], env=environment, capture_output=True, check=False)
        shutil.rmtree(base, ignore_errors=True)
