"""Facts about a document for a person who asks what it is: page by page, OCR on a few pages only; knows no output."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from docproc.domain.document import MediaType
from docproc.domain.page import Grid, PageContent, TextSource
from docproc.pages.source import DocprocPages, OpenPages
from docproc.pipeline.ports import SourceDocument
from docproc.tiling import tile_grid

#: scans read a file unless all are asked for
OCR_PAGES = 8


class OcrChoice(StrEnum):
    """Which scans are read."""

    FEW = "few"  # the first OCR_PAGES of a file
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSummary:
    """What can be told of a page."""

    number: int
    width: float
    height: float
    rotation: int
    words: int
    source: TextSource
    blank: bool
    ink: float
    form_fields: int
    grid: Grid
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What can be told of a document."""

    media_type: MediaType
    page_count: int
    #: names of the XML files embedded in it
    attachments: tuple[str, ...]
    pages: tuple[PageSummary, ...]
    #: pages that hold ink but were not read, because OCR was limited
    unread: tuple[int, ...]

    @property
    def text(self) -> str:
        return "\n".join(page.text for page in self.pages)


def inspect_document(
    source: DocprocPages, document: SourceDocument, *, ocr: OcrChoice = OcrChoice.FEW, few: int = OCR_PAGES
) -> Inspection:
    """Raises DocumentError when the document, or one page of it, cannot be read."""
    if document.media_type is MediaType.XML:
        outline = source.open(document).outline
        names = tuple(attachment.name for attachment in outline.attachments)
        return Inspection(media_type=MediaType.XML, page_count=0, attachments=names, pages=(), unread=())
    with source.open_pages(document) as pages:
        contents = list(_contents(pages, scans={OcrChoice.NONE: 0, OcrChoice.FEW: few}.get(ocr)))
        return Inspection(
            media_type=document.media_type,
            page_count=pages.outline.page_count,
            attachments=tuple(attachment.name for attachment in pages.outline.attachments),
            pages=tuple(_summary(content) for content in contents),
            unread=tuple(
                content.number for content in contents if content.source is TextSource.NONE and not content.blank
            )
            if ocr is not OcrChoice.ALL
            else (),
        )


def _contents(pages: OpenPages, *, scans: int | None) -> Iterator[PageContent]:
    left = len(pages.numbers) if scans is None else scans
    for number in pages.numbers:
        # One page at a time: reading ahead would read scans beyond the limit.
        for content in pages.contents(numbers=[number], ocr=left > 0):
            left -= content.source is TextSource.OCR
            yield content


def _summary(content: PageContent) -> PageSummary:
    return PageSummary(
        number=content.number,
        width=content.width,
        height=content.height,
        rotation=content.rotation,
        words=len(content.words),
        source=content.source,
        blank=content.blank,
        ink=content.ink,
        form_fields=len(content.form_fields),
        grid=tile_grid(content.width, content.height),
        text=_text(content),
    )


def _text(content: PageContent) -> str:
    lines = [" ".join(word.text for word in line) for _, line in groupby(content.words, key=lambda word: word.line)]
    return "\n".join([*lines, *(field.value for field in content.form_fields if field.value)])
