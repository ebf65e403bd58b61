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
_MARGIN = 34
#: what goes beyond that is cut off; a page of it still has fewer pixels than a plan
_MOST_TIMES_WIDER = 8.0

#: the library carries no types
_library: Any = pymupdf
_EVERYTHING: Any = _library.INFINITE_RECT()


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
            self.page_count = self._lay_out(1.0)
            edge = self._right_edge()
            if edge > _WIDTH:
                self.page_count = self._lay_out(min((edge + _MARGIN) / _WIDTH, _MOST_TIMES_WIDER))

    def _lay_out(self, scale: float) -> int:
        """On pages so many times as large as A4, the letters no larger. How many there are."""
        self._html.layout(width=_WIDTH * scale, height=_HEIGHT * scale, fontsize=_FONT_SIZE)
        return checked_page_count(self._html, self._limits)

    def _right_edge(self) -> float:
        """Of what is widest: tables of many columns and words without end go beyond the page."""
        return max((word[2] for page in self._html for word in page.get_text("words", clip=_EVERYTHING)), default=0.0)

    def attachments(self, max_bytes: int) -> Sequence[Attachment]:  # noqa: ARG002 what the mail carries are documents
        return ()

    def load(self, number: int) -> PdfPage:
        with mupdf_errors(number):
            return PdfPage(self._html.load_page(number - 1), number=number, limits=self._limits)
