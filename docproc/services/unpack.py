"""A container into its members, those of the containers in it too; knows no format, no job and no row.

Nothing is ever written under a name that a container says: members are spooled under numbers and kept by their content.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Protocol

from docproc.domain.document import MediaType
from docproc.domain.errors import (
    ChangedError,
    CrashedError,
    DocumentError,
    EmptyError,
    StorageError,
    TimedOutError,
    TooLargeError,
    UnsupportedError,
)
from docproc.domain.extraction import ContainerFacts
from docproc.intake import HEAD_BYTES, TAIL_BYTES, Limits, sniff
from docproc.intake.limits import FREE_UNPACKED_BYTES
from docproc.intake.member_names import UniqueNames, member_path
from docproc.services.originals import container_type, keep
from docproc.services.ports import BlobStore
from docproc.services.records import Original


class OpenMember(Protocol):
    """A file in a container, until the next one is asked for."""

    @property
    def name(self) -> str:
        """As the container says it."""
        ...

    @property
    def media_type(self) -> MediaType | None:
        """None: its bytes tell."""
        ...

    @property
    def pieces(self) -> Iterator[bytes]:
        """Raises DocumentError when its bytes cannot be had; then the next member may."""
        ...


class Containers(Protocol):
    """Opens containers in child processes."""

    def open(self, path: Path, media_type: MediaType) -> AbstractContextManager[Iterator[OpenMember]]:
        """The members, in their order. Raises DocumentError, also while they are iterated."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacker:
    """What it takes to unpack a container."""

    containers: Containers
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """A container as it is submitted."""

    original: Original
    #: path relative to the argument given
    file: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in a container, or in one that is in it."""

    #: the container's name and the path in it
    file: str
    original: Original
    #: why it is none that docproc reads
    error: DocumentError | None = None


class NoTempSpaceError(StorageError):
    """The folder for temporary files takes no more, or cannot be written."""


class OverdrawnError(Exception):
    """The container as a whole asks for more than its limits."""


def unpack(wrapping: Wrapping, unpacker: Unpacker, *, blobs: BlobStore) -> list[Member]:
    """Every member, its bytes kept; one that is refused carries its error.

    Raises DocumentError when the container cannot be unpacked, asks for too much or holds nothing.
    """
    try:
        with TemporaryDirectory(prefix="docproc-unpack-") as folder:
            return _Unpacking(wrapping, unpacker, blobs=blobs, folder=Path(folder)).members()
    except OverdrawnError as exc:
        raise TooLargeError(str(exc)) from exc
    except OSError as exc:
        raise NoTempSpaceError(f"a container could not be unpacked into {gettempdir()}: {exc.strerror}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A container and where it stands in the one that was submitted."""

    path: Path
    media_type: MediaType
    #: path of its members in the outermost one: empty, or ends with a slash
    inside: str = ""
    depth: int = 1


class _Unpacking:
    """One container with all that is in it: what was spent so far, and the names taken."""

    def __init__(self, wrapping: Wrapping, unpacker: Unpacker, *, blobs: BlobStore, folder: Path) -> None:
        self._wrapping = wrapping
        self._containers = unpacker.containers
        self._limits = unpacker.limits
        self._blobs = blobs
        self._folder = folder
        self._names = UniqueNames()
        self._members = 0
        self._bytes = 0
        grown = (wrapping.original.byte_count or 0) * self._limits.max_unpack_ratio
        self._most_bytes = min(self._limits.max_unpacked_bytes, max(grown, FREE_UNPACKED_BYTES))

    def members(self) -> list[Member]:
        outermost = self._wrapping.original
        media_type = container_type(outermost)
        if media_type is None:
            raise UnsupportedError("the file is no container")
        members = self._in_layer(_Layer(path=Path(outermost.path), media_type=media_type))
        stat = Path(outermost.path).stat()
        if (stat.st_size, stat.st_mtime_ns) != (outermost.byte_count, outermost.modified_ns):
            raise ChangedError("the file changed while it was submitted")
        return members

    def _in_layer(self, layer: _Layer) -> list[Member]:
        """Containers in it are opened when it is closed: each holds a child."""
        with self._containers.open(layer.path, layer.media_type) as members:
            found = [self._one(member, layer) for member in members]
        if not found:
            raise EmptyError("the container holds no file")
        return [member for each in found for member in self._resolved(each)]

    def _resolved(self, found: Member | _Layer) -> Sequence[Member]:
        if isinstance(found, Member):
            return [found]
        try:
            return self._in_layer(found)
        except DocumentError as error:
            return [self._refused(found.inside.rstrip("/"), error)]
        finally:
            found.path.unlink()

    def _one(self, member: OpenMember, layer: _Layer) -> Member | _Layer:
        self._members += 1
        if self._members > self._limits.max_members:
            raise OverdrawnError(f"the container holds more than {self._limits.max_members:,} files")
        name = self._names.take(layer.inside + member_path(member.name))
        spooled = self._folder / str(self._members)
        try:
            original = self._spool(member, spooled)
            media_type = container_type(original)
            if media_type is None:
                kept = keep(original, tenant=self._wrapping.tenant, blobs=self._blobs)
                spooled.unlink()
                return self._member(name, kept)
            if layer.depth >= self._limits.max_nesting:
                raise TooLargeError(f"containers are nested deeper than the limit of {self._limits.max_nesting}")
        except (CrashedError, TimedOutError):  # of the child, which has the whole container open
            raise
        except DocumentError as error:
            spooled.unlink(missing_ok=True)
            return self._refused(name, error)
        return _Layer(path=spooled, media_type=media_type, inside=f"{name}/", depth=layer.depth + 1)

    def _spool(self, member: OpenMember, spooled: Path) -> Original:
        """The member as a file, with what intake says of it. Raises DocumentError."""
        digest, byte_count, head, tail = hashlib.sha256(), 0, b"", b""
        with spooled.open("xb") as target:
            for piece in member.pieces:
                byte_count += len(piece)
                self._spend(len(piece))
                if byte_count > self._limits.max_bytes:
                    raise TooLargeError(f"the file is larger than the limit of {self._limits.max_bytes:,} bytes")
                digest.update(piece)
                target.write(piece)
                head = (head + piece)[:HEAD_BYTES] if len(head) < HEAD_BYTES else head
                tail = (tail + piece[-TAIL_BYTES:])[-TAIL_BYTES:]
        return Original(
            path=str(spooled),
            sha256=digest.hexdigest(),
            media_type=member.media_type or sniff(head, tail),
            byte_count=byte_count,
        )

    def _spend(self, byte_count: int) -> None:
        self._bytes += byte_count
        if self._bytes > self._most_bytes:
            raise OverdrawnError(f"the container unpacks to more than {self._most_bytes:,} bytes")

    def _refused(self, name: str, error: DocumentError) -> Member:
        return self._member(name, Original(path=""), error)

    def _member(self, name: str, original: Original, error: DocumentError | None = None) -> Member:
        outer = self._wrapping
        place = ContainerFacts(file=outer.file, sha256=outer.original.sha256 or "", member=name)
        path = f"{outer.original.path}/{name}"
        return Member(file=f"{outer.file}/{name}", original=replace(original, path=path, container=place), error=error)
