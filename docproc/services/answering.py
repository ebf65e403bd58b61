"""A job's records as JSON text for those who ask: all of a job line by line, or one document's. Knows no request."""

from collections.abc import Callable, Iterator
from uuid import UUID

from docproc.domain.errors import ConflictError
from docproc.domain.schema import ExtractionSchema
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.exports.json_text import json_pieces
from docproc.services.collect import collect, export_item
from docproc.services.ports import Stores
from docproc.services.records import Document, Job


def job_lines(stores: Stores, job: Job, *, schema_of: Callable[[Job], ExtractionSchema]) -> Iterator[bytes]:
    """JSONL in pieces: one line a document that has ended, as often as asked. Raises BlobMissingError on the way."""
    schema = schema_of(job)
    for item in collect(stores, job.id, tenant=job.tenant):
        yield from (piece.encode() for piece in json_pieces(item, schema))
        yield b"\n"


def document_text(
    stores: Stores, document: Document, job: Job, *, schema_of: Callable[[Job], ExtractionSchema]
) -> Iterator[bytes]:
    """One document's extraction as one JSON object, in pieces.

    Raises ConflictError while it is open, BlobMissingError on the way.
    """
    if document.state not in FINAL_DOCUMENT_STATES:
        raise ConflictError(f"the document is {document.state}: there is no extraction yet")
    found = stores.extractions.latest([document.id]).get(document.id)
    item = export_item(document, found, schema=job.schema.label, stores=stores)
    return (piece.encode() for piece in json_pieces(item, schema_of(job)))


def extraction_revision(stores: Stores, document_id: UUID) -> int:
    """0: there is none."""
    found = stores.extractions.latest([document_id]).get(document_id)
    return 0 if found is None else found.revision
