"""Uploads ahead of a submission: straight into the store where it has links, else through the API."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from docproc.api.asks import UPLOAD_ID
from docproc.api.callers import Submitter, TheFace
from docproc.api.incoming import incoming_folder, receive_bytes
from docproc.api.problems import problems
from docproc.api.shown import BINARY
from docproc.client.types import UploadPlace
from docproc.services.blob_keys import original_key
from docproc.services.uploads import is_there, keep_upload, require_size

routes = APIRouter(prefix="/v1/uploads", tags=["uploads"])

_LINK_S = 3600

Sha256 = Annotated[str, Field(pattern=UPLOAD_ID, description="In hexadecimal, small letters.")]


class UploadAsk(BaseModel):
    """The file that is to come."""

    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[Sha256, Field(examples=["982d1686a2dee2e9a18f36773df721ad5c218fca19b7a21927173b878433fe06"])]
    byte_count: Annotated[int, Field(ge=1, le=2**53, examples=[48231])]


@routes.post("", status_code=201, response_model=UploadPlace, responses=problems(413))
def ask_for(asked: UploadAsk, face: TheFace, key: Submitter) -> UploadPlace:
    """Announce a file by its sha256, and learn where to PUT it; until a job names it, it is kept for a day."""
    blobs = face.desk.stores.blobs
    require_size(asked.byte_count, max_bytes=face.desk.settings.max_bytes)
    if is_there(blobs, key.tenant, asked.sha256, byte_count=asked.byte_count):
        return UploadPlace(upload_id=asked.sha256, there=True, url=None, headers={}, expires_s=0)
    if face.links is None:
        url, headers = f"/v1/uploads/{asked.sha256}", {"Content-Type": "application/octet-stream"}
    else:
        link = face.links.presign_put(
            original_key(key.tenant, asked.sha256),
            byte_count=asked.byte_count,
            sha256=asked.sha256,
            expires_s=_LINK_S,
        )
        url, headers = link.url, link.headers
    return UploadPlace(upload_id=asked.sha256, there=False, url=url, headers=headers, expires_s=_LINK_S)


@routes.put(
    "/{upload_id}",
    status_code=204,
    responses=problems(413),
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": BINARY}}}},
)
async def receive(
    upload_id: Annotated[str, Path(pattern=UPLOAD_ID)], request: Request, face: TheFace, key: Submitter
) -> Response:
    """Send the bytes of an announced file through the API."""
    async with incoming_folder(face.incoming) as folder:
        path = await receive_bytes(request.stream(), folder / "0", max_bytes=face.desk.settings.max_bytes)
        await asyncio.to_thread(keep_upload, face.desk.stores.blobs, key.tenant, upload_id, path)
    return Response(status_code=204)
