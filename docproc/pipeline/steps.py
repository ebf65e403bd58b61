"""From pages to grounded readings: cut windows, read, check the shape, find the evidence. Knows no storage."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from docproc.domain.issues import Issue, IssueCode
from docproc.domain.page import PageContent
from docproc.domain.reading import WINDOW_PAGES, Attachment, Window
from docproc.domain.schema import ExtractionSchema, JsonValue, Record
from docproc.grounding import ground_record
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.ports import Reader

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFrame:
    """What the windows of one document have in common."""

    attachments: Sequence[Attachment] = ()
    day_first: bool | None = None
    page_count: int = 0


def cut_windows(
    pages: Iterable[PageContent], frame: WindowFrame, *, window_pages: int = WINDOW_PAGES
) -> Iterator[Window]:
    """Windows of consecutive pages, blank pages left out; a document without pages (plain XML) is one window."""
    printed = (page for page in pages if not page.blank)
    first = True
    while chunk := tuple(islice(printed, window_pages)):
        yield _window(chunk, frame, with_attachments=first)
        first = False
    if first:
        yield _window((), frame, with_attachments=True)


def _window(pages: tuple[PageContent, ...], frame: WindowFrame, *, with_attachments: bool) -> Window:
    return Window(
        pages=pages,
        attachments=frame.attachments if with_attachments else (),
        day_first=frame.day_first,
        page_count=frame.page_count,
    )


def read_window(reader: Reader, window: Window, schema: ExtractionSchema) -> GroundedReading:
    """Read one window and ground every value.

    Raises DocumentError when the reader cannot read the window.
    """
    reading = reader.read(window, schema)
    record, findings = _without_misshapen(reading.record, schema)
    fields = ground_record(record, schema, window=window, hints=reading.hints)
    return GroundedReading(
        reader=reading.reader,
        reader_version=reading.reader_version,
        pages=window.numbers,
        fields=fields,
        issues=(*reading.issues, *findings),
        usage=reading.usage,
        attempts=reading.attempts,
        complete=reading.complete,
    )


def read_windows(reader: Reader, windows: Iterable[Window], schema: ExtractionSchema) -> Iterator[GroundedReading]:
    """Read window after window, until one reading speaks for the whole document."""
    for window in windows:
        grounded = read_window(reader, window, schema)
        yield grounded
        if grounded.complete:
            return


def _without_misshapen(record: Record, schema: ExtractionSchema) -> tuple[Record, tuple[Issue, ...]]:
    """The record with values of the wrong shape set to null, and the issues that say so.

    What is missing in one window may stand in another, so that is judged after the merge.
    """
    findings = tuple(issue for issue in schema.check_shape(record) if issue.code is IssueCode.WRONG_SHAPE)
    for path in {path for issue in findings for path in issue.fields}:
        _set_null(record, path)
    return record, findings


def _set_null(record: Record, path: str) -> None:
    """Set the leaf at `path` to null; a path that leads to no leaf changes nothing."""
    steps: list[str | int] = [name or int(index) for name, index in _STEP.findall(path)]
    node: JsonValue = record
    for step in steps[:-1]:
        node = _child(node, step)
    last = steps[-1] if steps else None
    if isinstance(node, dict) and isinstance(last, str) and not isinstance(node.get(last), dict | list):
        node[last] = None


def _child(node: JsonValue, step: str | int) -> JsonValue:
    if isinstance(node, dict) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None
