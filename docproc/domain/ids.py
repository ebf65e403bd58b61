"""Identifiers: time-ordered, so that listing by id is listing by age; nothing here knows a database."""

import secrets
import threading
import time
import uuid

#: whose rows and blobs these are where nobody named a tenant
LOCAL_TENANT = "local"

#: of a millisecond: what the 12 bits behind the milliseconds count
_FRACTIONS = 1 << 12


class _Clock(threading.local):
    """A thread's time in 4096ths of a millisecond since 1970, never the same twice and never back.

    One a thread, since a lock could be held by another thread when a worker forks, and never be free in the child.
    """

    last = 0

    def tick(self) -> int:
        self.last = max(time.time_ns() * _FRACTIONS // 1_000_000, self.last + 1)
        return self.last


_CLOCK = _Clock()


def new_id() -> uuid.UUID:
    """A version 7 UUID later in order than all that this thread made before: milliseconds, a fraction, random bits.

    RFC 9562, section 6.2, method 3: rows that one transaction writes are in their order too.
    """
    milliseconds, fraction = divmod(_CLOCK.tick(), _FRACTIONS)
    version, variant = 0x7, 0x2
    high = (milliseconds & (1 << 48) - 1) << 16 | version << 12 | fraction
    return uuid.UUID(int=high << 64 | variant << 62 | secrets.randbits(62))
