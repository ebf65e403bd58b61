"""What goes into a reader (a window of pages) and what comes out (a reading)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from docproc.domain.evidence import Evidence
from docproc.domain.issues import Issue
from docproc.domain.page import PageContent
from docproc.domain.schema import Record

#: pages that a reader of words reads together: enough for any ordinary document in one piece, few enough to hold
WINDOW_PAGES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file embedded in a document, or the document itself when it is plain XML."""

    name: str
    content: bytes


def go_on() -> None:
    """The checkpoint of work that nobody interrupts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Consecutive pages of one document, read together."""

    pages: Sequence[PageContent]
    attachments: Sequence[Attachment] = ()
    #: order of numeric dates that the user asked for; None: let the schema or the document tell
    day_first: bool | None = None
    #: number of pages of the whole document
    page_count: int = 0
    #: PNG files by page number, as the reader asked for them; empty when words are enough for it
    images: Mapping[int, bytes] = field(default_factory=dict)
    #: called every now and then while the window is read; raises when the work is no longer wanted
    checkpoint: Callable[[], None] = go_on

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(page.number for page in self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldHint:
    """What a reader knows of one value besides the value: only evidence that it really took the value from."""

    #: the reader's own probability that the value is right, 0 to 1; None when it has none
    model: float | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a reading cost."""

    seconds: float = 0.0
    prompt_tokens: int = 0
    output_tokens: int = 0
    tiles: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader made of one window."""

    reader: str
    reader_version: str
    record: Record
    #: by field path: `total_gross`, `line_items[0].amount`; a path may be missing
    hints: Mapping[str, FieldHint] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    usage: Usage = field(default_factory=Usage)
    attempts: int = 1
    #: it speaks for the whole document (an embedded invoice does): further windows need not be read
    complete: bool = False
