"""Exports: a job's records as one file, made behind the scenes and downloaded here or straight from the store."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from docproc.api.audits import note
from docproc.api.callers import Reader, TheFace
from docproc.api.problems import problems
from docproc.api.shapes import BINARY, ExportShape, Listed, Shape
from docproc.api.streams import in_chunks
from docproc.domain.errors import ConflictError
from docproc.services.export_job import ask_for_export
from docproc.services.link_export import link_export

routes = APIRouter(prefix="/v1", tags=["exports"])

_TYPES = {
    "jsonl": "application/jsonl",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_LONGEST_LINK_S = 7 * 24 * 3600


class ExportAsk(BaseModel):
    """The file that is wanted."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[Literal["jsonl", "csv", "xlsx"], Field(examples=["xlsx"])]
    dialect: Annotated[
        Literal["rfc4180", "european"], Field(description="Of CSV; european: semicolons and decimal commas.")
    ] = "rfc4180"


class LinkShape(Shape):
    """Whoever has the link can read the export until then."""

    url: str
    expires_s: int


@routes.post("/jobs/{job_id}/exports", status_code=202, response_model=ExportShape, responses=problems(404, 409))
def ask_for(job_id: UUID, asked: ExportAsk, face: TheFace, key: Reader) -> ExportShape:
    """Ask for the records of a finished job as one file."""
    desk = face.desk
    export_id = ask_for_export(
        desk.stores, desk.errands, job_id, tenant=key.tenant, export_format=asked.format, dialect=asked.dialect
    )
    note(face, key, "export.create", export_id)
    face.wake()
    return ExportShape.of(desk.errands.exports.get(export_id, tenant=key.tenant))


@routes.get("/jobs/{job_id}/exports", response_model=Listed[ExportShape], responses=problems(404))
def list_exports(job_id: UUID, face: TheFace, key: Reader) -> Listed[ExportShape]:
    """Exports of a job, newest first."""
    face.desk.stores.jobs.get(job_id, tenant=key.tenant)
    found = face.desk.errands.exports.of_job(job_id, tenant=key.tenant)
    return Listed(items=[ExportShape.of(export) for export in found])


@routes.get("/exports/{export_id}", response_model=ExportShape, responses=problems(404))
def get_export(export_id: UUID, face: TheFace, key: Reader) -> ExportShape:
    """How an export stands."""
    return ExportShape.of(face.desk.errands.exports.get(export_id, tenant=key.tenant))


@routes.get(
    "/exports/{export_id}/download",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file",
            "content": {media_type: {"schema": BINARY} for media_type in _TYPES.values()},
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
    headers = {
        "Content-Disposition": f'attachment; filename="records-{export.job_id}.{export.format}"',
        "Content-Length": str(export.byte_count),
    }
    return StreamingResponse(pieces, media_type=_TYPES[export.format], headers=headers)


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
