"""The body of a mail laid out on A4 pages: nothing is loaded and nothing runs; runs in a child process only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf

from docproc.domain.errors import TooLargeError
from docproc.domain.reading import Attachment
from docproc.intake import Limits
from docproc.pages.pdf import PdfPage, checked_page_count, mupdf_errors, silence

#: page points
_WIDTH, _HEIGHT = 595, 842
_FONT_SIZE = 10

#: the library carries no types
_library: Any = pymupdf


class HtmlDocument:
    """An open body."""

    def __init__(self, path: Path, *, limits: Limits) -> None:
        silence()
        self._limits = limits
        if path.stat().st_size > limits.max_attachment_bytes:
            raise TooLargeError(
                f"the body of the mail is larger than the limit of {limits.max_attachment_bytes:,} bytes"
            )
        with mupdf_errors():
            # From memory: opened by its path, a page could show pictures of the folder that it lies in.
            self._html: Any = _library.open(stream=path.read_bytes(), filetype="html")
            self._html.layout(width=_WIDTH, height=_HEIGHT, fontsize=_FONT_SIZE)
            self.page_count = checked_page_count(self._html, limits)

    def attachments(self, max_bytes: int) -> Sequence[Attachment]:  # noqa: ARG002 what the mail carries are documents
        return ()

    def load(self, number: int) -> PdfPage:
        with mupdf_errors(number):
            return PdfPage(self._html.load_page(number - 1), number=number, limits=self._limits)
