"""A pydantic class becomes an extraction schema: through its JSON Schema, checked by the class itself."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from docproc.domain.errors import SchemaError
from docproc.domain.schema import ExtractionSchema
from schemas.base import SchemaBody
from schemas.compiling import Compiler
from schemas.json_schema import Heading, constraint_form, name_of
from schemas.nodes import expand
from schemas.roles import rules_for
from schemas.rules import rule_check
from schemas.shape import class_check
from schemas.support import Verdict
from schemas.survey import keyword_places


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
        unheld=(*_checked_only(document), *_validators(schema_class)),
    )


def _checked_only(document: dict[str, Any]) -> Iterator[str]:
    places = (place for place in keyword_places(document) if place.verdict is Verdict.CHECKED)
    return (f"{place.pointer}: {place.reason}" for place in places)


def _validators(schema_class: type[BaseModel]) -> Iterator[str]:
    """What a class, or a class of its fields, checks in code."""
    for found in _classes(schema_class, set()):
        checks = found.__pydantic_decorators__
        for name in (*checks.validators, *checks.field_validators, *checks.root_validators, *checks.model_validators):
            yield f"{found.__name__}.{name}: it checks in code, after reading"


def _classes(annotation: object, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Every pydantic class that is part of an annotation."""
    for part in get_args(annotation):
        yield from _classes(part, seen)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        yield annotation
        for told in annotation.model_fields.values():
            yield from _classes(told.annotation, seen)


def _json_schema(schema_class: type[BaseModel]) -> dict[str, Any]:
    name = schema_class.__name__
    try:
        document = schema_class.model_json_schema()
    except PydanticUserError as exc:
        raise SchemaError(f"{name} has a field that JSON cannot hold: {exc.message.splitlines()[0]}") from exc
    if not schema_class.model_fields:
        raise SchemaError(f"{name} has no fields.")
    return document
