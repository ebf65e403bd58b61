"""What docproc makes of each place of a JSON Schema: constrained, checked after reading, left out, refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from docproc.domain.schema import ExtractionSchema


class Verdict(StrEnum):
    """How far a place of a schema is honoured, from best to worst."""

    SUPPORTED = "supported"  # shapes a field or describes it
    CONSTRAINED = "constrained"  # a constrained reader cannot break it, and it is checked after reading
    CHECKED = "checked"  # checked after reading only
    IGNORED = "ignored"  # says nothing about a record, or is unknown
    LEFT_OUT = "left_out"  # an optional field that cannot be read from a document: it stays absent
    REFUSED = "refused"  # the schema cannot be used because of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of a schema and what becomes of it."""

    #: JSON pointer into the schema, empty for its root
    pointer: str
    verdict: Verdict
    #: why, and what to write instead
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaCheck:
    """The verdict on a JSON Schema, place by place; `schema` is None when it is refused."""

    places: tuple[Place, ...]
    schema: ExtractionSchema | None = None

    @property
    def usable(self) -> bool:
        return self.schema is not None

    def of(self, *verdicts: Verdict) -> Iterator[Place]:
        """The places with these verdicts, in the schema's order."""
        return (place for place in self.places if place.verdict in verdicts)
