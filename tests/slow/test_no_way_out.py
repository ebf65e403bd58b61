"""docproc where no packet can leave: tests of every part in a network namespace that has loopback alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
#: the client, and the API: alone, in front of workers, with webhooks and documents by URL
PARTS = ("tests/unit/client", "tests/integration/client", "tests/unit/api", "tests/integration/api")
PATIENCE_S = 1500


def _can_be_alone() -> bool:
    command = ["unshare", "--net", "--mount", "true"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


alone = pytest.mark.skipif(not _can_be_alone(), reason="no network namespace can be made here: run as root, on Linux")


def without_network(*command: str) -> tuple[int, int, str]:
    """Exit code, attempts to leave, and everything said."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "without_network.py", *command],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(Path.home())},
    )
    attempts = json.loads(done.stdout.splitlines()[-1])["outbound_attempts"] if done.stdout else -1
    return done.returncode, attempts, done.stdout + done.stderr


@alone
@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket().connect_ex(('192.0.2.1', 443))",
        "socket.socket(socket.AF_INET6).connect_ex(('2001:db8::1', 443))",
        "socket.socket(type=socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 53))",
        "subprocess.run([sys.executable, '-c', 'import socket; socket.getaddrinfo(\"example.org\", 443)'])",
    ],
)
def test_what_tries_to_leave_is_counted_whoever_tries(attempt: str) -> None:
    code, attempts, _ = without_network(sys.executable, "-c", f"import socket, subprocess, sys; {attempt}")
    assert (code, attempts > 0) == (1, True)


@alone
def test_who_stays_on_the_machine_is_not_counted() -> None:
    stay = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    assert without_network(sys.executable, "-c", stay)[:2] == (0, 0)


@alone
@pytest.mark.parametrize("part", PARTS)
def test_every_part_works_without_a_network_and_asks_for_none(part: str) -> None:
    code, attempts, said = without_network(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", part)
    assert (code, attempts) == (0, 0), said[-4000:]
