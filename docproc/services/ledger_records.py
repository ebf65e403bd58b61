"""What the ledger of a watched place keeps, as plain values. Knows neither folder nor database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EntryState(StrEnum):
    """Where a version of a file stands on its way from the place to its records."""

    #: a watcher took it, or is about to
    CLAIMED = "claimed"
    #: its job is there; its records are to be delivered
    SUBMITTED = "submitted"
    #: its records are staged: what is not in the outbox yet is moved there, and nothing is written anew
    DELIVERING = "delivering"
    #: its records lie in the outbox, and the file where it belongs
    DONE = "done"
    #: no document of it came to a record
    FAILED = "failed"
    #: another file with the same bytes has the records
    SKIPPED = "skipped"
    #: an earlier entry is this very version; the file system gave it another number meanwhile
    KNOWN = "known"
    #: it was deleted, or replaced by another version, before its bytes were taken
    GONE = "gone"


OPEN_ENTRY_STATES = frozenset({EntryState.CLAIMED, EntryState.SUBMITTED, EntryState.DELIVERING})


class Trouble(StrEnum):
    """Why an entry waits for another try; what each means is in docs/watch.md."""

    DISK_FULL = "disk_full"
    NO_PERMISSION = "no_permission"
    PLACE_GONE = "place_gone"
    IO_ERROR = "io_error"
    STORE_GONE = "store_gone"
    #: it was written to while it was taken
    UNSETTLED = "unsettled"
    #: a file with the same bytes is being taken: what becomes of it decides
    TWIN = "twin"
    INTERNAL = "internal"


class Where(StrEnum):
    """What is full, shut or away when an entry waits for another try."""

    #: the watched folder, or the bucket
    WATCHED = "watched"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    OUTBOX = "outbox"
    #: this machine's folder for temporary files
    TEMP = "temp"
    #: the database, the blob store, or the server that reads
    STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What tells one version of a file from the next at the same path."""

    #: inode of a file, ETag of an object
    identity: str
    byte_count: int
    modified_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A file as it was seen lying in the place."""

    #: below the place, with `/`; of a folder that cannot be looked into with one at the end
    path: str
    version: Version
    #: what lies beside it and describes it; that is to stand still too
    beside: str = ""
    #: somebody said that it is whole: there is no need to see it stand still
    is_ready: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of one file in the ledger, claimed by a watcher."""

    #: also the id of the job in a store of our own, so that submitting twice makes one job
    id: UUID
    path: str
    version: Version
    state: EntryState
    #: it lies where it was seen, as far as anybody knows
    standing: bool
    sha256: str | None
    #: an earlier entry with the same bytes
    duplicate_of: UUID | None
    job_id: UUID | None
    owner: str
    #: nothing may be written once the row has another number
    attempt: int
    #: tries in a row that met with trouble
    tries: int

    @property
    def is_folder(self) -> bool:
        """A folder that nobody can look into: there is no file, only the trouble."""
        return self.path.endswith("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An entry with the same bytes, to be read the same way, that came before."""

    state: EntryState
    #: None: it has none yet
    job_id: UUID | None
    #: it may take long until it has one
    in_trouble: bool
    #: it is this very version at the same path, under another identity
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An entry that met with trouble, for people."""

    path: str
    trouble: Trouble
    where: Where | None
    tries: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCounts:
    """How many entries of a place are in which state, and what is amiss."""

    states: Mapping[EntryState, int]
    troubles: Mapping[Trouble, int]

    @property
    def open(self) -> int:
        return sum(count for state, count in self.states.items() if state in OPEN_ENTRY_STATES)
