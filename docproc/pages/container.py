"""What a container must offer once its file is open, and the answers that a child gives about it; knows no format."""

from collections.abc import Iterator
from dataclasses import dataclass

from docproc.domain.document import MediaType
from docproc.pages import wire

#: of one answer: large enough to cost little, small enough to stop a bomb at once
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in a container."""

    #: as the container says it: not safe as a path
    name: str
    #: its bytes; raises DocumentError when they cannot be had, and then the next member may
    pieces: Iterator[bytes]
    #: told by the container; None: its bytes tell
    media_type: MediaType | None = None


class OpenContainer:
    """Answers one request at a time: the next member, the next piece of it."""

    def __init__(self, members: Iterator[Member]) -> None:
        self._members = members
        self._pieces: Iterator[bytes] = iter(())

    def next_member(self) -> bytes:
        """Raises DocumentError when the container is at fault; what is left of the member before is passed over."""
        member = next(self._members, None)
        if member is None:
            return wire.pack({"end": True})
        self._pieces = member.pieces
        media_type = None if member.media_type is None else member.media_type.value
        return wire.pack({"name": member.name, "media_type": media_type})

    def next_piece(self) -> bytes:
        """An empty one is the last. Raises DocumentError when the member is at fault."""
        return wire.pack({}, next(self._pieces, b""))
