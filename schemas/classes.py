"""A pydantic class becomes an extraction schema: through its JSON Schema, checked by the class itself."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from docproc.domain.errors import SchemaError
from docproc.domain.schema import ExtractionSchema
from schemas.base import SchemaBody
from schemas.class_checks import class_checks
from schemas.compiling import Compiler
from schemas.json_schema import Heading, constraint_form, name_of
from schemas.nodes import expand
from schemas.roles import rules_for
from schemas.rules import rule_check
from schemas.shape import class_check


def compile_class(schema_class: type[BaseModel], *, reference: str = "") -> ExtractionSchema:
    """The extraction schema of a pydantic class; any class will do, a SchemaBody can say more."""
    document = _json_schema(schema_class)
    compiler = Compiler()
    fields, constraint = compiler.root(expand(document))
    told = schema_class if issubclass(schema_class, SchemaBody) else SchemaBody
    heading = Heading(
        name=told.schema_name or name_of("", stem=schema_class.__name__),
        version=told.schema_version,
        title=told.schema_title or str(document.get("title", "")),
        description=str(document.get("description", "")),
        day_first=told.day_first,
    )
    return ExtractionSchema(
        **asdict(heading),
        fields=fields,
        json_schema=constraint_form(heading, constraint),
        check_shape=class_check(schema_class, fields),
        check_rules=rule_check((*rules_for(fields), *told.rules)),
        reference=reference,
        notes=tuple(f"{place.pointer}: {place.reason}" for place in compiler.places),
        unheld=class_checks(schema_class, fields, constraint),
    )


def _json_schema(schema_class: type[BaseModel]) -> dict[str, Any]:
    name = schema_class.__name__
    try:
        document = schema_class.model_json_schema()
    except PydanticUserError as exc:
        raise SchemaError(f"{name} has a field that JSON cannot hold: {exc.message.splitlines()[0]}") from exc
    if not schema_class.model_fields:
        raise SchemaError(f"{name} has no fields.")
    return document
