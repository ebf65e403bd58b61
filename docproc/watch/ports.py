"""The seams of watching: the place that files lie in (adapters: folder, s3), and who reads (desk_jobs, server_jobs).

A place finds files, secures one that a watcher claimed, and puts it away in the end. It decides nothing: the ledger
says what was taken. Each of its verbs may be repeated after a crash at any moment, and then does what is left to do.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from docproc.domain.failure import Failure
from docproc.services.ledger_records import Entry, Sighting, Version, Where
from docproc.watch.rules import Rule

#: called before what cannot be taken back; raises LeaseLostError
Fence: TypeAlias = Callable[[], None]


class VanishedError(Exception):
    """The version is no longer there: it was deleted or replaced."""


class UnsettledError(Exception):
    """It was written to while it was taken: it is to stand still again first."""

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version


class TroubleAtError(OSError):
    """What the system refused, with where it did: many of its errors name no file."""

    def __init__(self, number: int, message: str, *, where: Where) -> None:
        super().__init__(number, message)
        self.where = where


@contextmanager
def trouble_at(where: Where) -> Iterator[None]:
    """What goes wrong inside is told to be there, unless it is known closer by."""
    try:
        yield
    except (PlaceGoneError, TroubleAtError):
        raise
    except OSError as exc:
        raise TroubleAtError(exc.errno or 0, exc.strerror or type(exc).__name__, where=where) from exc


class PlaceGoneError(OSError):
    """The place itself cannot be looked at: a share that is not there, a bucket that does not answer."""

    #: the watched place, or our own folder in it
    where = Where.WATCHED


class ProcessingGoneError(PlaceGoneError):
    """The folder of what was taken is not there: most likely the share is not, and its mount point is."""

    where = Where.PROCESSING


class RefusedFileError(Exception):
    """This file will not be read, however often it is tried; the text is for people, the code for programs."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class SidecarError(RefusedFileError):
    """What lies beside a file to describe it cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="sidecar_invalid")


class Fate(StrEnum):
    """Where a file is put in the end."""

    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What lies beside a file says of it."""

    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Place(Protocol):
    """Where files come from."""

    def require(self) -> None:
        """Raises PlaceGoneError when it cannot be looked at."""
        ...

    def look(self) -> Iterator[Sighting]:
        """Every file that may be taken now, in no order; never held in memory as a whole. Raises PlaceGoneError."""
        ...

    def look_again(self, path: str) -> Sighting | None:
        """One file; None when it is not there or not to be taken."""
        ...

    def secure(self, entry: Entry, fence: Fence) -> Version:
        """Take it out of the way of others, unless it is to stay in place; what it is now.

        Raises VanishedError, OSError.
        """
        ...

    @property
    def moves(self) -> bool:
        """Whether what is secured no longer lies where it was seen."""
        ...

    @property
    def clears(self) -> bool:
        """Whether what is put away no longer lies where it was seen."""
        ...

    def bytes_of(self, entry: Entry) -> AbstractContextManager[Path]:
        """A secured file, to be read while the context lasts.

        Raises VanishedError; RefusedFileError for one that is not worth fetching.
        """
        ...

    def version_of(self, entry: Entry) -> Version:
        """What a secured file is now. Raises VanishedError."""
        ...

    def sidecar(self, entry: Entry) -> Sidecar:
        """Raises SidecarError."""
        ...

    def put_away(self, entry: Entry, fate: Fate, *, error: bytes | None = None) -> None:
        """Where it belongs in the end, with the error beside it. One that changed meanwhile is a new file again."""
        ...

    def left_error(self, entry: Entry) -> bytes | None:
        """What was to lie beside a file that was put away already, when that broke off in between."""
        ...

    def left_behind(self) -> Iterator[UUID]:
        """Entries whose files are secured and not put away."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One file as it is handed in."""

    #: sent again with the same id it is the same job
    id: UUID
    file: Path
    #: below the place
    name: str
    sha256: str
    rule: Rule
    external_id: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordText:
    """One document's extraction as JSON."""

    #: of the file that it is written to
    name: str
    pieces: Iterator[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDocument:
    """A document of a job that has no record."""

    #: as the job calls it: of a container with the path in it
    file: str
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job."""

    #: some document has a record
    usable: bool
    #: of every document, once
    records: Iterator[RecordText]
    #: those that have none; of a container some may, while others have theirs
    failures: tuple[FailedDocument, ...]


class Jobs(Protocol):
    """Whoever reads: this process, the workers of a service, a server behind a URL."""

    def find(self, entry_id: UUID) -> UUID | None:
        """The job that was submitted whole under this id."""
        ...

    def submit(self, ticket: Ticket) -> UUID:
        """The id of the job.

        Raises ChangedError when the bytes are not those of the ticket, VanishedError when the file is gone,
        RefusedFileError when it will never be taken.
        """
        ...

    def forget(self, entry_id: UUID) -> None:
        """A job under this id that was not submitted whole never will be."""
        ...

    def work(self, job_id: UUID, rule: Rule) -> None:
        """Let it be read, where nobody else does; returns at once."""
        ...

    def finished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        """Those of which every document has ended, or which are no longer there."""
        ...

    def outcome(self, job_id: UUID) -> Outcome:
        """Raises NotFoundError when somebody deleted the job."""
        ...
