"""The contract: one `Extraction` a document, the same on every interface, one JSON object a line."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypeAliasType

from docproc.domain.document import MediaType
from docproc.domain.evidence import Evidence
from docproc.domain.failure import Failure
from docproc.domain.issues import Issue
from docproc.domain.page import PageState, TextSource
from docproc.domain.reading import Attempt, Route
from docproc.domain.schema import JsonValue, Record

CONTRACT: Literal["1"] = "1"

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class ExtractionStatus(StrEnum):
    """How a document ended."""

    SUCCEEDED = "succeeded"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    CANCELED = "canceled"


class ConfidenceParts(BaseModel):
    """What a confidence was made of; a part is null when it does not apply."""

    model_config = ConfigDict(frozen=True)

    model: Annotated[Probability | None, Field(description="The reader's own probability.")] = None
    match: Annotated[Probability | None, Field(description="How well the print agrees with the value.")] = None
    ocr: Annotated[Probability | None, Field(description="Lowest recogniser score; null for a text layer.")] = None
    checks: Annotated[Probability | None, Field(description="Share of the checks on this value that hold.")] = None


class FieldValue(BaseModel):
    """One leaf: its value, one calibrated probability, and where it stands on the pages."""

    model_config = ConfigDict(frozen=True)

    value: str | int | float | bool | None
    confidence: Annotated[Probability | None, Field(description="Probability that the value is right.")] = None
    parts: ConfidenceParts = ConfidenceParts()
    evidence: Annotated[tuple[Evidence, ...], Field(description="Empty: ungrounded, or there is no value.")] = ()


if TYPE_CHECKING:
    FieldTree: TypeAlias = FieldValue | list["FieldTree"] | dict[str, "FieldTree"]
else:  # pydantic resolves a recursive alias only when it is named
    FieldTree = TypeAliasType("FieldTree", FieldValue | list["FieldTree"] | dict[str, "FieldTree"])


class ContainerFacts(BaseModel):
    """The container that a document came in."""

    model_config = ConfigDict(frozen=True)

    file: Annotated[str, Field(description="Of the container: path relative to the argument given.")]
    sha256: Annotated[str, Field(description="Of the container.")]
    member: Annotated[str, Field(description="Path of the document in the container.")]


class DocumentFacts(BaseModel):
    """The file itself; a fact that could not be told is null."""

    model_config = ConfigDict(frozen=True)

    sha256: str | None = None
    media_type: MediaType | None = None
    page_count: int | None = None
    container: Annotated[
        ContainerFacts | None, Field(description="The archive or mail that it came in; null: it came alone.")
    ] = None


class DocumentPart(BaseModel):
    """A stretch of pages of a file that holds several documents."""

    model_config = ConfigDict(frozen=True)

    index: int
    pages: tuple[int, ...]


class PageFacts(BaseModel):
    """One page and how it ended."""

    model_config = ConfigDict(frozen=True)

    number: Annotated[int, Field(ge=1)]
    state: PageState
    width: Annotated[float | None, Field(description="Page points, as displayed.")] = None
    height: float | None = None
    rotation: int = 0
    words: Annotated[int, Field(description="How many words the page holds.")] = 0
    source: TextSource = TextSource.NONE
    reader: str | None = None
    route: Annotated[Route | None, Field(description="What of it a model was shown: vision or text.")] = None
    grid: Annotated[tuple[int, int] | None, Field(description="Tile grid: [columns, rows].")] = None
    attempts: Annotated[
        tuple[Attempt, ...], Field(description="Answers of a model that do not stand, on the window's first page.")
    ] = ()


class Correction(BaseModel):
    """What one person changed at one place; a history of corrections is only added to."""

    model_config = ConfigDict(frozen=True)

    field: Annotated[str, Field(description="Field path.")]
    # Any: pydantic cannot take the recursive alias
    old: Any = None
    new: Any = None
    by: str
    at: datetime


class Review(BaseModel):
    """What people said of an extraction."""

    model_config = ConfigDict(frozen=True)

    by: Annotated[str, Field(description="Who looked at it last.")]
    at: datetime
    confirmed: Annotated[bool, Field(description="They said that all of it is right as it is.")] = False
    corrections: Annotated[tuple[Correction, ...], Field(description="All of them, oldest first.")] = ()


class Extraction(BaseModel):
    """One document's validated record with its evidence: a line of JSONL, an API answer, a row of an export."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    contract: Literal["1"] = CONTRACT
    job_id: UUID
    document_id: UUID
    file: Annotated[str, Field(description="Path relative to the argument given.")]
    external_id: str | None = None
    metadata: dict[str, Any] = {}
    document: DocumentFacts
    part: DocumentPart | None = None
    extraction_schema: Annotated[str, Field(alias="schema", description="name@version")]
    reader: str | None = None
    status: ExtractionStatus
    record: dict[str, Any] | None = None
    fields: dict[str, FieldTree] | None = None
    issues: tuple[Issue, ...] = ()
    review: Review | None = None
    failure: Failure | None = None
    pages: tuple[PageFacts, ...] = ()
    seconds: float = 0.0

    @model_validator(mode="after")
    def failure_belongs_to_failed(self) -> Self:
        """A failed document says why; any other has a record."""
        if (self.status is ExtractionStatus.FAILED) != (self.failure is not None):
            raise ValueError("a failure record belongs to a failed document, and to no other")
        return self


def record_of(fields: Mapping[str, FieldTree]) -> Record:
    """The bare record of a field tree: the same shape, every leaf its value."""
    return {name: _bare(tree) for name, tree in fields.items()}


def _bare(tree: FieldTree) -> JsonValue:
    if isinstance(tree, FieldValue):
        return tree.value
    if isinstance(tree, list):
        return [_bare(branch) for branch in tree]
    return {name: _bare(branch) for name, branch in tree.items()}


def field_leaves(fields: Mapping[str, FieldTree]) -> Iterator[tuple[str, FieldValue]]:
    """Every leaf with its field path, such as `line_items[0].amount`, in order."""
    for name, tree in fields.items():
        yield from _leaves(name, tree)


def _leaves(path: str, tree: FieldTree) -> Iterator[tuple[str, FieldValue]]:
    if isinstance(tree, FieldValue):
        yield path, tree
    elif isinstance(tree, list):
        for index, branch in enumerate(tree):
            yield from _leaves(f"{path}[{index}]", branch)
    else:
        for name, branch in tree.items():
            yield from _leaves(f"{path}.{name}", branch)
