"""Where a list goes on, as an opaque word; whoever changes one gets a plain answer."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from docproc.domain.errors import UsageError
from docproc.services.audit_book import AuditPlace
from docproc.services.catalog import JobPlace
from docproc.services.errand_records import LogPlace

_LONGEST_POSITION = 2**31 - 1


def cursor_of(*parts: object) -> str:
    return urlsafe_b64encode(json.dumps([str(part) for part in parts]).encode()).decode().rstrip("=")


def parts_of(cursor: str) -> Sequence[str]:
    """Raises UsageError for a cursor that no list gave."""
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, UnicodeError) as exc:
        raise _unknown() from exc
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _unknown()
    return parts


def job_place(cursor: str | None) -> JobPlace | None:
    if cursor is None:
        return None
    moment, identity = _moment_and_id(cursor)
    return JobPlace(created_at=moment, id=identity)


def audit_place(cursor: str | None) -> AuditPlace | None:
    if cursor is None:
        return None
    moment, identity = _moment_and_id(cursor)
    return AuditPlace(happened_at=moment, id=identity)


def log_place(cursor: str | None) -> LogPlace | None:
    if cursor is None:
        return None
    moment, identity = _moment_and_id(cursor)
    return LogPlace(created_at=moment, id=identity)


def identity(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        (written,) = parts_of(cursor)
        return UUID(written)
    except ValueError as exc:
        raise _unknown() from exc


def _moment_and_id(cursor: str) -> tuple[datetime, UUID]:
    try:
        written, identity = parts_of(cursor)
        moment, found = datetime.fromisoformat(written), UUID(identity)
    except ValueError as exc:
        raise _unknown() from exc
    if moment.tzinfo is None:
        raise _unknown()
    return moment, found


def position(cursor: str | None) -> int:
    """-1: before the first one."""
    if cursor is None:
        return -1
    try:
        (written,) = parts_of(cursor)
        found = int(written)
    except ValueError as exc:
        raise _unknown() from exc
    if not -1 <= found <= _LONGEST_POSITION:
        raise _unknown()
    return found


def _unknown() -> UsageError:
    return UsageError("the cursor is none that a list of this API gave: begin without one")
