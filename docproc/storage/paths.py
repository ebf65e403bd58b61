"""Paths of this system as text that every database takes, and back; looks at no file."""

import os
from urllib.parse import quote_from_bytes, unquote_to_bytes

#: before the bytes of a path that is no text; an absolute path never begins so
_BYTES = "bytes:"


def stored_path(path: str) -> str:
    """`path` as it is when it is text; one that is not UTF-8 (Python spells it with surrogates) byte by byte."""
    if path.startswith(_BYTES) or not _is_text(path):
        return _BYTES + quote_from_bytes(os.fsencode(path))
    return path


def path_of(stored: str) -> str:
    return os.fsdecode(unquote_to_bytes(stored.removeprefix(_BYTES))) if stored.startswith(_BYTES) else stored


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
