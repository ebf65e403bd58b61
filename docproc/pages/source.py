"""Documents opened in parsing children: pages stream out one by one, with or without images; knows no schema."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from docproc.domain.document import MediaType
from docproc.domain.errors import CrashedError, TooLargeError, UnreadableError, UnsupportedError
from docproc.domain.image import PageImageSpec
from docproc.domain.page import Grid, PageContent
from docproc.domain.reading import Attachment
from docproc.pages import wire
from docproc.pages.pool import Child, ChildPool
from docproc.pages.ranges import chosen_pages
from docproc.pages.stream import Answer, Order, PageStream
from docproc.pipeline.ports import DocumentOutline, OpenDocument, SourceDocument

_CHANNELS = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageImage:
    """A page as pixels, in memory shared with the child that drew it; hold the arrays no longer than needed."""

    number: int
    width_px: int
    height_px: int
    #: None unless a tile canvas was asked for
    grid: Grid | None
    #: height x width x 3, RGB
    canvas: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage:
    """Content and image of one page, from one pass over it."""

    content: PageContent
    image: PageImage


class OpenPages:
    """A document open in a child, which it holds until closed: use it in a `with` statement.

    Its iterators share the child: begin one, and the one before is over. After an error that names a page, `next`
    goes on with the page behind it.
    """

    def __init__(self, document: SourceDocument, *, pool: ChildPool, ocr: bool) -> None:
        self._document = document
        self._pool = pool
        self._ocr = ocr
        self._child: Child | None = None
        self._stream: PageStream | None = None
        self._closing = threading.Lock()
        self._deadline = time.monotonic() + pool.limits.seconds_per_document
        try:
            self.outline = self._opened()
            self.numbers: Sequence[int] = chosen_pages(document.pages, self.outline.page_count)
        except BaseException:
            self.close()
            raise

    def _opened(self) -> DocumentOutline:
        limits = self._pool.limits
        child = self._child = self._pool.lease()
        child.send(
            {
                "do": "open",
                "path": str(self._document.path.absolute()),
                "media_type": self._document.media_type.value,
                "passwords": list(self._document.passwords),
                "limits": dataclasses.asdict(limits),
            }
        )
        allowed = limits.seconds_to_open * limits.wall_factor
        header, body = child.receive(allowed, checkpoint=self._document.checkpoint)
        attachments: list[Attachment] = []
        at = 0
        for name, size in header["attachments"]:
            attachments.append(Attachment(name=str(name), content=body[at : at + int(size)]))
            at += int(size)
        return DocumentOutline(page_count=int(header["page_count"]), attachments=tuple(attachments))

    def _living_child(self) -> Child:
        """The child with the document open; another one, when the former died."""
        if self._child is None:
            raise CrashedError("the document is closed")
        if not self._child.alive:
            self._give_back()
            self._opened()
        return self._child

    def __iter__(self) -> Iterator[PageContent]:
        return self._stream_of(Order(content=True, ocr=self._ocr), _content)

    def contents(self, *, numbers: Sequence[int], ocr: bool) -> Iterator[PageContent]:
        """The content of these pages; without OCR a scan has no words."""
        return self._stream_of(Order(content=True, ocr=ocr), _content, numbers=numbers)

    def prepared(self, spec: PageImageSpec) -> Iterator[PreparedPage]:
        """Content and image together, from one pass over each page."""
        order = Order(content=True, ocr=self._ocr, spec=spec)
        return self._stream_of(order, lambda answer: PreparedPage(content=_content(answer), image=self._image(answer)))

    def images(
        self,
        spec: PageImageSpec,
        *,
        numbers: Sequence[int] | None = None,
        rotations: Mapping[int, int] | None = None,
    ) -> Iterator[PageImage]:
        """Page images alone; `rotations` by page number as PageContent.rotation told, for scans that OCR turned."""
        return self._stream_of(Order(spec=spec, rotations=rotations or {}), self._image, numbers=numbers)

    def pngs(
        self,
        spec: PageImageSpec,
        *,
        numbers: Sequence[int] | None = None,
        rotations: Mapping[int, int] | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        """Page images as PNG files, with their page numbers."""
        order = Order(spec=spec, png=True, rotations=rotations or {})
        return self._stream_of(order, lambda answer: (answer.number, answer.body), numbers=numbers)

    def _stream_of(
        self, order: Order, convert: Callable[[Answer], T], *, numbers: Sequence[int] | None = None
    ) -> Iterator[T]:
        if self._stream is not None:
            self._stream.stop()
        self._stream = PageStream(
            self.numbers if numbers is None else numbers,
            order,
            child=self._living_child,
            limits=self._pool.limits,
            deadline=self._deadline,
            checkpoint=self._document.checkpoint,
        )
        return map(convert, self._stream)

    def _image(self, answer: Answer) -> PageImage:
        assert answer.slot is not None  # noqa: S101 every image is asked for with a slot
        assert self._child is not None  # noqa: S101 it has just answered
        facts = answer.header["image"]
        memory = self._child.shared.array(answer.slot)
        width, height, side = int(facts["width"]), int(facts["height"]), int(facts["side"])
        edge = width * height * _CHANNELS
        if width < 1 or height < 1 or side < 0 or edge + side * side * _CHANNELS > len(memory):
            raise CrashedError("the parsing process sent a broken image", page=answer.number)
        return PageImage(
            number=answer.number,
            width_px=width,
            height_px=height,
            grid=Grid(*facts["grid"]) if facts["grid"] else None,
            canvas=memory[:edge].reshape(height, width, _CHANNELS),
            thumbnail=memory[edge : edge + side * side * _CHANNELS].reshape(side, side, _CHANNELS) if side else None,
        )

    def close(self) -> None:
        """Give the child back; safe to call twice."""
        if self._stream is not None:
            self._stream.stop()
        self._give_back()

    def _give_back(self) -> None:
        with self._closing:
            child, self._child = self._child, None
        if child is not None:
            self._pool.release(child)

    def __enter__(self) -> "OpenPages":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _content(answer: Answer) -> PageContent:
    try:
        return wire.unpack_content(answer.header["content"], answer.body)
    except (ValueError, KeyError, TypeError) as exc:
        raise CrashedError("the parsing process sent a broken page", page=answer.number) from exc


class PlainXml:
    """An XML invoice: no page, its bytes as the one attachment."""

    def __init__(self, document: SourceDocument, *, max_bytes: int) -> None:
        try:
            with document.path.open("rb") as stream:
                content = stream.read(max_bytes + 1)
        except OSError as exc:
            raise UnreadableError(f"the file cannot be opened: {exc.strerror}") from exc
        if len(content) > max_bytes:
            raise TooLargeError(f"the XML file is larger than the limit of {max_bytes:,} bytes")
        attachment = Attachment(name=document.path.name, content=content)
        self.outline = DocumentOutline(page_count=0, attachments=(attachment,))

    def __iter__(self) -> Iterator[PageContent]:
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


class DocprocPages:
    """The page source: every document is parsed in a child of `pool`; threads may share it."""

    def __init__(self, pool: ChildPool, *, ocr: bool = True) -> None:
        self._pool = pool
        self._ocr = ocr

    def open(self, document: SourceDocument) -> OpenDocument:
        """Plain XML or pages."""
        if document.media_type is MediaType.XML:
            return PlainXml(document, max_bytes=self._pool.limits.max_attachment_bytes)
        return self.open_pages(document)

    def open_pages(self, document: SourceDocument) -> OpenPages:
        """A document that has pages, with its images as well."""
        if document.media_type.is_container:
            raise UnsupportedError("the file holds documents and is none itself: docproc extract unpacks it")
        return OpenPages(document, pool=self._pool, ocr=self._ocr)

    def images(
        self,
        document: SourceDocument,
        spec: PageImageSpec,
        numbers: Sequence[int] | None = None,
        *,
        rotations: Mapping[int, int] | None = None,
    ) -> Iterator[PageImage]:
        """Page images of a document that is opened for them alone."""
        with self.open_pages(document) as pages:
            yield from pages.images(spec, numbers=numbers, rotations=rotations)

    def pngs(
        self,
        document: SourceDocument,
        spec: PageImageSpec,
        numbers: Sequence[int],
        *,
        rotations: Mapping[int, int] | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        """The same as PNG files with their page numbers."""
        with self.open_pages(document) as pages:
            yield from pages.pngs(spec, numbers=numbers, rotations=rotations)
