"""Hold rows and blobs against each other: blobs that no row names, rows whose blob is gone. Knows no output.

Both sides are listed while work goes on, so every difference is asked about again before it is told: a blob only counts
as an orphan when it is older than any work in flight, and a row's blob as missing when it is not there a second time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from docproc.services.blob_keys import BlobKind, is_ours
from docproc.services.orphans import remove_blobs, remove_original
from docproc.services.pieces import in_batches
from docproc.services.ports import Stores
from docproc.services.records import Removed
from docproc.services.sorted_keys import SortedKeys, without
from docproc.services.upkeep_ports import BlobNames

_BATCH = 500


class Verdict(StrEnum):
    """What is wrong."""

    ORPHAN = "orphan"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One blob that no row names, or that a row names in vain."""

    verdict: Verdict
    kind: BlobKind
    key: str
    #: a document whose row names it
    document_id: UUID | None = None


@dataclass(slots=True, kw_only=True)
class Tally:
    """How far a check is; at its end the receipt."""

    #: looked at, of both sides
    blobs: int = 0
    named: int = 0
    orphans: int = 0
    missing: int = 0
    deleted: Removed = field(default_factory=Removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCheck:
    """One look at a tenant's blobs and the rows that name them."""

    stores: Stores
    names: BlobNames
    tenant: str
    #: a blob that was written later may wait for its row
    before: datetime
    delete_orphans: bool = False
    tally: Tally = field(default_factory=Tally)
    #: called now and then while keys are listed
    on_look: Callable[[Tally], None] = lambda _: None

    def findings(self) -> Iterator[Finding]:
        """What is wrong, kind after kind; orphans are deleted on the way, if asked."""
        for kind in self.names.kinds():
            yield from self._findings_of(kind)

    def _findings_of(self, kind: BlobKind) -> Iterator[Finding]:
        blobs, prefix = self.stores.blobs, f"{self.tenant}/{kind}/"
        with (
            SortedKeys(self._watched(self._counted("named", self.names.named(self.tenant, kind)))) as named,
            SortedKeys(self._watched(self._counted("blobs", _ours(blobs.keys(prefix))))) as there,
            SortedKeys(self._watched(_ours(blobs.written_before(prefix, self.before)))) as old,
        ):
            for batch in in_batches(without(named, there), _BATCH):
                yield from self._missing(kind, batch)
            for batch in in_batches(without(old, named), _BATCH):
                yield from self._orphans(kind, batch)

    def _missing(self, kind: BlobKind, keys: Sequence[str]) -> Iterator[Finding]:
        for key, document_id in sorted(self.names.naming(kind, keys).items()):
            if self.stores.blobs.size(key) is None:
                self.tally.missing += 1
                yield Finding(verdict=Verdict.MISSING, kind=kind, key=key, document_id=document_id)

    def _orphans(self, kind: BlobKind, keys: Sequence[str]) -> Iterator[Finding]:
        named = self.names.naming(kind, keys)
        for key in keys:
            if key not in named:
                self.tally.orphans += 1
                if self.delete_orphans:
                    self.tally.deleted += self._deleted(kind, key)
                yield Finding(verdict=Verdict.ORPHAN, kind=kind, key=key)

    def _deleted(self, kind: BlobKind, key: str) -> Removed:
        if kind is BlobKind.ORIGINAL:  # a document that is submitted right now may come to keep it
            return remove_original(self.stores, key, outside=None)
        return remove_blobs(self.stores, [key])

    def _counted(self, name: str, keys: Iterable[str]) -> Iterator[str]:
        for key in keys:
            setattr(self.tally, name, getattr(self.tally, name) + 1)
            yield key

    def _watched(self, keys: Iterable[str]) -> Iterator[str]:
        for number, key in enumerate(keys, start=1):
            if number % _BATCH == 0:
                self.on_look(self.tally)
            yield key


def _ours(keys: Iterable[str]) -> Iterator[str]:
    """Without what lies there but cannot be docproc's: somebody put it beside our blobs."""
    return filter(is_ours, keys)
