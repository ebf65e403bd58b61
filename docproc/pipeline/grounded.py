"""A reading after its shape was checked and its values were found on the pages: what merge takes and storage keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from docproc.domain.extraction import FieldTree
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.places import place_of, value_at, with_value
from docproc.domain.reading import Attempt, Reading, Route, Usage, Window
from docproc.domain.schema import ExtractionSchema, Record
from docproc.grounding import ground_record


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundedReading:
    """One window's record as a field tree: every leaf with confidence, parts and evidence."""

    reader: str
    reader_version: str
    #: page numbers of the window, ascending; empty for a document without pages (plain XML)
    pages: tuple[int, ...]
    fields: dict[str, FieldTree]
    issues: tuple[Issue, ...] = ()
    usage: Usage = field(default_factory=Usage)
    attempts: int = 1
    #: the other answers that the model gave, in their order
    earlier: tuple[Attempt, ...] = ()
    routes: Mapping[int, Route] = field(default_factory=dict)
    #: it speaks for the whole document: further windows need not be read
    complete: bool = False


def ground_reading(reading: Reading, window: Window, schema: ExtractionSchema) -> GroundedReading:
    """Every value with the place that proves it; values of the wrong shape become null with the issue that says so."""
    record, findings = well_shaped(reading.record, schema)
    return GroundedReading(
        reader=reading.reader,
        reader_version=reading.reader_version,
        pages=window.numbers,
        fields=ground_record(record, schema, window=window, hints=reading.hints),
        issues=(*reading.issues, *findings),
        usage=reading.usage,
        attempts=reading.attempts,
        earlier=reading.earlier,
        routes=reading.routes,
        complete=reading.complete,
    )


def well_shaped(record: Record, schema: ExtractionSchema) -> tuple[Record, tuple[Issue, ...]]:
    """The record with values of the wrong shape set to null, and the issues that say so.

    What is missing in one window may stand in another, so that is judged after the merge.
    """
    findings = tuple(issue for issue in schema.check_shape(record) if issue.code is IssueCode.WRONG_SHAPE)
    for path in {path for issue in findings for path in issue.fields}:
        record = _with_null(record, path)
    return record, findings


def _with_null(record: Record, path: str) -> Record:
    """The leaf at `path` set to null; a path that leads to no leaf of an object changes nothing."""
    place = place_of(path)
    is_there, value = value_at(record, place)
    is_leaf = bool(place) and isinstance(place[-1], str) and not isinstance(value, dict | list)
    return with_value(record, place, None) if is_there and is_leaf else record
