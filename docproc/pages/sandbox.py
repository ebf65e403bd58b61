"""What a parsing child gives up before it sees a file: memory, time, network, programs; knows no file format.

Linux on x86-64 and arm64 does all of it. Elsewhere the resource limits hold and the rest is left out.
"""

import ctypes
import math
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

#: instructions of classic BPF: load a word, jump if equal, return
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | 1  # the call fails with EPERM
#: where struct seccomp_data holds the number of the call and the processor's kind
_AT_NUMBER, _AT_MACHINE = 0, 4
#: x86-64's numbers of the 32-bit-pointer calls start here: a way around the filter
_X32 = 0x40000000

#: by processor: its AUDIT_ARCH value and the numbers of the calls that no parser needs:
#: socket, connect, bind, listen, accept, accept4, execve, execveat, ptrace, process_vm_writev, kill, tkill,
#: io_uring_setup
_REFUSED: Mapping[str, tuple[int, Sequence[int]]] = {
    "x86_64": (0xC000003E, (41, 42, 49, 50, 43, 288, 59, 322, 101, 311, 62, 200, 425)),
    "aarch64": (0xC00000B7, (198, 203, 200, 201, 202, 242, 221, 281, 117, 271, 129, 130, 425)),
}


def enter(*, memory_bytes: int, parent_pid: int) -> None:
    """Call once, first thing in a child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to decide on
    _die_with_parent(parent_pid)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a parser writes no file
    refuse_calls()


def allow_seconds(seconds: float) -> None:
    """From now on: `seconds` of computing, then the kernel ends this process with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent + seconds), hard))


def refuse_calls() -> bool:
    """No network, no other program, no signal to others from here on; False where the kernel does not offer it."""
    known = _REFUSED.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return False
    code = _program(*known)
    instructions = ctypes.create_string_buffer(code)
    head = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(head), 0, 0) == 0)


def _program(machine: int, refused: Sequence[int]) -> bytes:
    """The filter: a call of another processor kind or one of `refused` fails, every other one passes."""
    numbers = [*refused, *(number | _X32 for number in refused)]
    steps = [
        (_LOAD, 0, 0, _AT_MACHINE),
        (_JUMP_IF_EQUAL, 0, len(numbers) + 2, machine),  # another kind: to REFUSE
        (_LOAD, 0, 0, _AT_NUMBER),
        # A hit jumps over the remaining comparisons and the ALLOW behind them.
        *((_JUMP_IF_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("@HBBI", *step) for step in steps)


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(1)
