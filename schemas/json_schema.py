"""A JSON Schema document becomes an extraction schema, or a SchemaError that says where and why not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from unicodedata import combining, normalize

from docproc.domain.errors import SchemaError
from docproc.domain.schema import ExtractionSchema
from schemas.annotations import KEYWORD, schema_annotation
from schemas.compiling import Compiler
from schemas.kinds import words_of
from schemas.nodes import expand
from schemas.roles import rules_for
from schemas.rules import rule_check
from schemas.shape import json_schema_check
from schemas.source import SchemaSource, inspect, parse
from schemas.support import Place, SchemaCheck, Verdict
from schemas.survey import keyword_places

MAX_NAME = 64
#: a constraint's dialect, whatever dialect the author wrote in
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What names a schema and says what it is for."""

    name: str
    version: int
    title: str
    description: str
    day_first: bool | None


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


def constraint_form(heading: Heading, constraint: dict[str, Any]) -> dict[str, Any]:
    """A root constraint with its dialect and with what names the schema, so that it can be compiled again."""
    told = {"name": heading.name, "version": heading.version, "day_first": heading.day_first}
    words = {"title": heading.title, "description": heading.description}
    return {
        "$schema": DIALECT,
        **{name: word for name, word in words.items() if word},
        KEYWORD: {name: value for name, value in told.items() if value is not None},
        **constraint,
    }


def name_of(title: str, *, stem: str) -> str:
    """A schema's name: words of its title, or of its file's name, in plain letters."""
    words = _plain_words(title)[:8] or _plain_words(stem)
    name = "_".join(words)[:MAX_NAME].strip("_")
    return name if name[:1].isalpha() else f"schema_{name}"[:MAX_NAME].strip("_")


def _plain_words(text: str) -> list[str]:
    """Accents are dropped; words in other scripts than Latin are left away."""
    letters = normalize("NFKD", text).replace("ß", "ss")
    return words_of(
        "".join(letter for letter in letters if not combining(letter) and (letter.isascii() or letter.isspace()))
    )


def _compiled(source: SchemaSource, *, stem: str, reference: str = "") -> tuple[ExtractionSchema, tuple[Place, ...]]:
    document = source.document
    node = expand(document)
    annotation = schema_annotation(document)
    compiler = Compiler()
    fields, constraint = compiler.root(node)
    title = str(node.keywords.get("title", ""))
    heading = Heading(
        name=annotation.name or name_of(title, stem=stem),
        version=annotation.version,
        title=title,
        description=str(node.keywords.get("description", "")),
        day_first=annotation.day_first,
    )
    checked = [place for place in keyword_places(document) if place.verdict is Verdict.CHECKED]
    notes = (*source.notes, *(f"{place.pointer}: {place.reason}" for place in (*compiler.places, *checked)))
    schema = ExtractionSchema(
        **asdict(heading),
        fields=fields,
        json_schema=constraint_form(heading, constraint),
        check_shape=json_schema_check(document, source.dialect, fields),
        check_rules=rule_check(rules_for(fields)),
        reference=reference,
        source=document,
        notes=notes,
        unheld=tuple(f"{place.pointer}: {place.reason}" for place in checked),
    )
    return schema, tuple(compiler.places)
