"""The seams of the use cases: stores of rows, blobs and time; the adapters live in storage.

Each method of a store of rows is one transaction. One that takes a claim returns the document as it stands afterwards,
and raises LeaseLostError, with nothing written, when the claim no longer stands.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from docproc.domain.document import DocumentState
from docproc.domain.failure import Failure
from docproc.domain.page import PageState
from docproc.domain.reading import Spent
from docproc.services.passwords import Passwords
from docproc.services.records import (
    LOCAL_TENANT,
    Claim,
    Document,
    Erasure,
    IdempotencyKey,
    Job,
    NewDocument,
    NewJob,
    Original,
    Preparation,
    PreparedPage,
    Removed,
    StoredExtraction,
    StoredReading,
    WindowClaim,
)


class Clock(Protocol):
    """Time as the use cases see it."""

    def now(self) -> datetime:
        """UTC, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow."""
        ...


class BlobStore(Protocol):
    """Bytes by key (`tenant/kind/name`); a blob is whole or it is not there."""

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        """Write a blob from a stream, replacing an earlier one; returns its size. On an error nothing is left."""
        ...

    def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Raises BlobMissingError when the blob is gone or shorter than `offset + length`."""
        ...

    def read_some(self, key: str, *, offset: int, length: int) -> bytes:
        """Up to `length` bytes, fewer where the blob ends. Raises BlobMissingError when it is gone or ends before."""
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """The blob in pieces. Raises BlobMissingError."""
        ...

    def as_file(self, key: str) -> AbstractContextManager[Path]:
        """The blob as a file that may be read while the context lasts. Raises BlobMissingError."""
        ...

    def size(self, key: str) -> int | None:
        """None when there is no such blob."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys that begin with `prefix`, which names at least tenant and kind: `tenant/kind/`."""
        ...

    def written_before(self, prefix: str, moment: datetime) -> Iterator[str]:
        """Those of `keys(prefix)` that were last written before `moment`."""
        ...

    def delete(self, key: str) -> int | None:
        """How many bytes went; None when there was nothing."""
        ...

    def sweep(self) -> int:
        """Delete what writers that died left behind; returns how many pieces."""
        ...


class JobStore(Protocol):
    """Jobs and the submission of their documents."""

    def create(self, job: NewJob, *, idempotency: IdempotencyKey | None = None) -> UUID:
        """The id of the job: of an earlier one that the same key made. Of any number at once, one makes it.

        Raises ConflictError when the key was used for another request, NotFoundError when there is no such tenant.
        """
        ...

    def add_documents(self, job_id: UUID, documents: Sequence[NewDocument]) -> int:
        """Append documents in order; one whose path is there already is left out. Returns how many are new.

        In a canceled job they are canceled too.
        """
        ...

    def known_files(self, job_id: UUID, paths: Collection[str]) -> Mapping[str, Original]:
        """Those of `paths` that have their document row, with what it says of the file."""
        ...

    def mark_submitted(self, job_id: UUID) -> None: ...

    def get(self, job_id: UUID, *, tenant: str = LOCAL_TENANT) -> Job:
        """Raises NotFoundError."""
        ...

    def newest(self, *, tenant: str = LOCAL_TENANT, limit: int | None = None) -> Sequence[Job]:
        """Newest first; their schemas without `json_schema`, which may be long."""
        ...

    def unfinished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        """Those of `job_ids` of which something is left to do; one that does not exist is none of them."""
        ...

    def find(self, beginning: str, *, tenant: str = LOCAL_TENANT, limit: int = 2) -> Sequence[UUID]:
        """Jobs whose id begins so, with or without dashes; oldest first."""
        ...

    def created_before(self, moment: datetime, *, tenant: str = LOCAL_TENANT) -> Sequence[UUID]: ...

    def cancel(self, job_id: UUID) -> int:
        """Cancel what nobody works on now and ask the others to stop; returns how many were open."""
        ...

    def retry(self, job_id: UUID) -> int:
        """Receive failed documents again; returns how many. Raises ConflictError when the job was canceled."""
        ...

    def finish_cancels(self, *, limit: int = 10) -> int:
        """Cancel on where somebody began to cancel a job of workers and died; returns how many documents."""
        ...

    def close(self, job_id: UUID) -> None:
        """Before a job is deleted: no more work comes to it, and no hold can be placed on it any more.

        Raises HeldError while a legal hold stands, ConflictError while somebody works on it.

        A job of workers is worked on until it is finished or canceled, and from now on it counts as canceled.
        """
        ...

    def export_ids(self, job_id: UUID) -> Sequence[UUID]:
        """Exports of its records, of whatever state."""
        ...

    def remove(self, job_id: UUID, *, erasure: Erasure | None = None) -> Removed:
        """Delete all rows of a job, and keep the receipt of the erasure that this ends.

        Raises ConflictError while somebody works on it, as `close` does.
        """
        ...


class DocumentStore(Protocol):
    """Documents: who works on them and how they end."""

    def claim(self, job_id: UUID, *, owner: str, lease_s: float) -> Claim | None:
        """The next due document: new ones in submit order, then those that others left.

        The attempt is counted before the work. A document whose attempts are spent is failed on the way.
        """
        ...

    def get(self, document_id: UUID) -> Document:
        """Raises NotFoundError."""
        ...

    def page_through(
        self, job_id: UUID, *, after: int = -1, limit: int = 200, states: Collection[DocumentState] | None = None
    ) -> Sequence[Document]:
        """Documents behind position `after`, in submit order."""
        ...

    def extend(self, owner: str, *, lease_s: float) -> int:
        """Renew every lease of `owner`; returns how many."""
        ...

    def owners(self, job_id: UUID) -> frozenset[str]:
        """Who holds leases on documents of the job."""
        ...

    def leased(self, job_ids: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
        """Of the jobs on which leases stand, who holds them."""
        ...

    def void(self, owners: Collection[str]) -> int:
        """End the leases of owners that are known to be dead; returns how many."""
        ...

    def release(self, claim: Claim | WindowClaim) -> None:
        """Hand unfinished work back; the attempt was not in vain."""
        ...

    def restart(self, claim: Claim | WindowClaim, *, keep_words: bool = False) -> Document:
        """Forget the preparation, whose words are lost, and prepare again: under the same claim, if it is for all.

        With `keep_words` only what is missing beside them is made again, and what was read stays.
        """
        ...

    def set_original(self, claim: Claim, original: Original) -> Document:
        """What a later look at the file found."""
        ...

    def keep_preparation(self, claim: Claim) -> Document:
        """From preparing to reading, with the preparation of an earlier attempt."""
        ...

    def begin_assembling(self, claim: Claim) -> Document:
        """From reading to assembling; it stays in reading when a page waits after all."""
        ...

    def fail(self, claim: Claim | WindowClaim, failure: Failure, *, seconds: float = 0.0) -> Document:
        """The document and its open pages end with `failure`."""
        ...

    def cancel(self, claim: Claim) -> Document:
        """The document and its open pages end as canceled."""
        ...

    def is_canceled(self, job_id: UUID) -> bool:
        """Whether somebody asked for the job to be canceled."""
        ...

    def known(self, document_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of `document_ids` have their row."""
        ...

    def to_be_read(self, tenant: str, contents: Collection[str]) -> frozenset[str]:
        """Of these sha256 those of which a document is still to be read."""
        ...

    def settled_use(self, blob_key: str, *, outside: UUID | None) -> AbstractContextManager[bool]:
        """Whether a document of another job than `outside` keeps its original under `blob_key`.

        While the context lasts none comes to do so.
        """
        ...


class PageStore(Protocol):
    """Pages and their words' places."""

    def find_prepared(self, *, tenant: str, sha256: str, fingerprint: str) -> Preparation | None:
        """A whole preparation of the same bytes by another document, none of its pages failed."""
        ...

    def save_preparation(self, claim: Claim, preparation: Preparation, *, seconds: float) -> Document:
        """From preparing to reading."""
        ...

    def pages(
        self, document_id: UUID, *, states: Collection[PageState] | None = None, attempts_of: int = 0
    ) -> Sequence[PreparedPage]:
        """In page order; with what models answered of so many pages that failed, the first of those."""
        ...

    def readers(self, job_id: UUID) -> Mapping[str, int]:
        """How many pages of a job each reader has read."""
        ...

    def first_printed(self, document_id: UUID) -> int | None:
        """Number of the first page that is neither blank nor failed."""
        ...

    def fail(
        self, claim: Claim | WindowClaim, number: int, failure: Failure, *, spent: Spent | None = None
    ) -> Document:
        """A page that is still open fails alone; what was spent on it is metered, the answers are kept with it."""
        ...

    def hand_over(self, claim: Claim | WindowClaim, heads: Mapping[int, int], *, reader: str, queue: str) -> Document:
        """Pages that are still open wait for another reader, in windows: by page number the first page of its window.

        Workers read them from `queue`; whoever works on the whole document alone goes on with them.
        """
        ...


class ReadingStore(Protocol):
    """Readings of windows."""

    def find(self, reading_key: str, *, tenant: str) -> StoredReading | None:
        """A reading that may be taken again."""
        ...

    def save(
        self, claim: Claim | WindowClaim, reading: StoredReading, *, seconds: float, again: bool = False
    ) -> Document:
        """The window's pages are read, or all open pages when the reading is complete.

        With the last open page the document goes from reading to assembling. What is read `again` takes the place of
        what its pages were read as before.
        """
        ...

    def meter(self, claim: Claim | WindowClaim, spent: Spent) -> None:
        """Count what came to nothing and is the end of nothing: its pages are read again otherwise, or passed on."""
        ...

    def keep(self, claim: Claim | WindowClaim, numbers: Collection[int]) -> Document:
        """Pages that were reopened are read: what was made of them before stands."""
        ...

    def reopen(self, claim: Claim, windows: Sequence[Sequence[int]]) -> Document:
        """From assembling back to reading: the pages of these windows wait to be read again, by who read them."""
        ...

    def of_document(self, document_id: UUID) -> Iterator[StoredReading]:
        """In page order."""
        ...


class ExtractionStore(Protocol):
    """Extractions, with their revisions."""

    def save(self, claim: Claim, extraction: StoredExtraction, *, seconds: float) -> Document:
        """From assembling to succeeded or needs_review."""
        ...

    def latest(self, document_ids: Collection[UUID]) -> Mapping[UUID, StoredExtraction]:
        """The newest revision of each that has one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """All stores over one database and one blob store."""

    jobs: JobStore
    documents: DocumentStore
    pages: PageStore
    readings: ReadingStore
    extractions: ExtractionStore
    blobs: BlobStore
    passwords: Passwords
