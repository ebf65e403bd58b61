"""The parsing child: opens one document at a time, answers for its pages, trusts nothing in them; knows no job."""

import mmap
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docproc.domain.document import MediaType
from docproc.domain.errors import CorruptError, DocumentError, TooLargeError, UnreadableError
from docproc.intake import Limits
from docproc.pages import content, ink, painting, sandbox, wire
from docproc.pages.container import Member, OpenContainer
from docproc.pages.loaded import LoadedDocument, LoadedPage


class Workbench:
    """The document at hand, and what is kept from one document to the next: the OCR engine, the shared memory."""

    def __init__(self, *, memory_descriptor: int) -> None:
        self._memory_descriptor = memory_descriptor
        self._slots: dict[tuple[int, int], mmap.mmap] = {}
        self._document: LoadedDocument | None = None
        self._limits = Limits()
        self._engine: Any = None
        self._container: OpenContainer | None = None
        self._deeds: Mapping[str, Callable[[wire.Header], bytes]] = {
            "open": self._open,
            "page": self._page,
            "unpack": self._unpack,
            "member": lambda _: self._opened_container().next_member(),
            "piece": lambda _: self._opened_container().next_piece(),
        }

    def answer(self, request: wire.Header) -> bytes:
        try:
            return self._deeds[request["do"]](request)
        except DocumentError as exc:
            exc.page = exc.page or request.get("number")
            return wire.pack(wire.pack_error(exc))
        except MemoryError:
            error = TooLargeError("the document needs more memory than its limit", page=request.get("number"))
            return wire.pack(wire.pack_error(error))

    def _open(self, request: wire.Header) -> bytes:
        self._document = self._container = None
        self._limits = Limits(**request["limits"])
        sandbox.allow_seconds(self._limits.seconds_to_open)
        self._document = _load(
            Path(request["path"]), MediaType(request["media_type"]), request["passwords"], self._limits
        )
        attachments = self._document.attachments(self._limits.max_attachment_bytes)
        header = {
            "page_count": self._document.page_count,
            "attachments": [[attachment.name, len(attachment.content)] for attachment in attachments],
        }
        return wire.pack(header, b"".join(attachment.content for attachment in attachments))

    def _unpack(self, request: wire.Header) -> bytes:
        self._document = self._container = None
        self._limits = Limits(**request["limits"])
        path, media_type = Path(request["path"]), MediaType(request["media_type"])
        _require_readable(path)
        sandbox.allow_seconds(self._limits.seconds_to_open)
        self._container = OpenContainer(iter(_members(path, media_type, request["passwords"], self._limits)))
        return wire.pack({})

    def _opened_container(self) -> OpenContainer:
        if self._container is None:
            raise CorruptError("no container is open")
        sandbox.allow_seconds(self._limits.seconds_to_open)
        return self._container

    def _page(self, request: wire.Header) -> bytes:
        if self._document is None:
            raise CorruptError("no document is open")
        sandbox.allow_seconds(self._limits.seconds_per_page)
        number = int(request["number"])
        page = self._document.load(number)
        header: wire.Header = {}
        body = b""
        painted: painting.Painted | None = None
        turn = 0 if request["rotation"] is None else (request["rotation"] - page.rotation) % 360
        if request["spec"] is not None:
            header["image"], painted, body = self._image(page, request, turn=turn)
            if "needs" in header["image"]:  # the page will be asked for again
                return wire.pack(header)
        if request["content"]:
            shades = None if painted is None or painted.thumbnail is None else ink.grey(painted.thumbnail[::4, ::4])
            found = content.read_content(
                page, number, recognise=self._recognise if request["ocr"] else None, shades=shades
            )
            turned = (found.rotation - page.rotation) % 360
            if painted is not None and turned != turn:  # OCR found the page lying: paint it again, upright
                header["image"], painted, _ = self._image(page, request, turn=turned)
            header["content"], body = wire.pack_content(found)
        return wire.pack(header, body)

    def _image(
        self, page: LoadedPage, request: wire.Header, *, turn: int
    ) -> tuple[wire.Header, painting.Painted | None, bytes]:
        """Paints into the slot; without a slot the image goes out as PNG; with too small a slot it says so."""
        spec = wire.unpack_spec(request["spec"])
        width, height = (page.height, page.width) if turn % 180 else (page.width, page.height)
        plan = painting.plan(spec, width=width, height=height, max_pixels=self._limits.max_pixels)
        header: wire.Header = {"width": plan.width, "height": plan.height, "grid": plan.grid, "side": plan.thumbnail}
        if request["slot"] is None:
            painted = painting.paint(page, plan, np.empty(plan.total_bytes, np.uint8), spec=spec, turn=turn)
            return header, None, painting.png(painted.canvas)
        offset, length = request["slot"]
        if plan.total_bytes > length:
            return {"needs": plan.total_bytes}, None, b""
        return header, painting.paint(page, plan, self._slot(offset, length), spec=spec, turn=turn), b""

    def _slot(self, offset: int, length: int) -> NDArray[np.uint8]:
        key = (offset, length)
        if key not in self._slots:
            self._slots[key] = mmap.mmap(self._memory_descriptor, length, offset=offset)
        return np.frombuffer(self._slots[key], np.uint8)

    def _recognise(self, picture: NDArray[np.uint8]) -> content.SeenPage:
        if self._engine is None:
            from docproc.pages.ocr import OcrEngine  # noqa: PLC0415 a second that born-digital documents do without

            self._engine = OcrEngine()
        sandbox.allow_seconds(self._limits.seconds_per_ocr)
        seen: content.SeenPage = self._engine.read(picture)
        return seen


def _require_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as exc:
        raise UnreadableError(f"the file cannot be opened: {exc.strerror}") from exc


def _members(path: Path, media_type: MediaType, passwords: Sequence[str], limits: Limits) -> Iterable[Member]:
    if media_type is MediaType.ZIP:
        from docproc.pages.zip_members import ZipMembers  # noqa: PLC0415 most children never see a container

        return ZipMembers(path, passwords=passwords, limits=limits)
    from docproc.pages.mail_members import MailMembers  # noqa: PLC0415

    return MailMembers(path, limits=limits)


def _load(path: Path, media_type: MediaType, passwords: Sequence[str], limits: Limits) -> LoadedDocument:
    _require_readable(path)
    if media_type is MediaType.PDF:
        from docproc.pages.pdf import PdfDocument  # noqa: PLC0415 a child that reads images only needs no MuPDF

        return PdfDocument(path, passwords=passwords, limits=limits)
    if media_type is MediaType.HTML:
        from docproc.pages.html import HtmlDocument  # noqa: PLC0415

        return HtmlDocument(path, limits=limits)
    from docproc.pages.picture import PictureDocument  # noqa: PLC0415

    return PictureDocument(path, media_type=media_type, limits=limits)


def main(arguments: Sequence[str]) -> None:
    """Answer until the parent hangs up."""
    connection_descriptor, memory_descriptor, parent_pid, memory_bytes = map(int, arguments)
    sandbox.enter(memory_bytes=memory_bytes, parent_pid=parent_pid)
    connection = Connection(connection_descriptor)
    workbench = Workbench(memory_descriptor=memory_descriptor)
    while True:
        try:
            request, _ = wire.unpack(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(workbench.answer(request))


if __name__ == "__main__":
    main(sys.argv[1:])
