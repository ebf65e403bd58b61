"""What goes into a reader (a window of pages) and what comes out (a reading)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from docproc.domain.evidence import Evidence
from docproc.domain.issues import Issue
from docproc.domain.page import PageContent
from docproc.domain.schema import Record

#: pages that a reader of words reads together: enough for any ordinary document in one piece, few enough to hold
WINDOW_PAGES = 32
#: characters of paths and values that are kept of an answer which does not stand
LONGEST_VALUES = 2000
#: and of one document such answers: all are in memory when its record is put together
MOST_ATTEMPTS = 500
#: findings of one such answer, and paths of a finding
_MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file embedded in a document, or the document itself when it is plain XML."""

    name: str
    content: bytes


class Route(StrEnum):
    """What of a page a model is shown."""

    VISION = "vision"
    TEXT = "text"
    #: as the page asks for: see readers/routing.py
    AUTO = "auto"


def go_on() -> None:
    """The checkpoint of work that nobody interrupts."""


def unpaid(spent: "Spent") -> None:
    """What is told of answers where nobody pays for them."""
    del spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Consecutive pages of one document, read together."""

    pages: Sequence[PageContent]
    attachments: Sequence[Attachment] = ()
    #: order of numeric dates that the user asked for; None: let the schema or the document tell
    day_first: bool | None = None
    #: number of pages of the whole document
    page_count: int = 0
    #: there is no other printed page in the document: what is missing here is missing
    is_whole: bool = False
    #: PNG files by page number, as the reader asked for them; empty when words are enough for it
    images: Mapping[int, bytes] = field(default_factory=dict)
    #: called every now and then while the window is read; raises when the work is no longer wanted
    checkpoint: Callable[[], None] = go_on
    #: told of answers that were there when something else than an error of the document ended the reading: a
    #: checkpoint that raised, mostly; such an error of the document carries them itself
    left: Callable[["Spent"], None] = unpaid

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
    #: sequential passes of a model in this process
    passes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            seconds=self.seconds + other.seconds,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            tiles=self.tiles + other.tiles,
            passes=self.passes + other.passes,
        )


class Attempt(BaseModel):
    """An answer of a model that does not stand, and what was found wrong with it."""

    model_config = ConfigDict(frozen=True)

    said: Annotated[str | None, Field(description="What was answered instead of a record, its beginning.")] = None
    values: Annotated[dict[str, Any], Field(description="By field path, the values that were asked for again.")] = {}
    findings: tuple[Issue, ...] = ()
    left_out: Annotated[int, Field(description="How many values and findings are not kept: they are too many.")] = 0

    @classmethod
    def of(cls, values: Mapping[str, Any], findings: Sequence[Issue]) -> "Attempt":
        """What there is room for: a value may be a whole table, and be asked for three times."""
        kept, room = dict[str, Any](), LONGEST_VALUES
        for path, value in values.items():
            length = len(path) + len(json.dumps(value, default=str))
            if length <= room:
                kept[path] = value
                room -= length
        told = tuple(
            issue.model_copy(update={"fields": issue.fields[:_MOST_FINDINGS]}) for issue in findings[:_MOST_FINDINGS]
        )
        left_out = len(values) - len(kept) + len(findings) - len(told)
        return cls(values=kept, findings=told, left_out=left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a model was asked in vain, once or more often."""

    reader: str
    usage: Usage
    #: how often it answered
    attempts: int
    #: those answers, in their order
    earlier: tuple[Attempt, ...] = ()


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
    #: how often the model was asked
    attempts: int = 1
    #: answers before this one that were no record
    earlier: tuple[Attempt, ...] = ()
    #: by field path, values that the reader itself set to null for their form, with an issue each
    rejected: Mapping[str, Any] = field(default_factory=dict)
    #: by page number: what of it the model was shown, vision or text; empty for readers that are no model
    routes: Mapping[int, Route] = field(default_factory=dict)
    #: it speaks for the whole document (an embedded invoice does): further windows need not be read
    complete: bool = False
