"""Bytes in pieces of a size that is worth sending. Knows no content."""

from collections.abc import Iterator

_SEND_BYTES = 64 << 10


def in_chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes; the first piece is made at once, so that what goes wrong early is an error and no half answer."""
    first = next(pieces, b"")
    return _joined(first, pieces)


def _joined(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    kept, size = [first], len(first)
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size >= _SEND_BYTES:
            yield b"".join(kept)
            kept, size = [], 0
    if kept:
        yield b"".join(kept)
