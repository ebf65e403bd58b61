"""The automatic choice: an embedded invoice is read, anything else is looked for on the pages. Knows no other rule."""

from docproc.domain.errors import UnsupportedError
from docproc.domain.image import PageImageSpec
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.ports import Reader
from docproc.readers.einvoice import EinvoiceReader


class AutoReader:
    """`einvoice` where a window holds an electronic invoice and the schema asks for one, else the page reader."""

    name = "auto"

    def __init__(self, *, einvoice: EinvoiceReader, pages: Reader) -> None:
        self._einvoice = einvoice
        self._pages = pages

    @property
    def version(self) -> str:
        """Both readers' versions: a new one of either makes readings new."""
        return f"{self._einvoice.version}+{self._pages.version}"

    @property
    def window_pages(self) -> int:
        return self._pages.window_pages

    @property
    def image(self) -> PageImageSpec | None:
        return self._pages.image

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Raises UnsupportedError for a document without pages (plain XML) that is no invoice for this schema.

        Plain XML that is damaged, over a limit or has a document type declaration raises what says so.
        """
        if self._einvoice.can_read(window, schema):
            return self._einvoice.read(window, schema)
        if window.page_count == 0 and not window.pages:
            raise UnsupportedError("The XML file holds no invoice that this schema asks for.")
        return self._pages.read(window, schema)
