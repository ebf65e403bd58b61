"""The seams of the pipeline: what a reader and a source of pages must offer. Adapters live in readers/ and pages/."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from docproc.domain.document import MediaType, PageRanges
from docproc.domain.image import PageImageSpec
from docproc.domain.page import PageContent
from docproc.domain.reading import Attachment, Reading, Window
from docproc.domain.schema import ExtractionSchema


class Reader(Protocol):
    """Turns a window of pages into a reading under a schema."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def window_pages(self) -> int:
        """Most pages that it reads together."""
        ...

    @property
    def image(self) -> PageImageSpec | None:
        """The page image that it looks at; None: words are enough for it."""
        ...

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Raises DocumentError when the window cannot be read, and what its checkpoint raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """Where a document's bytes lie and how to open them."""

    path: Path
    media_type: MediaType
    #: tried in this order when the document is encrypted
    passwords: Sequence[str] = ()
    pages: PageRanges = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOutline:
    """What is known of a document once it is open."""

    #: of the whole file, also when only some pages are asked for
    page_count: int
    #: XML files embedded in it (others are not read)
    attachments: tuple[Attachment, ...] = ()


class OpenDocument(Protocol):
    """A document open in a child process; iterating yields its pages one by one, in order."""

    @property
    def outline(self) -> DocumentOutline: ...

    def __iter__(self) -> Iterator[PageContent]:
        """Raises DocumentError; with `page` set when a single page is to blame."""
        ...

    def close(self) -> None: ...


class PageSource(Protocol):
    """Opens documents; each call may come from another thread."""

    def open(self, document: SourceDocument) -> OpenDocument:
        """Raises DocumentError when the document cannot be opened."""
        ...


class DrawingSource(PageSource, Protocol):
    """Draws pages too, for readers that look at them."""

    def pngs(
        self,
        document: SourceDocument,
        spec: PageImageSpec,
        numbers: Sequence[int],
        *,
        rotations: Mapping[int, int] | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        """Page images as PNG files with their numbers, ascending; `rotations` as PageContent.rotation told.

        Raises DocumentError; with `page` set when a single page is to blame.
        """
        ...
