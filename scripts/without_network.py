"""Runs a command with no network but loopback, and counts what tried to leave: `without_network.py COMMAND…`, as root.

The kernel counts, in a network namespace of the command's own, so nothing that it starts can get by. Names are asked
for at an address that leads nowhere, so that each question counts too. The last line is one JSON object; the exit code
is the command's, or 1 when that is 0 and something tried to leave.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

_INSIDE = "--inside"
#: of documentation (RFC 5737): nobody has it
_NOWHERE = "192.0.2.53"
_SET_FLAGS, _UP = 0x8914, 0x1


def main() -> None:
    """Outside: come back inside. Inside: run, count, tell."""
    if sys.argv[1:2] != [_INSIDE]:
        again = [sys.executable, str(Path(__file__).absolute()), _INSIDE, *sys.argv[1:]]
        os.execvp("unshare", ["unshare", "--net", "--mount", *again])  # noqa: S606, S607 no shell is wanted
    _bring_loopback_up()
    _ask_nobody_for_names()
    before = _attempts()
    code = subprocess.run(sys.argv[2:], check=False).returncode  # noqa: S603 that is what it is for
    attempts = _attempts() - before
    sys.stdout.write(json.dumps({"outbound_attempts": attempts}) + "\n")
    sys.exit(code or int(attempts > 0))


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))


def _ask_nobody_for_names() -> None:
    """In the mounts of this command alone."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"nameserver {_NOWHERE}\noptions timeout:1 attempts:1\n")
        file.flush()
        subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)  # noqa: S603, S607 our own


def _attempts() -> int:
    """How often this namespace had no route for something, over IPv4 and IPv6."""
    lines = Path("/proc/self/net/snmp").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith("Ip:"))
    found = int(dict(zip(names, values, strict=True))["OutNoRoutes"])
    newer = Path("/proc/self/net/snmp6")
    counters = dict(line.split() for line in newer.read_text().splitlines()) if newer.exists() else {}
    return found + int(counters.get("Ip6OutNoRoutes", 0))


if __name__ == "__main__":
    main()
