"""A file's bytes to what intake knows of it: streamed once, hashed, counted, named by type; never parsed."""

import hashlib
import stat
from pathlib import Path

from docproc.domain.document import Accepted
from docproc.domain.errors import TooLargeError, UnreadableError
from docproc.intake.limits import Limits
from docproc.intake.sniff import HEAD_BYTES, TAIL_BYTES, sniff

_CHUNK_BYTES = 1 << 20


def accept(path: Path, limits: Limits) -> Accepted:
    """Raises EmptyError, UnsupportedError, TooLargeError or UnreadableError."""
    try:
        return _accept(path, limits)
    except FileNotFoundError as exc:
        raise UnreadableError("the file is not there (any more)") from exc
    except PermissionError as exc:
        raise UnreadableError("the file may not be read: check its permissions") from exc
    except OSError as exc:
        raise UnreadableError(f"the file cannot be read: {exc.strerror or type(exc).__name__}") from exc


def _accept(path: Path, limits: Limits) -> Accepted:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end, and opening one may never begin
        raise UnreadableError("this is a folder, not a file" if path.is_dir() else "this is not a regular file")
    digest = hashlib.sha256()
    byte_count = 0
    head, tail = b"", b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            byte_count += len(chunk)
            if byte_count > limits.max_bytes:  # counted while reading: it may still grow
                raise TooLargeError(f"the file is larger than the limit of {limits.max_bytes:,} bytes")
            digest.update(chunk)
            if len(head) < HEAD_BYTES:
                head = (head + chunk)[:HEAD_BYTES]
            tail = (tail + chunk[-TAIL_BYTES:])[-TAIL_BYTES:]
    return Accepted(sha256=digest.hexdigest(), media_type=sniff(head, tail), byte_count=byte_count)
