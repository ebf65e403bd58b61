"""Containers opened in parsing children: their members stream out one by one; knows no job and no limit of a whole."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docproc.domain.document import MediaType
from docproc.domain.errors import CrashedError
from docproc.intake import Limits
from docproc.pages import wire
from docproc.pages.pool import Child, ChildPool
from docproc.services.unpack import Unpacker

#: what a container may say of its members; of all others the bytes tell
_TOLD = frozenset({MediaType.HTML, MediaType.MAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedMember:
    """A file in a container, while the next one is not asked for."""

    #: as the container says it: not safe as a path
    name: str
    #: None: its bytes tell
    media_type: MediaType | None
    #: raises DocumentError when the bytes cannot be had; then the next member may
    pieces: Iterator[bytes]


class ChildContainers:
    """Unpacks in children of `pool`; threads may share it."""

    def __init__(self, pool: ChildPool, *, passwords: Sequence[str] = ()) -> None:
        self._pool = pool
        self._passwords = passwords

    @contextmanager
    def open(self, path: Path, media_type: MediaType) -> Iterator[Iterator[StreamedMember]]:
        """The members, in their order. Raises DocumentError, also while they are iterated."""
        child = self._pool.lease()
        try:
            yield _Unpacking(child, self._pool, path=path, media_type=media_type, passwords=self._passwords).members()
        finally:
            child.pages_done += 1
            self._pool.release(child)


@contextmanager
def open_unpacker(limits: Limits, *, passwords: Sequence[str] = ()) -> Iterator[Unpacker]:
    """Opens the containers that are submitted, in a child of its own that starts with the first one."""
    with ChildPool(size=1, limits=limits) as pool:
        yield Unpacker(containers=ChildContainers(pool, passwords=passwords), limits=limits)


class _Unpacking:
    """One container in one child."""

    def __init__(
        self, child: Child, pool: ChildPool, *, path: Path, media_type: MediaType, passwords: Sequence[str]
    ) -> None:
        self._child = child
        self._limits = pool.limits
        self._deadline = time.monotonic() + pool.limits.seconds_to_unpack
        self._opening = {
            "path": str(path.absolute()),
            "media_type": media_type.value,
            "passwords": list(passwords),
            "limits": dataclasses.asdict(pool.limits),
        }

    def members(self) -> Iterator[StreamedMember]:
        self._ask("unpack", **self._opening)
        while True:
            header, _ = self._ask("member")
            if header.get("end"):
                return
            yield StreamedMember(name=str(header["name"]), media_type=_told(header), pieces=self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._ask("piece")[1]:
            yield piece

    def _ask(self, deed: str, **facts: object) -> tuple[wire.Header, bytes]:
        self._child.send({"do": deed, **facts})
        left = self._deadline - time.monotonic()
        return self._child.receive(min(self._limits.seconds_to_open * self._limits.wall_factor, left))


def _told(header: wire.Header) -> MediaType | None:
    said = header.get("media_type")
    if said is None:
        return None
    if said not in _TOLD:
        raise CrashedError("the parsing process sent a broken message")
    return MediaType(said)
