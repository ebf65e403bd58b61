"""The contract line of a document without a record: failed or canceled. Knows no reading."""

from docproc.domain.document import DocumentState
from docproc.domain.extraction import DocumentFacts, Extraction, ExtractionStatus, PageFacts
from docproc.services.records import Document

_STATUSES = {DocumentState.FAILED: ExtractionStatus.FAILED, DocumentState.CANCELED: ExtractionStatus.CANCELED}


def document_facts(document: Document) -> DocumentFacts:
    return DocumentFacts(
        sha256=document.original.sha256,
        media_type=document.original.media_type,
        page_count=document.page_count,
        container=document.original.container,
    )


def line_without_record(document: Document, *, schema: str, pages: tuple[PageFacts, ...]) -> Extraction:
    """Counts add up only if a document that came to nothing has its line too."""
    return Extraction(
        job_id=document.job_id,
        document_id=document.id,
        file=document.file,
        external_id=document.external_id,
        metadata=dict(document.metadata),
        document=document_facts(document),
        extraction_schema=schema,
        status=_STATUSES[document.state],
        failure=document.failure,
        pages=pages,
        seconds=round(document.seconds, 4),
    )
