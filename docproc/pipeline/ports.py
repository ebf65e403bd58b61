"""The seams of the pipeline: what a reader and a source of pages must offer. Adapters live in readers/ and pages/."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from docproc.domain.document import MediaType, PageRanges
from docproc.domain.image import PageImageSpec
from docproc.domain.issues import Issue
from docproc.domain.page import PageContent
from docproc.domain.reading import Attachment, Reading, Window, go_on
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
        """Raises DocumentError when the window cannot be read, and what its checkpoint raises.

        A reader that asks a model puts on the error what was `spent` in vain.
        """
        ...


@runtime_checkable
class Mender(Protocol):
    """What a reader offers besides when it can be asked again for single values; readers by rules cannot."""

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        """Ask for the values that the findings name once more, with the findings in the prompt, once.

        Args:
            window: the same window that was read, with its images.
            schema: the schema that it was read under.
            reading: what was read, this reader's own; its record is fixed but for the failing values.
            findings: what is wrong; their `fields` are the open paths (a field, or a group, list or row with all that
                is in it), as `decoding.profile.repair_form` takes them. Their messages go into the prompt.

        Returns:
            A reading with the whole record. Only what stands at the open paths is taken from it, with the hints below
            them; `usage` and `attempts` are those of this call alone, `routes` say what it looked at now.

        Raises DocumentError, which leaves the reading as it was and says what was `spent`, and what the window's
        checkpoint raises.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """Where a document's bytes lie and how to open them."""

    path: Path
    media_type: MediaType
    #: tried in this order when the document is encrypted
    passwords: Sequence[str] = ()
    pages: PageRanges = None
    #: called before every page, and again and again while one takes long; what it raises ends the work at once
    checkpoint: Callable[[], None] = go_on


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
        """Raises DocumentError, with `page` set when a single page is to blame, and what its checkpoint raises."""
        ...

    def close(self) -> None: ...


class PageSource(Protocol):
    """Opens documents; each call may come from another thread."""

    def open(self, document: SourceDocument) -> OpenDocument:
        """Raises DocumentError when the document cannot be opened, and what its checkpoint raises."""
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

        Raises DocumentError, with `page` set when a single page is to blame, and what the document's checkpoint raises.
        """
        ...
