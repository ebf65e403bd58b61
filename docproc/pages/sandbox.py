"""What a parsing child gives up before it sees a file: memory, time, network, its parent's death; knows no file format.

Linux does all of it; elsewhere the resource limits hold and the rest is left out.
"""

import ctypes
import math
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def enter(*, memory_bytes: int, parent_pid: int) -> None:
    """Call once, first thing in a child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to decide on
    _die_with_parent(parent_pid)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a parser writes no file


def allow_seconds(seconds: float) -> None:
    """From now on: `seconds` of computing, then the kernel ends this process with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent + seconds), hard))


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(1)
