"""Probes and metrics, for those who run the service: they carry no key and tell nothing of anybody's documents."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field

import docproc
from docproc.api.callers import TheFace
from docproc.api.counting import MEDIA_TYPE
from docproc.api.shapes import Shape
from docproc.domain.errors import StorageError

routes = APIRouter(tags=["operation"])


class HealthShape(Shape):
    """Whether the process lives."""

    status: Annotated[str, Field(examples=["ok"])]
    version: str


class ReadyShape(Shape):
    """Whether it can be asked, and if not, why."""

    status: Annotated[str, Field(examples=["ok"])]
    troubles: dict[str, str]


@routes.get("/health", response_model=HealthShape)
def health() -> HealthShape:
    """The process answers."""
    return HealthShape(status="ok", version=docproc.__version__)


@routes.get(
    "/ready",
    response_model=ReadyShape,
    responses={503: {"model": ReadyShape, "description": "A store does not answer"}},
)
def ready(face: TheFace) -> Response:
    """The stores answer."""
    troubles: dict[str, str] = {}
    try:
        face.desk.upkeep.census.now()
    except StorageError as error:
        troubles["database"] = error.message
    try:
        face.desk.stores.blobs.size("docproc/check/ready")
    except StorageError as error:
        troubles["blobs"] = error.message
    body = ReadyShape(status="unready" if troubles else "ok", troubles=troubles)
    return JSONResponse(body.model_dump(), status_code=503 if troubles else 200)


@routes.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(face: TheFace) -> Response:
    """Requests by route and status, and how long they took; what workers do, they tell themselves."""
    return Response(face.counters.exposition(), headers={"Content-Type": MEDIA_TYPE})
