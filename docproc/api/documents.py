"""Documents: how each stands, its pages, its extraction with evidence, its pages as images."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from docproc.api.audits import note
from docproc.api.callers import Reader, TheFace
from docproc.api.problems import problems
from docproc.api.shown import BINARY, document_facts, page_detail
from docproc.api.streams import in_chunks
from docproc.client.types import DocumentFacts, Listed, PageDetail
from docproc.domain.extraction import Extraction
from docproc.domain.reading import MOST_ATTEMPTS
from docproc.services.answering import document_text, extraction_revision
from docproc.services.look_at_page import page_png

routes = APIRouter(prefix="/v1/documents", tags=["documents"])

#: pages have at most so many
_MOST_PAGES = 2**31 - 1


@routes.get("/{document_id}", response_model=DocumentFacts, responses=problems(404))
def get_document(document_id: UUID, face: TheFace, key: Reader) -> DocumentFacts:
    """A document as it stands."""
    return document_facts(face.desk.front.catalog.document(document_id, tenant=key.tenant))


@routes.get("/{document_id}/pages", response_model=Listed[PageDetail], responses=problems(404))
def list_pages(document_id: UUID, face: TheFace, key: Reader) -> Listed[PageDetail]:
    """Every page that was asked for, and how it ended."""
    document = face.desk.front.catalog.document(document_id, tenant=key.tenant)
    pages = face.desk.stores.pages.pages(document.id, attempts_of=MOST_ATTEMPTS)
    return Listed(items=[page_detail(page) for page in pages])


@routes.get("/{document_id}/extraction", response_model=Extraction, responses=problems(404, 409, 410))
def get_extraction(document_id: UUID, face: TheFace, key: Reader) -> StreamingResponse:
    """The record of a document with its evidence; `ETag` names its revision. A failed one has its failure instead."""
    document = face.desk.front.catalog.document(document_id, tenant=key.tenant)
    job = face.desk.stores.jobs.get(document.job_id, tenant=key.tenant)
    revision = extraction_revision(face.desk.stores, document.id)
    pieces = in_chunks(document_text(face.desk.stores, document, job, schema_of=face.schema_of))
    note(face, key, "record.read", document.id)
    return StreamingResponse(pieces, media_type="application/json", headers={"ETag": f'"{revision}"'})


@routes.get(
    "/{document_id}/pages/{number}/image",
    response_class=Response,
    responses={
        200: {
            "description": "A PNG file",
            "content": {"image/png": {"schema": BINARY}},
        },
        **problems(404, 409, 410),
    },
)
def get_page_image(
    document_id: UUID,
    number: Annotated[int, Path(ge=1, le=_MOST_PAGES)],
    face: TheFace,
    key: Reader,
    dpi: Annotated[int, Query(ge=36, le=300)] = 100,
) -> Response:
    """A page as a person sees it, upright; the boxes of evidence are in points of this page (72 a inch)."""
    document = face.desk.front.catalog.document(document_id, tenant=key.tenant)
    png = page_png(face.desk.stores, document, number, dpi=dpi, source=face.source)
    note(face, key, "image.read", f"{document.id}/{number}")
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, no-store"})
