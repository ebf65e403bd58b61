"""The seam of the ledger: which versions of the files of one place were taken, and by whom. Adapter: storage.

Whoever changes an entry must hold it: every change raises LeaseLostError once another watcher has it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from docproc.services.ledger_records import (
    Earlier,
    Entry,
    EntryState,
    LedgerCounts,
    Sighting,
    Trouble,
    Version,
    Waiting,
    Where,
)


class Ledger(Protocol):
    """The entries of one place of one tenant."""

    def unknown(self, seen: Sequence[Sighting]) -> Sequence[Sighting]:
        """Those of `seen` of which no standing entry is the same version."""
        ...

    def claim_new(self, seen: Sequence[Sighting], *, owner: str, lease_s: float) -> Sequence[Entry]:
        """Entries for those that nobody has an entry for; of any number of watchers at once, one gets each."""
        ...

    def claim_due(self, *, owner: str, lease_s: float, limit: int) -> Sequence[Entry]:
        """Open entries that nobody holds and whose time has come, those due for longest first."""
        ...

    def extend(self, owner: str, ids: Collection[UUID], *, lease_s: float) -> frozenset[UUID]:
        """Renew the leases; returns those that are still `owner`'s."""
        ...

    def note_moved(self, entry: Entry, version: Version) -> Entry:
        """It no longer lies where it was seen; `version` is what was moved."""
        ...

    def identify(self, entry: Entry, sha256: str, *, read_as: str) -> tuple[Entry, Earlier | None]:
        """Note its content and how it is to be read, and who had the same before.

        Of any number at once, all but one have an earlier one. What was decided once stays, unless the earlier one
        came to nothing or turned out to be something else: those do not count.
        """
        ...

    def note_submitted(self, entry: Entry, job_id: UUID) -> Entry: ...

    def note_staged(self, entry: Entry) -> Entry:
        """Its records are whole, and not in the outbox yet."""
        ...

    def end(self, entry: Entry, state: EntryState, *, is_cleared: bool = False) -> None:
        """One that is gone, or was cleared away, no longer stands."""
        ...

    def put_off(self, entry: Entry, trouble: Trouble, *, after_s: float, where: Where | None = None) -> None:
        """Let it be tried again; `where`: what is full, shut or away."""
        ...

    def release(self, owner: str, ids: Collection[UUID]) -> None:
        """Hand entries back, due at once."""
        ...

    def owners(self) -> frozenset[str]:
        """Who holds entries."""
        ...

    def void(self, owners: Collection[str]) -> int:
        """End the leases of owners that are known to be dead; returns how many."""
        ...

    def states(self, ids: Collection[UUID]) -> Mapping[UUID, EntryState]:
        """Of those that there are."""
        ...

    def reopen(self, ids: Collection[UUID]) -> int:
        """Take up again what counted as gone and is there after all; returns how many."""
        ...

    def counts(self) -> LedgerCounts: ...

    def waiting(self, *, limit: int) -> Sequence[Waiting]:
        """Entries in trouble, those with the most tries first."""
        ...

    def places(self) -> frozenset[str]:
        """All that the tenant has entries of."""
        ...
