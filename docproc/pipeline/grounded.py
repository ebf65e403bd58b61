"""A reading after its shape was checked and its values were found on the pages: what merge takes and storage keeps."""

from dataclasses import dataclass, field

from docproc.domain.extraction import FieldTree
from docproc.domain.issues import Issue
from docproc.domain.reading import Usage


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
    #: it speaks for the whole document: further windows need not be read
    complete: bool = False
