"""What every writer takes: an extraction, and the rows of its long tables when they do not live in memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from docproc.domain.extraction import Extraction, FieldTree

#: opens the rows of a spilled table from the first one; may be called more than once
RowSource: TypeAlias = Callable[[], Iterator[dict[str, FieldTree]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportItem:
    """One document on its way out."""

    extraction: Extraction
    #: by field path of a list of objects (`line_items`, `account.entries`) whose rows are not in the extraction
    tables: Mapping[str, RowSource] = field(default_factory=dict)

    @classmethod
    def of(cls, document: "Extraction | ExportItem") -> "ExportItem":
        return document if isinstance(document, ExportItem) else cls(extraction=document)


class ExportWriter(Protocol):
    """Takes documents one by one; the file appears, whole, when the context ends without an error."""

    def rehearse(self) -> None: ...

    def write(self, document: Extraction | ExportItem) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
