"""Documents that are plain text files, a source that pages them, and a reader that reads their first word.

A line is a page. `!blank`, `!broken` and `!unreadable` make pages that are blank, cannot be had, cannot be read;
a file that begins with `!locked` cannot be opened at all.
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from docproc.domain.document import Accepted, MediaType
from docproc.domain.errors import CorruptError, PasswordRequiredError, TimedOutError, UnreadableError
from docproc.domain.image import PageImageSpec
from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.reading import WINDOW_PAGES, Attachment, Reading, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, MergeRule, RuleFindings, Shape
from docproc.pipeline.ports import DocumentOutline, SourceDocument
from docproc.services.pages_in_turn import selected_pages


def accept_text(path: Path) -> Accepted:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise UnreadableError from exc
    if content.startswith(b"!refused"):
        raise CorruptError
    return Accepted(sha256=hashlib.sha256(content).hexdigest(), media_type=MediaType.PDF, byte_count=len(content))


def text_page(number: int, line: str) -> PageContent:
    words = tuple(
        Word(text, 10.0 + 40 * index, 20.0, 45.0 + 40 * index, 30.0, 0) for index, text in enumerate(line.split())
    )
    blank = line == "!blank"
    return PageContent(
        number=number,
        width=595.0,
        height=842.0,
        rotation=0,
        source=TextSource.NONE if blank else TextSource.TEXT_LAYER,
        words=() if blank else words,
        blank=blank,
    )


class TextDocument:
    """An open text document."""

    def __init__(self, lines: list[str], document: SourceDocument, *, attachments: tuple[Attachment, ...]) -> None:
        self._lines = lines
        self._checkpoint = document.checkpoint
        self._numbers = selected_pages(len(lines), document.pages)
        self.outline = DocumentOutline(page_count=len(lines), attachments=attachments)
        self.closed = False

    def __iter__(self) -> Iterator[PageContent]:
        for number in self._numbers:
            self._checkpoint()
            line = self._lines[number - 1]
            if line == "!broken":
                raise TimedOutError(page=number)
            yield text_page(number, line)

    def close(self) -> None:
        self.closed = True


class TextPages:
    """A page source for text files; counts how often it opened one."""

    def __init__(self, *, attachments: tuple[Attachment, ...] = ()) -> None:
        self.opened: list[Path] = []
        self.drawn: list[int] = []
        self._attachments = attachments
        self._lock = threading.Lock()

    def open(self, document: SourceDocument) -> TextDocument:
        with self._lock:
            self.opened.append(document.path)
        lines = document.path.read_text().splitlines()
        if lines and lines[0] == "!locked" and "secret" not in document.passwords:
            raise PasswordRequiredError
        return TextDocument(lines, document, attachments=self._attachments)

    def pngs(
        self,
        document: SourceDocument,
        spec: PageImageSpec,  # noqa: ARG002 the port's signature
        numbers: Sequence[int],
        *,
        rotations: Mapping[int, int] | None = None,  # noqa: ARG002
    ) -> Iterator[tuple[int, bytes]]:
        """Not pictures, but bytes that say which page they are of."""
        lines = document.path.read_text().splitlines()
        for number in numbers:
            document.checkpoint()
            if "!undrawable" in lines[number - 1]:
                raise TimedOutError(page=number)
            with self._lock:
                self.drawn.append(number)
            yield number, f"page {number}".encode()


class FirstWordReader:
    """Reads `number`, the first word of the window, and `lines`, one row a page; remembers its windows."""

    name = "first_word"
    window_pages = WINDOW_PAGES
    image: PageImageSpec | None = None

    def __init__(self, *, version: str = "1", complete: bool = False) -> None:
        self.version = version
        self.windows: list[Window] = []
        self._complete = complete
        self._lock = threading.Lock()

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:  # noqa: ARG002 the port's signature
        with self._lock:
            self.windows.append(window)
        bad = next((page for page in window.pages if page.words and page.words[0].text == "!unreadable"), None)
        if bad is not None:
            raise CorruptError(page=bad.number if len(bad.words) == 1 else None)
        first = [page.words[0].text for page in window.pages if page.words]
        return Reading(
            reader=self.name,
            reader_version=self.version,
            record={"number": first[0] if first else None, "lines": [{"text": text} for text in first]},
            complete=self._complete,
        )


def text_schema(*, description: str = "") -> ExtractionSchema:
    row = FieldSpec(
        name="",
        shape=Shape.GROUP,
        children=(FieldSpec(name="text", shape=Shape.LEAF, kind=FieldKind.TEXT),),
    )
    return ExtractionSchema(
        name="note",
        version=1,
        description=description,
        fields=(
            FieldSpec(name="number", shape=Shape.LEAF, kind=FieldKind.TEXT, description=description),
            FieldSpec(name="lines", shape=Shape.LIST, item=row, merge=MergeRule.APPEND),
        ),
        json_schema={"type": "object", "description": description},
        check_shape=lambda _record: (),
        check_rules=lambda _record: RuleFindings(),
        reference="note",
    )
