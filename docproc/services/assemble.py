"""Make one document's extraction of its readings: merged, concluded, stored. Knows no reader and no export."""

from collections.abc import Mapping, Sequence

from docproc.domain.document import DocumentState
from docproc.domain.extraction import Extraction, ExtractionStatus, record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.pipeline.conclude import Conclusion, conclude
from docproc.pipeline.merge import merge
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.bodies import get_body, put_body
from docproc.services.contract import document_facts
from docproc.services.job_context import JobContext
from docproc.services.read import GROUNDED
from docproc.services.records import Claim, Document, PreparedPage, SpilledTable, StoredExtraction
from docproc.services.tables import Rows, cut_long_tables, row_lines

_STATES = {
    ExtractionStatus.SUCCEEDED: DocumentState.SUCCEEDED,
    ExtractionStatus.NEEDS_REVIEW: DocumentState.NEEDS_REVIEW,
}


def assemble(claim: Claim, document: Document, context: JobContext) -> Document:
    """From assembling to succeeded or needs_review. Raises BlobMissingError when a reading is lost."""
    began = context.clock.monotonic()
    stores = context.stores
    pages = stores.pages.pages(document.id)
    conclusion = _concluded(document, pages, context)
    fields, long_tables = cut_long_tables(conclusion.fields, context.schema)
    tables = _spilled(claim, long_tables, context)
    seconds = context.clock.monotonic() - began
    extraction = Extraction(
        job_id=document.job_id,
        document_id=document.id,
        file=document.file,
        external_id=document.external_id,
        metadata=dict(document.metadata),
        document=document_facts(document),
        extraction_schema=context.schema.label,
        reader=conclusion.reader,
        status=conclusion.status,
        record=record_of(fields) if tables else conclusion.record,
        fields=fields,
        issues=(*conclusion.issues, *_skipped(document, pages)),
        pages=tuple(page.facts for page in pages),
        seconds=round(document.seconds + seconds, 4),
    )
    key = document_key(document.tenant, BlobKind.EXTRACTION, document.id, claim.attempt)
    body = put_body(stores.blobs, key, extraction.model_dump_json().encode())
    stored = StoredExtraction(state=_STATES[conclusion.status], body=body, tables=tables)
    return stores.extractions.save(claim, stored, seconds=seconds)


def _concluded(document: Document, pages: Sequence[PreparedPage], context: JobContext) -> Conclusion:
    stores = context.stores
    bodies = (get_body(stores.blobs, reading.body) for reading in stores.readings.of_document(document.id))
    merged = merge((GROUNDED.validate_json(body) for body in bodies), context.schema)
    return conclude(merged, context.schema, pages=[(page.facts.number, page.state) for page in pages])


def _spilled(claim: Claim, tables: Mapping[str, Rows], context: JobContext) -> tuple[SpilledTable, ...]:
    document, spilled = claim.document, []
    for index, (path, rows) in enumerate(tables.items()):
        key = document_key(document.tenant, BlobKind.TABLE, document.id, claim.attempt, index)
        context.stores.blobs.put(key, row_lines(rows))
        spilled.append(SpilledTable(path=path, rows=len(rows), blob_key=key))
    return tuple(spilled)


def _skipped(document: Document, pages: Sequence[PreparedPage]) -> tuple[Issue, ...]:
    """Said when only some pages were asked for: what is on the others is not in the record."""
    skipped = (document.page_count or 0) - len(pages)
    if skipped <= 0:
        return ()
    message = f"{skipped} of {document.page_count} pages were not asked for and not read."
    return (Issue(code=IssueCode.PAGES_SKIPPED, severity=Severity.INFO, message=message),)
