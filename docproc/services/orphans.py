"""Blobs that no row speaks for: what a worker wrote in vain, and what one left that died. Knows no step."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from docproc.domain.errors import DocprocError, LeaseLostError
from docproc.domain.reading import go_on
from docproc.services.blob_keys import OF_DOCUMENT, BlobKind, is_ours, stem_of
from docproc.services.pieces import in_batches
from docproc.services.ports import BlobStore, Stores
from docproc.services.records import Removed

_BATCH = 500


@contextmanager
def written_in_vain(
    blobs: BlobStore, keys: Iterable[str | None], *, when: type[DocprocError] = LeaseLostError
) -> Iterator[None]:
    """Around the transaction that names `keys`, which lie there already: another attempt's rows never name them."""
    try:
        yield
    except when:
        for key in keys:
            if key is not None:
                blobs.delete(key)
        raise


def remove_orphans(stores: Stores, *, tenant: str, before: datetime) -> Removed:
    """Delete blobs written before then whose document is gone, originals that no document keeps, and page images."""
    removed = Removed()
    removed += remove_old_images(stores, tenant=tenant, before=before)
    for kind in OF_DOCUMENT:
        for batch in in_batches(_old(stores, tenant, kind, before), _BATCH):
            removed += remove_blobs(stores, _without_document(stores, batch))
    for key in _old(stores, tenant, BlobKind.ORIGINAL, before):
        removed += remove_original(stores, key, outside=None)
    return removed


def remove_old_images(
    stores: Stores, *, tenant: str, before: datetime, checkpoint: Callable[[], None] = go_on
) -> Removed:
    """Delete page images drawn before then, but for those of documents that are still to be read."""
    removed = Removed()
    for batch in in_batches(_old(stores, tenant, BlobKind.IMAGE, before), _BATCH):
        checkpoint()
        contents = {key: stem_of(key.rsplit("/", 1)[1]) for key in batch}
        wanted = stores.documents.to_be_read(tenant, frozenset(contents.values()))
        removed += remove_blobs(stores, [key for key, content in contents.items() if content not in wanted])
    return removed


def _old(stores: Stores, tenant: str, kind: BlobKind, before: datetime) -> Iterator[str]:
    return filter(is_ours, stores.blobs.written_before(f"{tenant}/{kind}/", before))


def remove_original(stores: Stores, key: str, *, outside: UUID | None) -> Removed:
    """Delete a kept original unless a document outside that job keeps it too."""
    with stores.documents.settled_use(key, outside=outside) as in_use:
        return Removed() if in_use else remove_blobs(stores, [key])


def _without_document(stores: Stores, keys: Sequence[str]) -> list[str]:
    owners = {key: UUID(hex=stem_of(key.rsplit("/", 1)[1])) for key in keys}
    known = stores.documents.known(frozenset(owners.values()))
    return [key for key, document_id in owners.items() if document_id not in known]


def remove_blobs(stores: Stores, keys: Iterable[str]) -> Removed:
    """The receipt; a blob that is not there counts for nothing."""
    sizes = [size for size in map(stores.blobs.delete, keys) if size is not None]
    return Removed(blobs=len(sizes), byte_count=sum(sizes))
