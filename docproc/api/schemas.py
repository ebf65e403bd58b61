"""What can be asked for: extraction schemas that come with docproc, and readers."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from docproc.api.asks import ShortText
from docproc.api.callers import Reader, TheFace
from docproc.api.problems import problems
from docproc.api.shapes import Listed, Shape
from schemas.registry import names, registered

routes = APIRouter(prefix="/v1", tags=["schemas"])


class SchemaShape(Shape):
    """An extraction schema by name."""

    name: Annotated[str, Field(examples=["invoice"])]
    version: int
    title: str
    description: str


class SchemaDetailShape(SchemaShape):
    """With the JSON Schema of its records."""

    json_schema: dict[str, Any]


class ReaderShape(Shape):
    """Who can be asked to read pages."""

    name: Annotated[str, Field(examples=["auto"])]


@routes.get("/schemas", response_model=Listed[SchemaShape])
def list_schemas(key: Reader) -> Listed[SchemaShape]:
    """Schemas that come with docproc; beside them any JSON Schema can be sent."""
    del key
    return Listed(
        items=[
            SchemaShape(name=each.name, version=each.version, title=each.title, description=each.description)
            for each in names()
        ]
    )


@routes.get("/schemas/{name}", response_model=SchemaDetailShape, responses=problems(404))
def get_schema(name: ShortText, key: Reader) -> SchemaDetailShape:
    """One schema, `name` or `name@version`."""
    del key
    schema = registered(name)
    return SchemaDetailShape(
        name=schema.name,
        version=schema.version,
        title=schema.title,
        description=schema.description,
        json_schema=dict(schema.json_schema),
    )


@routes.get("/readers", response_model=Listed[ReaderShape])
def list_readers(face: TheFace, key: Reader) -> Listed[ReaderShape]:
    """Readers that a job may name."""
    del key
    return Listed(items=[ReaderShape(name=name) for name in face.readers])
