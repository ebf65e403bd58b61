"""Receipts of deletions: what they say, and whether it is true. Knows no database.

A receipt holds ids, counts and hashes, and never a name or a value. Each names the one before it of its tenant by its
hash: none can be changed or taken away unnoticed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from docproc.services.blob_keys import OF_DOCUMENT, BlobKind, document_prefix, image_prefix, original_key
from docproc.services.canonical import canonical
from docproc.services.ports import BlobStore
from docproc.services.records import Erasure
from docproc.services.upkeep_ports import BlobNames

#: what the first receipt of a tenant says of the one before
NONE_BEFORE = "0" * 64
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt as it is kept."""

    id: UUID
    tenant: str
    #: from 1, without a gap
    number: int
    job_id: UUID
    #: canonical JSON
    body: str
    #: of `body`
    sha256: str
    created_at: datetime

    @property
    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads(self.body)
        return facts


class Untruth(StrEnum):
    """What is wrong with a receipt."""

    CHANGED = "changed"  # its text is not what was hashed
    CHAIN_BROKEN = "chain_broken"  # the one before it is gone, or another
    ROWS_LEFT = "rows_left"
    BLOBS_LEFT = "blobs_left"


class ReceiptStore(Protocol):
    """Receipts are only added, in the transaction that deletes the rows."""

    def page_through(
        self, tenant: str, *, job_id: UUID | None = None, after: int | None = None, limit: int = 100
    ) -> Sequence[Receipt]:
        """Newest first, those with smaller numbers than `after`."""
        ...

    def get(self, tenant: str, number: int) -> Receipt:
        """Raises NotFoundError."""
        ...

    def rows_left(self, job_id: UUID, document_ids: Sequence[UUID]) -> int:
        """Rows that are about the job or one of the documents."""
        ...


def receipt_body(erasure: Erasure, *, rows: Mapping[str, int], number: int, previous: str, at: datetime) -> str:
    """The text of a receipt."""
    facts = {
        "receipt": 1,
        "number": number,
        "tenant": erasure.tenant,
        "job_id": str(erasure.job_id),
        "by": erasure.by,
        "deleted_at": at.astimezone(UTC).isoformat(),
        "rows": dict(rows),
        "blobs": erasure.blobs.blobs,
        "byte_count": erasure.blobs.byte_count,
        "exports": list(map(str, erasure.exports)),
        "documents": [[str(document.id), document.sha256] for document in erasure.documents],
        "previous": previous,
    }
    return canonical(facts).decode()


def hash_of_body(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCheck:
    """Everything that a receipt is held against."""

    receipts: ReceiptStore
    blobs: BlobStore
    names: BlobNames

    def untruths(self, tenant: str, number: int) -> Sequence[Untruth]:
        """Empty: what the receipt says is so. Raises NotFoundError."""
        receipt = self.receipts.get(tenant, number)
        facts = receipt.facts
        documents = [(UUID(document_id), sha256) for document_id, sha256 in facts["documents"]]
        told = []
        if hash_of_body(receipt.body) != receipt.sha256:
            told.append(Untruth.CHANGED)
        if facts["previous"] != self._before(receipt):
            told.append(Untruth.CHAIN_BROKEN)
        if self.receipts.rows_left(receipt.job_id, [document_id for document_id, _ in documents]):
            told.append(Untruth.ROWS_LEFT)
        exports = [UUID(export_id) for export_id in facts["exports"]]
        if next(self._blobs_left(tenant, documents, exports), None) is not None:
            told.append(Untruth.BLOBS_LEFT)
        return told

    def _before(self, receipt: Receipt) -> str | None:
        if receipt.number == 1:
            return NONE_BEFORE
        found = self.receipts.page_through(receipt.tenant, after=receipt.number, limit=1)
        return found[0].sha256 if found and found[0].number == receipt.number - 1 else None

    def _blobs_left(
        self, tenant: str, documents: Sequence[tuple[UUID, str | None]], exports: Sequence[UUID]
    ) -> Iterator[str]:
        for export_id in exports:
            yield from self.blobs.keys(document_prefix(tenant, BlobKind.EXPORT, export_id))
        for document_id, sha256 in documents:
            for kind in OF_DOCUMENT:
                yield from self.blobs.keys(document_prefix(tenant, kind, document_id))
            if sha256 is not None:
                yield from self._of_content(tenant, sha256)

    def _of_content(self, tenant: str, sha256: str) -> Iterator[str]:
        """What is named by the bytes: another document of the same bytes may have it still."""
        key = original_key(tenant, sha256)
        if self.blobs.size(key) is not None and not self.names.naming(BlobKind.ORIGINAL, [key]):
            yield key
        images = self.blobs.keys(image_prefix(tenant, sha256))
        while batch := list(islice(images, _BATCH)):
            named = self.names.naming(BlobKind.IMAGE, batch)
            yield from (image for image in batch if image not in named)


def plain(receipt: Receipt) -> dict[str, object]:
    """A receipt for people and programs."""
    return {**asdict(receipt), "id": str(receipt.id), "job_id": str(receipt.job_id), "body": receipt.facts}
