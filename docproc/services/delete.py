"""Delete a job with everything that docproc keeps of its documents, and say what went. Knows no database."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from docproc.services.blob_keys import OF_DOCUMENT, BlobKind, document_prefix, image_prefix
from docproc.services.orphans import remove_blobs, remove_original
from docproc.services.ports import Stores
from docproc.services.records import LOCAL_TENANT, Document, ErasedDocument, Erasure, Removed
from docproc.services.resume import Owners, free_dead_leases
from docproc.services.show import documents_of

#: who deletes when nobody is named
BY_DOCPROC = "docproc"


def delete(
    stores: Stores, job_id: UUID, *, owners: Owners, tenant: str = LOCAL_TENANT, by: str = BY_DOCPROC
) -> Removed:
    """What went, of which a receipt is kept.

    The files that the user submitted are not touched; kept copies go unless another job needs them.
    Raises NotFoundError, HeldError while a legal hold stands, or ConflictError while somebody works on the job.
    """
    stores.jobs.get(job_id, tenant=tenant)
    free_dead_leases(stores, job_id, owners=owners)
    stores.jobs.close(job_id)
    # Blobs first: should this process die between, the rows still tell what is left to delete.
    exports = tuple(stores.jobs.export_ids(job_id))
    blobs, documents = _remove_blobs(stores, job_id)
    blobs += _remove_exports(stores, exports, tenant=tenant)
    erasure = Erasure(tenant=tenant, job_id=job_id, by=by, blobs=blobs, documents=tuple(documents), exports=exports)
    removed = blobs + stores.jobs.remove(job_id, erasure=erasure)
    stores.passwords.forget(job_id)
    return removed


def _remove_blobs(stores: Stores, job_id: UUID) -> tuple[Removed, list[ErasedDocument]]:
    removed, erased = Removed(), []
    for document in documents_of(stores, job_id):
        erased.append(ErasedDocument(id=document.id, sha256=document.original.sha256))
        removed += remove_blobs(stores, _keys(stores, document))
        if document.original.sha256 is not None:  # another document of the same bytes has its pages drawn again
            images = stores.blobs.keys(image_prefix(document.tenant, document.original.sha256))
            removed += remove_blobs(stores, list(images))
        if document.original.blob_key is not None:
            removed += remove_original(stores, document.original.blob_key, outside=job_id)
    return removed, erased


def _remove_exports(stores: Stores, exports: Iterable[UUID], *, tenant: str) -> Removed:
    removed = Removed()
    for export_id in exports:
        removed += remove_blobs(stores, stores.blobs.keys(document_prefix(tenant, BlobKind.EXPORT, export_id)))
    return removed


def _keys(stores: Stores, document: Document) -> Iterator[str]:
    if document.attempt:  # never worked on: nothing was written
        for kind in OF_DOCUMENT:
            yield from stores.blobs.keys(document_prefix(document.tenant, kind, document.id))
