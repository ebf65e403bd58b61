"""The text of a JSON Schema becomes a checked dict and a dialect. Knows nothing of fields."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docproc.domain.errors import SchemaError
from schemas.patterns import is_runnable, translated
from schemas.pointers import join

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_CHARACTERS = 2_000_000
MAX_NODES = 50_000
MAX_DEPTH = 100
MAX_MESSAGE = 200

#: keywords whose value is one schema, a list of schemas, a mapping of schemas
ONE = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
SEVERAL = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
NAMED = frozenset({"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSource:
    """A JSON Schema as its author wrote it, known to be one."""

    document: dict[str, Any]
    #: the dialect's validator class
    dialect: "type[Validator]"
    notes: tuple[str, ...] = ()


def parse(text: str) -> dict[str, Any]:
    """The JSON object in `text`; SchemaError says what it is instead."""
    if len(text) > MAX_CHARACTERS:
        raise SchemaError(f"The schema has more than {MAX_CHARACTERS:,} characters. Describe only the fields you need.")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        raise SchemaError(f"The schema is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}.") from exc
    except RecursionError as exc:
        raise SchemaError(f"The schema is nested deeper than {MAX_DEPTH} levels.") from exc
    if not isinstance(document, dict):
        kind = "a boolean schema, which has no fields" if isinstance(document, bool) else f"a {type(document).__name__}"
        raise SchemaError(f"The schema is {kind}. Write an object with `properties`, one for every field to extract.")
    return document


def inspect(document: dict[str, Any]) -> SchemaSource:
    """Check `document` against the metaschema of its dialect."""
    _bound(document)
    from jsonschema import validators  # noqa: PLC0415 a tenth of a second that `docproc --help` should not pay

    newest_first = (
        validators.Draft202012Validator,
        validators.Draft201909Validator,
        validators.Draft7Validator,
        validators.Draft6Validator,
        validators.Draft4Validator,
        validators.Draft3Validator,
    )
    known = {dialect.META_SCHEMA["$schema"].rstrip("#"): dialect for dialect in newest_first}
    named = str(document.get("$schema", "")).rstrip("#")
    dialect = _checked(document, [known[named]] if named in known else newest_first)
    if named in known or dialect is newest_first[0]:
        return SchemaSource(document=document, dialect=dialect)
    why = f"$schema {named!r} is not known here" if named else "No $schema is given"
    return SchemaSource(document=document, dialect=dialect, notes=(f"{why}: read as {dialect.__name__}.",))


def runnable(document: dict[str, Any]) -> dict[str, Any]:
    """The schema with its patterns in Python's words, and without those that could take forever to try."""
    copy: dict[str, Any] = deepcopy(document)
    for _, schema in walk(copy):
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not is_runnable(pattern):
            del schema["pattern"]
        elif isinstance(pattern, str):
            schema["pattern"] = translated(pattern)
        named = schema.get("patternProperties")
        if isinstance(named, dict):
            kept = {translated(name): inner for name, inner in named.items() if is_runnable(name)}
            schema["patternProperties"] = kept
    return copy


def subschemas(schema: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, Any]]:
    """The schemas directly inside `schema`, each with its pointer."""
    for keyword, value in schema.items():
        if keyword in SEVERAL and isinstance(value, list):
            yield from ((join(pointer, keyword, index), branch) for index, branch in enumerate(value))
        elif keyword in NAMED and isinstance(value, dict):
            for name, branch in value.items():
                if isinstance(branch, dict | bool):  # `dependencies` may hold lists of names
                    yield join(pointer, keyword, name), branch
        elif keyword in ONE and isinstance(value, dict | bool):
            yield join(pointer, keyword), value


def walk(schema: object, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema object in `schema`, itself first, with its pointer."""
    pending = [(pointer, schema)]
    while pending:
        place, inner = pending.pop()
        if isinstance(inner, dict):
            yield place, inner
            pending.extend(reversed(list(subschemas(inner, place))))


def _checked(document: dict[str, Any], candidates: "Sequence[type[Validator]]") -> "type[Validator]":
    """The first dialect whose metaschema accepts the document."""
    complaints = []
    for dialect in candidates:
        try:
            # without format checks: whether a pattern can be run is judged in patterns.py
            complaint = next(dialect(dialect.META_SCHEMA).iter_errors(document), None)
        except RecursionError as exc:
            raise SchemaError(f"The schema is nested deeper than {MAX_DEPTH} levels.") from exc
        if complaint is None:
            return dialect
        complaints.append(complaint)
    place = join("", *complaints[0].absolute_path) or "the root"
    raise SchemaError(f"Not a JSON Schema: at {place}, {_cut(complaints[0].message)}.")


def _bound(document: dict[str, Any]) -> None:
    """Refuse what would take too long or too deep, without recursion."""
    pending: list[tuple[Any, int]] = [(document, 0)]
    nodes = 0
    while pending:
        value, depth = pending.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise SchemaError(f"The schema is nested deeper than {MAX_DEPTH} levels.")
        if nodes > MAX_NODES:
            raise SchemaError(f"The schema has more than {MAX_NODES:,} values. Describe only the fields you need.")
        if isinstance(value, dict):
            pending.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            pending.extend((inner, depth + 1) for inner in value)


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
