"""PDF by MuPDF: pages, words, form fields, attachments, pixels; runs in a child process only and knows no OCR."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
from numpy.typing import NDArray
from pymupdf import mupdf

from docproc.domain.errors import CorruptError, NoPagesError, PasswordRequiredError, TooLargeError
from docproc.domain.geometry import Box
from docproc.domain.page import FormField
from docproc.domain.reading import Attachment
from docproc.intake import Limits
from docproc.pages import words as wording
from docproc.pages.forms import read_form_fields
from docproc.pages.loaded import PlacedImage, TextLayer
from docproc.pages.text_layer import is_scan

#: the library carries no types
_library: Any = pymupdf

_MAX_ATTACHMENTS = 32
_TEXT_FLAGS = mupdf.FZ_STEXT_PRESERVE_WHITESPACE | mupdf.FZ_STEXT_MEDIABOX_CLIP | mupdf.FZ_STEXT_PRESERVE_IMAGES
_PAINTED = mupdf.FZ_STEXT_FILLED | mupdf.FZ_STEXT_STROKED


@contextmanager
def mupdf_errors(page: int | None = None) -> Iterator[None]:
    """MuPDF's exceptions as ours; their text is dropped, it may quote the document."""
    try:
        yield
    except MemoryError as exc:
        raise TooLargeError("the document needs more memory than its limit", page=page) from exc
    except (RuntimeError, ValueError, IndexError, mupdf.FzErrorBase) as exc:
        if "malloc" in str(exc) or "calloc" in str(exc) or "memory" in str(exc):
            raise TooLargeError("the document needs more memory than its limit", page=page) from exc
        raise CorruptError(page=page) from exc


def checked_page_count(document: Any, limits: Limits) -> int:  # noqa: ANN401 pymupdf has no types
    """Raises TooLargeError or NoPagesError."""
    count = int(document.page_count)
    if count > limits.max_pages:
        raise TooLargeError(f"the document has {count:,} pages; the limit is {limits.max_pages:,}")
    if count < 1:
        raise NoPagesError
    return count


def silence() -> None:
    """MuPDF prints what it finds: never into a log."""
    _library.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 MuPDF's own signature
    _library.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003


class PdfDocument:
    """An open PDF."""

    def __init__(self, path: Path, *, passwords: Sequence[str], limits: Limits) -> None:
        silence()
        self._limits = limits
        with mupdf_errors():
            self._pdf: Any = _library.open(str(path), filetype="pdf")
            if self._pdf.needs_pass and not any(self._pdf.authenticate(word) for word in passwords):
                raise PasswordRequiredError
            self.page_count = checked_page_count(self._pdf, limits)

    def attachments(self, max_bytes: int) -> Sequence[Attachment]:
        """Embedded files that may be XML, by name or by their first byte."""
        found: list[Attachment] = []
        with mupdf_errors():
            for index in range(min(self._pdf.embfile_count(), _MAX_ATTACHMENTS)):
                facts = self._pdf.embfile_info(index)
                name = str(facts.get("ufilename") or facts.get("filename") or facts.get("name") or "")
                if not name.lower().endswith(".xml") or int(facts.get("size", 0)) > max_bytes:
                    continue
                content = self._pdf.embfile_get(index)
                max_bytes -= len(content)
                if max_bytes < 0:
                    raise TooLargeError("the XML files embedded in the document exceed their limit")
                found.append(Attachment(name=name, content=content))
        return found

    def load(self, number: int) -> "PdfPage":
        with mupdf_errors(number):
            return PdfPage(self._pdf.load_page(number - 1), number=number, limits=self._limits)


class PdfPage:
    """One page, its drawing orders kept as display lists: words, canvas and thumbnail come out of one pass."""

    dpi: float | None = None

    def __init__(self, page: Any, *, number: int, limits: Limits) -> None:  # noqa: ANN401 pymupdf has no types
        self._page = page
        self._number = number
        self._limits = limits
        bounds = mupdf.fz_bound_page(page.this)
        self.width: float = bounds.x1 - bounds.x0
        self.height: float = bounds.y1 - bounds.y0
        if not (0 < self.width < float("inf") and 0 < self.height < float("inf")):
            raise CorruptError("the page has no size", page=number)
        self.rotation: int = int(page.rotation) % 360

    @cached_property
    def _print(self) -> "mupdf.FzDisplayList":
        """The page without its form fields."""
        return self._record(mupdf.fz_run_page_contents, mupdf.fz_run_page_annots)

    @cached_property
    def _entries(self) -> "mupdf.FzDisplayList | None":
        """What is entered in its form fields."""
        return self._record(mupdf.fz_run_page_widgets) if self._page.first_widget else None

    def _record(self, *runs: Callable[..., None]) -> "mupdf.FzDisplayList":
        drawing = mupdf.FzDisplayList(mupdf.fz_bound_page(self._page.this))
        device = drawing.fz_new_list_device()
        with mupdf_errors(self._number):
            for run in runs:
                run(self._page.this, device, mupdf.FzMatrix(), mupdf.FzCookie())
            mupdf.fz_close_device(device)
        return drawing

    def text_layer(self) -> TextLayer:
        options = mupdf.FzStextOptions()
        options.flags = _TEXT_FLAGS
        with mupdf_errors(self._number):
            text = mupdf.FzStextPage(self._print, options)
            rows = _library.extra.extractWORDS(text, None)
            images = tuple(_images(text))
            # Hidden words lie under scans only: other pages are spared the look at every letter.
            scan = is_scan(images, width=self.width, height=self.height)
            hidden = scan and bool(rows) and _mostly_hidden(text)
        self._refuse_bombs(images)
        return TextLayer(
            words=wording.from_rows(rows),
            form_fields=self._form_fields() if self._page.first_widget else (),
            images=images,
            hidden=hidden,
        )

    def _refuse_bombs(self, images: Sequence[PlacedImage]) -> None:
        if any(image.pixels > self._limits.max_pixels for image in images):
            raise TooLargeError(
                f"an image on the page has more than {self._limits.max_pixels:,} pixels", page=self._number
            )

    def _form_fields(self) -> Sequence[FormField]:
        with mupdf_errors(self._number):
            return read_form_fields(self._page)

    def draw(self, target: NDArray[np.uint8], *, turn: int = 0) -> None:
        height, width = target.shape[:2]
        matrix = self._matrix(width, height, turn)
        area = mupdf.FzRect(0, 0, width, height)
        target.fill(255)
        with mupdf_errors(self._number):
            # MuPDF draws straight into the caller's memory: no pixel is copied afterwards.
            pixels = mupdf.fz_new_pixmap_with_data(
                mupdf.FzColorspace(mupdf.FzColorspace.Fixed_RGB),
                width,
                height,
                mupdf.FzSeparations(),
                0,
                width * 3,
                mupdf.python_mutable_buffer_data(target.data.cast("B")),
            )
            device = mupdf.fz_new_draw_device(mupdf.FzMatrix(), pixels)
            for drawing in (self._print, self._entries):
                if drawing is not None:
                    mupdf.fz_run_display_list(drawing, device, matrix, area, mupdf.FzCookie())
            mupdf.fz_close_device(device)

    def _matrix(self, width: int, height: int, turn: int) -> "mupdf.FzMatrix":
        """From page points to `width` x `height` pixels of the page turned clockwise by `turn`."""
        lying = turn % 180 != 0
        across = width / (self.height if lying else self.width)
        down = height / (self.width if lying else self.height)
        a, b, c, d, e, f = {
            0: (across, 0, 0, down, 0, 0),
            90: (0, down, -across, 0, width, 0),
            180: (-across, 0, 0, -down, width, height),
            270: (0, -down, across, 0, 0, height),
        }[turn]
        return mupdf.FzMatrix(a, b, c, d, e, f)


def _images(text: "mupdf.FzStextPage") -> Iterator[PlacedImage]:
    for block in text:
        if block.m_internal.type == mupdf.FZ_STEXT_BLOCK_IMAGE:
            image = block.i_image()
            box = block.m_internal.bbox
            yield PlacedImage(Box(box.x0, box.y0, box.x1, box.y1), image.w() * image.h())


def _mostly_hidden(text: "mupdf.FzStextPage") -> bool:
    """Whether most letters are painted neither filled nor stroked (text render mode 3)."""
    total = painted = 0
    for block in text:
        if block.m_internal.type != mupdf.FZ_STEXT_BLOCK_TEXT:
            continue
        for line in block:
            for letter in line:
                total += 1
                painted += bool(letter.m_internal.flags & _PAINTED)
    return painted * 2 < total
