"""A JSON Schema document becomes an extraction schema, or a SchemaError that says where and why not."""

from collections.abc import Mapping
from typing import Any

from docproc.domain.errors import SchemaError
from docproc.domain.schema import ExtractionSchema
from schemas.annotations import schema_annotation
from schemas.compiling import Compiler
from schemas.kinds import words_of
from schemas.nodes import Node, expand
from schemas.roles import rules_for
from schemas.rules import rule_check
from schemas.shape import json_schema_check
from schemas.source import SchemaSource, inspect, parse
from schemas.support import Place, SchemaCheck, Verdict
from schemas.survey import keyword_places

#: a constraint's dialect, whatever dialect the author wrote in
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def compile_json_schema(document: dict[str, Any], *, stem: str = "schema", reference: str = "") -> ExtractionSchema:
    """The extraction schema of a JSON Schema.

    Args:
        document: the JSON Schema as its author wrote it.
        stem: the schema's name when neither `x-docproc` nor `title` gives one.
        reference: how the user named it.
    """
    schema, _ = _compiled(inspect(document), stem=stem, reference=reference)
    return schema


def check_json_schema(document: str | Mapping[str, Any], *, stem: str = "schema") -> SchemaCheck:
    """What becomes of every place of a JSON Schema; never raises for a schema that cannot be used."""
    places: tuple[Place, ...] = ()
    try:
        source = inspect(parse(document) if isinstance(document, str) else dict(document))
        places = keyword_places(source.document)
        schema, left_out = _compiled(source, stem=stem)
    except SchemaError as exc:
        return SchemaCheck(places=(*places, Place(pointer="", verdict=Verdict.REFUSED, reason=exc.message)))
    return SchemaCheck(places=(*places, *left_out), schema=schema)


def constraint_form(node: Node, compiler: Compiler) -> tuple[Any, dict[str, Any]]:
    """The fields of a schema in normal form and what a constraint compiler takes."""
    fields, constraint = compiler.root(node)
    return fields, {"$schema": DIALECT, **constraint}


def name_of(title: str, *, stem: str) -> str:
    """A schema's name: words of its title, or of its file's name."""
    words = words_of(title)[:8] or words_of(stem)
    name = "_".join(words)[:64].strip("_")
    return name if name[:1].isalpha() else f"schema_{name}".strip("_")


def _compiled(source: SchemaSource, *, stem: str, reference: str = "") -> tuple[ExtractionSchema, tuple[Place, ...]]:
    document = source.document
    node = expand(document)
    annotation = schema_annotation(document)
    compiler = Compiler()
    fields, constraint = constraint_form(node, compiler)
    title = str(node.keywords.get("title", ""))
    checked = [place for place in keyword_places(document) if place.verdict is Verdict.CHECKED]
    notes = (*source.notes, *(f"{place.pointer}: {place.reason}" for place in (*compiler.places, *checked)))
    schema = ExtractionSchema(
        name=annotation.name or name_of(title, stem=stem),
        version=annotation.version,
        title=title,
        description=str(node.keywords.get("description", "")),
        fields=fields,
        json_schema=constraint,
        check_shape=json_schema_check(document, source.dialect, fields),
        check_rules=rule_check(rules_for(fields)),
        day_first=annotation.day_first,
        reference=reference,
        notes=notes,
    )
    return schema, tuple(compiler.places)
