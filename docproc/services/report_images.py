"""The page images of a report, drawn again from the originals. Knows no HTML."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from docproc.domain.errors import BlobMissingError, DocumentError
from docproc.domain.image import PageImageSpec, Resolution
from docproc.domain.reading import go_on
from docproc.pipeline.ports import SourceDocument
from docproc.services.job_context import Accept
from docproc.services.ports import Stores
from docproc.services.records import Document

DPI = 100
PNG = "image/png"


class DrawnPages(Protocol):
    """A document that is open to be drawn."""

    def pngs(
        self, spec: PageImageSpec, *, numbers: Sequence[int], rotations: Mapping[int, int]
    ) -> Iterator[tuple[int, bytes]]: ...


class DrawnDocuments(Protocol):
    """Opens documents to be drawn."""

    def open_pages(self, document: SourceDocument) -> AbstractContextManager[DrawnPages]: ...


class ReportImages:
    """Page images by document and page; the document asked for last stays open. A context."""

    def __init__(
        self,
        stores: Stores,
        source: DrawnDocuments,
        *,
        accept: Accept,
        checkpoint: Callable[[], None] = go_on,
    ) -> None:
        """`checkpoint` is called again and again while a page is drawn; what it raises ends that."""
        self._stores = stores
        self._source = source
        self._accept = accept
        self._checkpoint = checkpoint
        self._open_id: UUID | None = None
        self._pages: DrawnPages | None = None
        self._rotations: dict[int, int] = {}
        self._closing = ExitStack()

    def __enter__(self) -> "ReportImages":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def __call__(self, document_id: UUID, number: int) -> tuple[bytes, str] | None:
        """The image of a page and its media type; None when the original is gone, changed or cannot be opened.

        Raises SealedError where another key may open it.
        """
        try:
            pages = self._opened(document_id)
            if pages is None:
                return None
            for _, png in pages.pngs(Resolution(dpi=DPI), numbers=[number], rotations=self._rotations):
                return png, PNG
        except (DocumentError, BlobMissingError):  # a report is whole without its images
            return None
        return None

    def _opened(self, document_id: UUID) -> DrawnPages | None:
        if document_id != self._open_id:
            self._closing.close()
            self._open_id, self._pages = document_id, None
            document = self._stores.documents.get(document_id)
            facts = self._stores.pages.pages(document_id)
            self._rotations = {page.facts.number: page.facts.rotation for page in facts}
            path = self._closing.enter_context(self._original(document))
            if path is not None and document.original.media_type is not None:
                given = SourceDocument(
                    path=path,
                    media_type=document.original.media_type,
                    passwords=self._stores.passwords.of(document.job_id),
                    checkpoint=self._checkpoint,
                )
                self._pages = self._closing.enter_context(self._source.open_pages(given))
        return self._pages

    @contextmanager
    def _original(self, document: Document) -> Iterator[Path | None]:
        """Where the document's bytes lie, if they are still those that were read."""
        original = document.original
        if original.blob_key is not None:
            with self._stores.blobs.as_file(original.blob_key) as path:
                yield path
            return
        path = Path(original.path)
        try:
            unchanged = self._accept(path).sha256 == original.sha256
        except DocumentError:
            unchanged = False
        yield path if unchanged else None
