"""From pages to grounded readings: cut windows, read them, have them mended. Knows no storage."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from docproc.domain.page import PageContent
from docproc.domain.reading import WINDOW_PAGES, Attachment, Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.mend import mended
from docproc.pipeline.ports import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFrame:
    """What the windows of one document have in common."""

    attachments: Sequence[Attachment] = ()
    day_first: bool | None = None
    page_count: int = 0


def cut_windows(
    pages: Iterable[PageContent], frame: WindowFrame, *, window_pages: int = WINDOW_PAGES
) -> Iterator[Window]:
    """Windows of consecutive pages, blank pages left out; a document without pages (plain XML) is one window."""
    printed = (page for page in pages if not page.blank)
    chunk, following = tuple(islice(printed, window_pages)), tuple(islice(printed, window_pages))
    whole = Window(
        pages=chunk,
        attachments=frame.attachments,
        day_first=frame.day_first,
        page_count=frame.page_count,
        is_whole=not following,
    )
    yield whole
    while following:
        yield replace(whole, pages=following, attachments=())
        following = tuple(islice(printed, window_pages))


def read_window(reader: Reader, window: Window, schema: ExtractionSchema) -> GroundedReading:
    """Read one window, ground every value, and have what fails asked again where the reader can.

    Raises DocumentError when the reader cannot read the window.
    """
    return mended(reader.read(window, schema), reader, window=window, schema=schema)


def read_windows(reader: Reader, windows: Iterable[Window], schema: ExtractionSchema) -> Iterator[GroundedReading]:
    """Read window after window, until one reading speaks for the whole document."""
    for window in windows:
        grounded = read_window(reader, window, schema)
        yield grounded
        if grounded.complete:
            return
