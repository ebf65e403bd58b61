"""A page of a stored document as an image, for a person who looks at it. Knows no reader."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from docproc.domain.errors import BlobMissingError, ConflictError, DocumentError, NotFoundError, UnreadableError
from docproc.domain.image import Resolution
from docproc.pipeline.ports import DrawingSource, SourceDocument
from docproc.services.ports import BlobStore, Stores
from docproc.services.records import Document


def page_png(
    stores: Stores,
    document: Document,
    number: int,
    *,
    dpi: int,
    source: Callable[[], DrawingSource],
) -> bytes:
    """The page as a PNG file, upright.

    Raises NotFoundError for a page that is none, ConflictError before the document was taken apart, DocumentError when
    it cannot be drawn, SealedError.
    """
    media_type = document.original.media_type
    if document.page_count is None or media_type is None:
        raise ConflictError(f"the document is {document.state}: its pages are not known")
    pages = {page.facts.number: page.facts for page in stores.pages.pages(document.id)}
    if number not in pages:
        raise NotFoundError(f"the document has no page {number} that was asked for")
    rotations = {number: pages[number].rotation} if pages[number].rotation else {}
    with _bytes_of(document, stores.blobs) as path:
        given = SourceDocument(path=path, media_type=media_type, passwords=stores.passwords.of(document.job_id))
        for _, png in source().pngs(given, Resolution(dpi=dpi), [number], rotations=rotations):
            return png
    raise DocumentError(f"page {number} cannot be drawn")


@contextmanager
def _bytes_of(document: Document, blobs: BlobStore) -> Iterator[Path]:
    if document.original.blob_key is None:
        raise UnreadableError("no copy of the file was kept")
    try:
        with blobs.as_file(document.original.blob_key) as path:
            yield path
    except BlobMissingError as exc:
        raise BlobMissingError("the kept original is gone") from exc
