"""Identifiers: time-ordered, so that listing by id is listing by age; nothing here knows a database."""

import secrets
import time
import uuid

#: whose rows and blobs these are where nobody named a tenant
LOCAL_TENANT = "local"


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): 48 bits of milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return uuid.UUID(int=value)
