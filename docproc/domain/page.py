"""A page and what is printed on it: words, form fields, size, state. Knows nothing of PDF or of pixels' origin."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from docproc.domain.geometry import Box


class PageState(StrEnum):
    """Where a page stands; `read`, `blank`, `failed` and `canceled` are final."""

    WAITING = "waiting"
    QUEUED = "queued"
    LEASED = "leased"
    READ = "read"
    BLANK = "blank"
    FAILED = "failed"
    CANCELED = "canceled"


class TextSource(StrEnum):
    """Where the words of a page come from."""

    TEXT_LAYER = "text_layer"
    OCR = "ocr"
    FORM = "form"
    NONE = "none"


class Word(NamedTuple):
    """One printed word (a run without white space) with its place, in page points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int
    """Index of the text line it belongs to, in reading order, unique within the page."""
    confidence: float = 1.0
    """1.0 for a text layer; the recogniser's own score for OCR."""

    @property
    def box(self) -> Box:
        return Box(self.left, self.top, self.right, self.bottom)


class FormFieldKind(StrEnum):
    TEXT = "text"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    CHOICE = "choice"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """An AcroForm field: an exact, named value that needs no recognition."""

    name: str
    #: the tooltip (TU entry), often the human-readable label; empty when there is none
    label: str
    kind: FormFieldKind
    #: text as entered; "true"/"false" for a checkbox; the chosen option for radio and choice
    value: str
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """All that a reader on the CPU needs of one page."""

    #: 1-based
    number: int
    #: page points, as displayed (rotation applied)
    width: float
    height: float
    #: degrees clockwise that the file or OCR asked to turn the page by before display
    rotation: int
    source: TextSource
    #: in reading order
    words: tuple[Word, ...]
    form_fields: tuple[FormField, ...] = ()
    #: share of the page that is not paper, 0 to 1
    ink: float = 0.0
    blank: bool = False


class Grid(NamedTuple):
    """A tile grid: how many tiles across and down."""

    columns: int
    rows: int
