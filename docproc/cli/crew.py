"""Helper processes for a long job: each claims documents of the same job from the same database. Knows no step.

Reading is Python, and threads of one process share one processor for it. The members share nothing but the database and
the blobs, as workers on several machines would; a member that dies costs nobody anything, its leases are void.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO
from uuid import UUID

from docproc.queueing.local import StopSignal

_FINISH = "finish\n"


class Crew:
    """Running members; they end with their work, on request, or when this process is gone."""

    def __init__(self, job_id: UUID, *, size: int, passwords: Sequence[str]) -> None:
        self._members = [_start(job_id, passwords) for _ in range(size)]

    @property
    def working(self) -> bool:
        """Is any member at work?"""
        return any(member.poll() is None for member in self._members)

    def finish(self) -> None:
        """Claim nothing more; what is in flight is worked on to its end."""
        for member in self._members:
            if member.stdin is not None:
                with suppress(OSError):  # it has ended already
                    member.stdin.write(_FINISH)
                    member.stdin.flush()

    def leave(self) -> None:
        """Leave what is in flight at the next page window."""
        for member in self._members:
            if member.stdin is not None:
                with suppress(OSError):
                    member.stdin.close()

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        for member in self._members:
            member.wait()


def _start(job_id: UUID, passwords: Sequence[str]) -> "subprocess.Popen[str]":
    # -P: the working folder holds documents, and is no place to import from.
    # A session of its own: a terminal's Ctrl-C reaches this process only, which passes it on in its own words.
    member = subprocess.Popen(  # noqa: S603 our own interpreter and command
        [sys.executable, "-P", "-m", "docproc", "jobs", "work", str(job_id)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    if member.stdin is not None:
        with suppress(OSError):
            member.stdin.write(json.dumps(list(passwords)) + "\n")
            member.stdin.flush()
    return member


def follow_orders(orders: IO[str], stop: StopSignal) -> Sequence[str]:
    """As a member: the passwords, which come first; then a thread turns what follows, and its end, into `stop`."""
    passwords = json.loads(orders.readline() or "[]")

    def listen() -> None:
        for order in orders:
            if order == _FINISH:
                stop.finish()
        stop.leave()

    threading.Thread(target=listen, name="docproc-orders", daemon=True).start()
    return [str(password) for password in passwords]
