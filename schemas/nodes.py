"""A JSON Schema in normal form: no references, no combinations, one finite tree. Knows nothing of fields and kinds.

References are followed (a recursive one a bounded number of times), `allOf` is intersected, `anyOf` and `oneOf` are
united: the tree admits at least what the schema admits, and what it admits too much is found when a record is checked.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from docproc.domain.errors import SchemaError
from schemas import pointers
from schemas.pointers import join
from schemas.source import walk

MAX_NODES = 10_000
#: how often a definition may stand inside itself before the tree ends
MAX_RECURSION = 2

#: keywords that describe or bound a value and of which the first one given wins when two places give one
_PLAIN = (
    "title",
    "description",
    "format",
    "pattern",
    "multipleOf",
    "x-docproc",
    "x-kind",
    "x-dayfirst",
    "contentEncoding",
)
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")

_TYPE_OF = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One place of a schema after all that points there was brought together."""

    at: str
    #: JSON types without `null`; empty: any
    types: frozenset[str] = frozenset()
    nullable: bool = True
    keywords: Mapping[str, Any] = field(default_factory=dict)
    #: allowed values without null; None: any
    values: tuple[Any, ...] | None = None
    properties: Mapping[str, "Node"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: "Node | None" = None
    #: a list whose positions differ
    positional: bool = False
    #: why no value can be read into this place; empty: one can
    problem: str = ""

    def has(self, *types: str) -> bool:
        return not self.types.isdisjoint(types)


def expand(document: dict[str, Any]) -> Node:
    """The normal form of a whole schema. Raises SchemaError when it cannot be followed or would be too large."""
    return _Expansion(document).node(document, at="", trail=())


@dataclass(frozen=True, slots=True)
class _Step:
    """A reference being followed, and at which depth of the record."""

    target: str
    depth: int


class _Expansion:
    """One walk over one document: its definitions by name, and how many places were made."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._named = _identifiers(document)
        self._count = 0

    def node(self, schema: object, *, at: str, trail: tuple[_Step, ...], depth: int = 0) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise SchemaError(
                f"The schema grows to more than {MAX_NODES:,} places when its references are followed (at {at}). "
                "Describe only the fields you need."
            )
        if schema is False:
            return Node(at=at, nullable=False, problem="no value is allowed here")
        if not isinstance(schema, dict):
            return Node(at=at)
        parts = [self._own(schema, at=at, trail=trail, depth=depth)]
        if isinstance(schema.get("$ref"), str):
            parts.append(self._referenced(schema["$ref"], at=at, trail=trail, depth=depth))
        for index, branch in enumerate(_schemas(schema, "allOf")):
            parts.append(self.node(branch, at=join(at, "allOf", index), trail=trail, depth=depth))
        for keyword in ("anyOf", "oneOf"):
            branches = [
                self.node(branch, at=join(at, keyword, index), trail=trail, depth=depth)
                for index, branch in enumerate(_schemas(schema, keyword))
            ]
            if branches:
                parts.append(reduce(_unite, branches))
        return reduce(_intersect, parts)

    def _own(self, schema: dict[str, Any], *, at: str, trail: tuple[_Step, ...], depth: int) -> Node:
        """What the place says itself, without references and combinations."""
        types = _types(schema)
        values = _values(schema)
        properties = schema.get("properties")
        node = Node(
            at=at,
            types=types - {"null"},
            nullable=_nullable(schema, types, values),
            keywords=_keywords(schema),
            values=_allowed(values, types),
            properties={
                name: self.node(inner, at=join(at, "properties", name), trail=trail, depth=depth + 1)
                for name, inner in (properties.items() if isinstance(properties, dict) else ())
            },
            required=frozenset(name for name in _list(schema.get("required")) if isinstance(name, str)),
        )
        return self._with_items(node, schema, trail=trail, depth=depth)

    def _with_items(self, node: Node, schema: dict[str, Any], *, trail: tuple[_Step, ...], depth: int) -> Node:
        positions = _list(schema.get("prefixItems")) or _list(schema.get("items"))
        if positions:
            where = "prefixItems" if "prefixItems" in schema else "items"
            nodes = [
                self.node(inner, at=join(node.at, where, index), trail=trail, depth=depth + 1)
                for index, inner in enumerate(positions)
            ]
            same = all(_alike(nodes[0], other) for other in nodes)
            return replace(node, items=nodes[0], positional=not same)
        if isinstance(schema.get("items"), dict | bool):
            return replace(
                node, items=self.node(schema["items"], at=join(node.at, "items"), trail=trail, depth=depth + 1)
            )
        return node

    def _referenced(self, reference: str, *, at: str, trail: tuple[_Step, ...], depth: int) -> Node:
        if _Step(reference, depth) in trail:
            raise SchemaError(
                f"At {at or 'the root'}, $ref {reference!r} leads back to itself without a field between."
            )
        if sum(step.target == reference for step in trail) >= MAX_RECURSION:
            return Node(
                at=at,
                nullable=False,
                problem=f"$ref {reference!r} is recursive: followed {MAX_RECURSION} times, not further",
            )
        target = self._target(reference, at=at)
        return self.node(target, at=at, trail=(*trail, _Step(reference, depth)), depth=depth)

    def _target(self, reference: str, *, at: str) -> object:
        base, _, fragment = reference.partition("#")
        if reference in self._named:
            return self._named[reference]
        if base and base not in self._named and base + "#" not in self._named:
            raise SchemaError(
                f"At {at or 'the root'}, $ref {reference!r} points outside the file: nothing is fetched. "
                "Copy the definition into $defs and refer to it as #/$defs/NAME."
            )
        root = self._named.get(base, self._named.get(base + "#")) if base else self._document
        try:
            if fragment and not fragment.startswith("/"):
                return self._named[f"#{fragment}"]
            return pointers.resolve(root, fragment)
        except KeyError as exc:
            raise SchemaError(f"At {at or 'the root'}, $ref {reference!r} points to nothing in this file.") from exc


def _identifiers(document: dict[str, Any]) -> dict[str, Any]:
    """Schemas that can be referred to by `$id`, `id` or `$anchor`."""
    named: dict[str, Any] = {}
    for _, schema in walk(document):
        for keyword in ("$id", "id"):
            if isinstance(schema.get(keyword), str):
                named.setdefault(schema[keyword], schema)
        if isinstance(schema.get("$anchor"), str):
            named.setdefault("#" + schema["$anchor"], schema)
    return named


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _schemas(schema: dict[str, Any], keyword: str) -> list[Any]:
    return [branch for branch in _list(schema.get(keyword)) if isinstance(branch, dict | bool)]


def _types(schema: dict[str, Any]) -> frozenset[str]:
    named = schema.get("type")
    if isinstance(named, str):
        return frozenset({named})
    if isinstance(named, list):
        return frozenset(name for name in named if isinstance(name, str))
    values = _values(schema)
    if values:
        return frozenset(_TYPE_OF.get(type(value), "null") for value in values)
    if isinstance(schema.get("properties"), dict):
        return frozenset({"object"})
    return frozenset({"array"}) if "items" in schema or "prefixItems" in schema else frozenset()


def _values(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema["enum"] if isinstance(schema.get("enum"), list) else None


def _keywords(schema: dict[str, Any]) -> dict[str, Any]:
    """The keywords that bound or describe, with draft 4's boolean exclusive bounds in today's words."""
    kept = {name: schema[name] for name in (*_PLAIN, *_LOWER, *_UPPER) if name in schema}
    if schema.get("additionalProperties") is False:
        kept["additionalProperties"] = False
    for bound in ("minimum", "maximum"):
        exclusive = "exclusive" + bound.capitalize()
        if isinstance(kept.get(exclusive), bool) and kept.pop(exclusive) and bound in kept:
            kept[exclusive] = kept.pop(bound)
    return kept


def _allowed(values: list[Any] | None, types: frozenset[str]) -> tuple[Any, ...] | None:
    if types == {"null"}:
        return ()
    return None if values is None else tuple(value for value in values if value is not None)


def _nullable(schema: dict[str, Any], types: frozenset[str], values: list[Any] | None) -> bool:
    if schema.get("nullable") is True:  # OpenAPI 3.0's word for it
        return True
    return (not types or "null" in types) and (values is None or None in values)


def _alike(one: Node, other: Node) -> bool:
    """Leaves of the same type."""
    return one.types == other.types and not one.has("object", "array") and not one.problem and not other.problem


def _intersect(one: Node, other: Node) -> Node:
    """A place to which both apply."""
    if one.problem or other.problem:
        return one if one.problem else other
    types = _common_types(one.types, other.types)
    nullable = one.nullable and other.nullable
    if types is None and not nullable:
        return replace(one, nullable=False, problem="what is required here contradicts itself")
    return replace(
        one,
        types=types or frozenset(),
        nullable=nullable,
        keywords=_tightest(one.keywords, other.keywords),
        values=_common_values(one.values, other.values),
        properties=_merged(one.properties, other.properties, _intersect),
        required=one.required | other.required,
        items=_both(one.items, other.items),
        positional=one.positional or other.positional,
    )


def _unite(one: Node, other: Node) -> Node:
    """A place to which one of both applies."""
    if one.problem or other.problem:
        return other if one.problem else one
    for empty, full in ((one, other), (other, one)):
        if not empty.types and empty.values is None and empty.nullable and not empty.properties and not empty.required:
            return replace(full, nullable=True) if full.types else empty
        if _is_null(empty):
            return replace(full, nullable=True)
    return Node(
        at=one.at,
        types=one.types | other.types if one.types and other.types else frozenset(),
        nullable=one.nullable or other.nullable,
        keywords=_loosest(one.keywords, other.keywords),
        values=None if one.values is None or other.values is None else _distinct((*one.values, *other.values)),
        properties=_merged(one.properties, other.properties, _unite),
        required=one.required & other.required,
        items=_unite(one.items, other.items) if one.items and other.items else one.items or other.items,
        positional=one.positional or other.positional,
    )


def _is_null(node: Node) -> bool:
    """Nothing but null fits."""
    return node.nullable and node.values == () and not node.types


def _common_types(one: frozenset[str], other: frozenset[str]) -> frozenset[str] | None:
    """The types in both, where empty means any; None when there is none."""
    if not one or not other:
        return one or other
    common = one & other
    if ("number" in one and "integer" in other) or ("number" in other and "integer" in one):
        common |= {"integer"}
    return common or None


def _common_values(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(value for value in one if value in other)


def _distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return tuple(kept)


def _tightest(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**other, **one}
    both = one.keys() & other.keys()
    merged.update({name: max(one[name], other[name]) for name in both.intersection(_LOWER)})
    merged.update({name: min(one[name], other[name]) for name in both.intersection(_UPPER)})
    if "x-docproc" in both and isinstance(one["x-docproc"], dict) and isinstance(other["x-docproc"], dict):
        merged["x-docproc"] = {**other["x-docproc"], **one["x-docproc"]}
    return merged


def _loosest(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds that hold on both sides; words of either."""
    words = ("title", "description", "x-docproc", "x-kind", "x-dayfirst")
    merged = {name: value for name, value in {**other, **one}.items() if name in words}
    both = one.keys() & other.keys()
    merged.update({name: min(one[name], other[name]) for name in both.intersection(_LOWER)})
    merged.update({name: max(one[name], other[name]) for name in both.intersection(_UPPER)})
    merged.update({name: one[name] for name in both.difference(words, _LOWER, _UPPER) if one[name] == other[name]})
    return merged


def _merged(
    one: Mapping[str, Node], other: Mapping[str, Node], join_nodes: Callable[[Node, Node], Node]
) -> dict[str, Node]:
    merged = dict(one)
    for name, node in other.items():
        merged[name] = join_nodes(merged[name], node) if name in merged else node
    return merged


def _both(one: Node | None, other: Node | None) -> Node | None:
    return _intersect(one, other) if one and other else one or other
