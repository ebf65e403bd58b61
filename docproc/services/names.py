"""Names of files as text that every database and every export takes; knows no file."""

import re

#: a byte that is not UTF-8 (Python spells it as a surrogate), and what Postgres refuses in JSON
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def readable(name: str) -> str:
    """The name for people, in which what is no text is spelled out."""
    return _NO_TEXT.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)
