"""The report of a job with its page images, rendered again from the originals; knows no HTML."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

from docproc.bootstrap import Desk, open_pages
from docproc.domain.errors import DocumentError
from docproc.domain.image import Resolution
from docproc.domain.schema import ExtractionSchema
from docproc.exports.report.report_writer import ReportWriter
from docproc.pages.source import DocprocPages, OpenPages
from docproc.pipeline.ports import SourceDocument
from docproc.services.collect import collect
from docproc.services.records import Document, Job

DPI = 100
PNG = "image/png"


def write_report(desk: Desk, job: Job, schema: ExtractionSchema, *, target: Path, overwrite: bool) -> None:
    """One HTML file; a page whose original is gone or changed stands in it without its image."""
    with (
        open_pages(desk.settings, workers=1, ocr=False) as source,
        PageImages(desk, source) as images,
        ReportWriter(target, schema, page_image=images, overwrite=overwrite) as writer,
    ):
        for item in collect(desk.stores, job.id, tenant=job.tenant):
            writer.write(item)


class PageImages:
    """Page images by document and page; the document asked for last stays open."""

    def __init__(self, desk: Desk, source: DocprocPages) -> None:
        self._desk = desk
        self._source = source
        self._open_id: UUID | None = None
        self._pages: OpenPages | None = None
        self._rotations: dict[int, int] = {}
        self._closing = ExitStack()

    def __enter__(self) -> "PageImages":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def __call__(self, document_id: UUID, number: int) -> tuple[bytes, str] | None:
        """The image of a page and its media type; None when it cannot be had."""
        try:
            pages = self._opened(document_id)
            if pages is None:
                return None
            for _, png in pages.pngs(Resolution(dpi=DPI), numbers=[number], rotations=self._rotations):
                return png, PNG
        except DocumentError:
            return None
        return None

    def _opened(self, document_id: UUID) -> OpenPages | None:
        if document_id != self._open_id:
            self._closing.close()
            self._open_id, self._pages = document_id, None
            document = self._desk.stores.documents.get(document_id)
            facts = self._desk.stores.pages.pages(document_id)
            self._rotations = {page.facts.number: page.facts.rotation for page in facts}
            path = self._closing.enter_context(self._original(document))
            if path is not None and document.original.media_type is not None:
                source = SourceDocument(path=path, media_type=document.original.media_type)
                self._pages = self._closing.enter_context(self._source.open_pages(source))
        return self._pages

    @contextmanager
    def _original(self, document: Document) -> Iterator[Path | None]:
        """Where the document's bytes lie, if they are still those that were read."""
        original = document.original
        if original.blob_key is not None:
            with self._desk.stores.blobs.as_file(original.blob_key) as path:
                yield path
            return
        path = Path(original.path)
        try:
            unchanged = self._desk.accept(path).sha256 == original.sha256
        except DocumentError:
            unchanged = False
        yield path if unchanged else None
