"""Exports: a job's records as one file, made behind the scenes and downloaded here or straight from the store."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from docproc.api.audits import note
from docproc.api.callers import Reader, TheFace
from docproc.api.problems import problems
from docproc.api.shown import BINARY, export_facts
from docproc.api.streams import in_chunks
from docproc.client.types import ExportFacts, Listed, Shape
from docproc.domain.errors import ConflictError
from docproc.domain.file_format import FileFormat
from docproc.services.export_job import ask_for_export
from docproc.services.link_export import link_export

routes = APIRouter(prefix="/v1", tags=["exports"])

_LONGEST_LINK_S = 7 * 24 * 3600


class ExportAsk(BaseModel):
    """The file that is wanted."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[
        FileFormat,
        Field(
            description="`csv` and `json` (a file for each document) come as a ZIP archive; `html` is the report.",
            examples=["xlsx"],
        ),
    ]
    dialect: Annotated[
        Literal["rfc4180", "european"], Field(description="Of CSV; european: semicolons and decimal commas.")
    ] = "rfc4180"


class LinkShape(Shape):
    """Whoever has the link can read the export until then."""

    url: str
    expires_s: int


@routes.post("/jobs/{job_id}/exports", status_code=202, response_model=ExportFacts, responses=problems(404, 409))
def ask_for(job_id: UUID, asked: ExportAsk, face: TheFace, key: Reader) -> ExportFacts:
    """Ask for the records of a finished job as one file."""
    desk = face.desk
    export_id = ask_for_export(
        desk.stores, desk.errands, job_id, tenant=key.tenant, export_format=asked.format, dialect=asked.dialect
    )
    note(face, key, "export.create", export_id)
    face.wake()
    return export_facts(desk.errands.exports.get(export_id, tenant=key.tenant))


@routes.get("/jobs/{job_id}/exports", response_model=Listed[ExportFacts], responses=problems(404))
def list_exports(job_id: UUID, face: TheFace, key: Reader) -> Listed[ExportFacts]:
    """Exports of a job, newest first."""
    face.desk.stores.jobs.get(job_id, tenant=key.tenant)
    found = face.desk.errands.exports.of_job(job_id, tenant=key.tenant)
    return Listed(items=[export_facts(export) for export in found])


@routes.get("/exports/{export_id}", response_model=ExportFacts, responses=problems(404))
def get_export(export_id: UUID, face: TheFace, key: Reader) -> ExportFacts:
    """How an export stands."""
    return export_facts(face.desk.errands.exports.get(export_id, tenant=key.tenant))


@routes.get(
    "/exports/{export_id}/download",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file",
            "content": {
                media_type: {"schema": BINARY} for media_type in sorted({each.media_type for each in FileFormat})
            },
        },
        **problems(404, 409, 410),
    },
)
def download(export_id: UUID, face: TheFace, key: Reader) -> StreamingResponse:
    """The file, as often as you ask."""
    export = face.desk.errands.exports.get(export_id, tenant=key.tenant)
    if export.blob_key is None:
        raise ConflictError(f"the export is {export.state}: there is no file yet")
    pieces = in_chunks(face.desk.stores.blobs.stream(export.blob_key))
    note(face, key, "export.read", export.id)
    file_format = FileFormat(export.format)
    headers = {
        "Content-Disposition": f'attachment; filename="records-{export.job_id}{file_format.suffix}"',
        "Content-Length": str(export.byte_count),
    }
    return StreamingResponse(pieces, media_type=file_format.media_type, headers=headers)


@routes.post("/exports/{export_id}/link", response_model=LinkShape, responses=problems(404, 409))
def link(
    export_id: UUID,
    face: TheFace,
    key: Reader,
    expires_s: Annotated[int, Query(ge=1, le=_LONGEST_LINK_S)] = 3600,
) -> LinkShape:
    """A link that leads to the file in the blob store, without a key; for stores that have links (S3)."""
    url = link_export(
        face.desk.errands.exports, export_id, tenant=key.tenant, expires_s=expires_s, open_links=lambda: face.links
    )
    note(face, key, "export.link", export_id)
    return LinkShape(url=url, expires_s=expires_s)
