"""A schema in normal form becomes the tree of fields and the constraint form. Knows no files and no pydantic.

A place that cannot be read from a document is left out when it is optional; a required one makes its owner unusable,
and in the end the schema is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from docproc.domain.errors import SchemaError
from docproc.domain.schema import FieldKind, FieldSpec, MergeRule, Shape
from schemas import profile
from schemas.annotations import FieldAnnotation, field_annotation
from schemas.kinds import DECIMAL, kind_of
from schemas.nodes import Node
from schemas.patterns import may_explode
from schemas.pointers import join
from schemas.support import Place, Verdict

MAX_FIELDS = 2_000
MAX_GROUPS = 12
MAX_OPTIONS = 2_000

#: kinds whose print is the value: the others are printed in ways that their pattern does not know
_WITH_PATTERN = frozenset({FieldKind.TEXT, FieldKind.ID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A field and what a reader may write into it."""

    spec: FieldSpec
    constraint: dict[str, Any]


class Unusable(Exception):  # noqa: N818 a verdict on one place that its owner handles, not an error of the program
    """Nothing can be read into this place."""

    def __init__(self, at: str, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


@dataclass(slots=True)
class Compiler:
    """One compilation: what was left out, and how many fields were made."""

    places: list[Place] = field(default_factory=list)
    _fields: int = 0

    def root(self, node: Node) -> tuple[tuple[FieldSpec, ...], dict[str, Any]]:
        """The fields of a whole schema and its constraint form. Raises SchemaError."""
        if node.problem:
            raise SchemaError(f"The schema cannot be used: {node.problem}.")
        if node.types and "object" not in node.types:
            kind = " or ".join(sorted(node.types))
            raise SchemaError(
                f"The root of the schema is {kind}. A record is an object: put it under a name, "
                'such as {"type": "object", "properties": {"rows": …}}.'
            )
        try:
            group = self._group("", node, level=0)
        except Unusable as exc:
            raise SchemaError(f"At {exc.at or 'the root'}: {exc.reason}.") from exc
        if not group.spec.children:
            raise SchemaError(_no_fields(self.places))
        return group.spec.children, group.constraint

    def _field(self, name: str, node: Node, *, required: bool, level: int) -> Compiled:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise SchemaError(f"The schema has more than {MAX_FIELDS:,} fields. Describe only those that you need.")
        if node.problem:
            raise Unusable(node.at, node.problem)
        if not name.strip() or any(mark in name for mark in ".[]") or not name.isprintable():
            raise Unusable(node.at, f"the name {name!r} cannot be part of a field path: it is empty or holds . [ or ]")
        if node.values is not None and (node.has("object") or node.has("array")):
            raise Unusable(node.at, "a choice among whole objects or lists: give their values an `enum` each")
        if node.has("object"):
            compiled = self._group(name, node, level=level + 1)
            if not compiled.spec.children and not required:
                raise Unusable(node.at, "an object without named properties: docproc would not know what to look for")
        elif node.has("array"):
            compiled = self._list(name, node, level=level)
        else:
            compiled = _leaf(name, node)
        spec = _described(compiled.spec, node, required=required)
        return Compiled(spec=spec, constraint={**compiled.constraint, **_remarks(spec)})

    def _group(self, name: str, node: Node, *, level: int) -> Compiled:
        if level > MAX_GROUPS:
            raise Unusable(node.at, f"objects are nested deeper than {MAX_GROUPS} levels")
        children = list(self._children(node, level=level))
        constraint = {
            "type": "object",
            "properties": {child.spec.name: child.constraint for child in children},
            "required": [child.spec.name for child in children],
            "additionalProperties": False,
        }
        spec = FieldSpec(name=name, shape=Shape.GROUP, children=tuple(child.spec for child in children))
        return Compiled(spec=spec, constraint=constraint)

    def _children(self, node: Node, *, level: int) -> Iterable[Compiled]:
        for name, inner in {**node.properties, **_unnamed(node)}.items():
            required = name in node.required
            try:
                yield self._field(name, inner, required=required, level=level)
            except Unusable as exc:
                if required and not inner.nullable:
                    raise
                reason = exc.reason if exc.at == inner.at else f"{exc.reason} (at {exc.at})"
                self.places.append(Place(pointer=inner.at, verdict=Verdict.LEFT_OUT, reason=reason))
                if required:
                    yield _always_null(name)

    def _list(self, name: str, node: Node, *, level: int) -> Compiled:
        if node.positional:
            raise Unusable(node.at, "a list whose positions differ: name its places as properties of an object")
        inner = node.items or Node(at=join(node.at, "items"), types=frozenset({"string"}))
        if inner.has("array"):
            raise Unusable(inner.at, "a list of lists: use a list of objects")
        item = self._field(name or "item", inner, required=True, level=level)
        if item.spec.shape is Shape.GROUP and not item.spec.children:
            raise Unusable(inner.at, "a list of objects without named properties")
        most = _whole(node.keywords.get("maxItems"))
        rows = item.spec.shape is Shape.GROUP
        spec = FieldSpec(
            name=name,
            shape=Shape.LIST,
            item=item.spec,
            max_items=most,
            merge=MergeRule.APPEND if rows else MergeRule.UNION,
        )
        items = item.constraint if rows else _not_null(item.constraint)
        least = _whole(node.keywords.get("minItems")) or 0
        most = max(profile.MAX_ITEMS, least) if most is None else most
        bounds = {"minItems": least, "maxItems": most} if least else {"maxItems": most}
        return Compiled(spec=spec, constraint={"type": "array", "items": items, **bounds})


def _unnamed(node: Node) -> dict[str, Node]:
    """What is required without being described may be anything: text."""
    missing = sorted(node.required.difference(node.properties))
    at = join(node.at, "required")
    if missing and "additionalProperties" in node.keywords:
        raise Unusable(at, f"{missing[0]!r} is required, but it is no property and others are not allowed")
    return {name: Node(at=at, types=frozenset({"string"})) for name in missing}


def _always_null(name: str) -> Compiled:
    """A choice among nothing: the record must have the field, and no reader can fill it."""
    spec = FieldSpec(name=name, kind=FieldKind.ENUM, required=True, nullable=True)
    return Compiled(spec=spec, constraint={"type": "null"})


def _leaf(name: str, node: Node) -> Compiled:
    annotation = field_annotation(node.keywords, at=node.at, name=name)
    if node.values is not None:
        _require_choices(node)
    kind = annotation.kind or kind_of(name, node.keywords, types=node.types, values=node.values)
    _require_fit(kind, node)
    if node.types == {"boolean"}:
        spec = FieldSpec(name=name, kind=kind)
        constraint: dict[str, Any] = {"type": ["boolean", "null"]}
    elif node.types and node.types <= {"integer", "number"}:
        spec = FieldSpec(name=name, kind=kind, json_number=True)
        constraint = profile.number_constraint(FieldKind.INTEGER if node.types == {"integer"} else kind, node.keywords)
    else:
        return _text(name, kind, node)
    if node.values:
        constraint = {"enum": [*node.values, None]}
    return Compiled(spec=spec, constraint=constraint)


def _text(name: str, kind: FieldKind, node: Node) -> Compiled:
    options = tuple(value for value in node.values or () if isinstance(value, str))
    if options:
        spec = FieldSpec(name=name, kind=kind, options=options)
        return Compiled(spec=spec, constraint={"enum": [*options, None]})
    pattern = profile.own_pattern(node.keywords)
    spec = FieldSpec(
        name=name,
        kind=kind,
        pattern=pattern if pattern and kind in _WITH_PATTERN and not may_explode(pattern) else None,
        max_length=profile.max_length(name, kind, node.keywords),
    )
    return Compiled(spec=spec, constraint=profile.string_constraint(name, kind, node.keywords))


def _require_choices(node: Node) -> None:
    choices = node.values or ()
    if not choices:
        raise Unusable(node.at, "only null is allowed here")
    if len(choices) > MAX_OPTIONS:
        raise Unusable(node.at, f"more than {MAX_OPTIONS:,} allowed values")
    if not any(isinstance(value, str | int | float) for value in choices):
        raise Unusable(node.at, "its allowed values are objects or lists")


def _require_fit(kind: FieldKind, node: Node) -> None:
    """A declared kind that the JSON type cannot hold is a mistake worth a message."""
    numeric = bool(node.types) and node.types <= {"integer", "number"}
    boolean = node.types == {"boolean"}
    if (numeric and kind not in DECIMAL) or (boolean and kind is not FieldKind.BOOLEAN):
        told = " or ".join(sorted(node.types))
        raise SchemaError(f"At {node.at}: a value of kind {kind} cannot be a JSON {told}. Use a string.")
    if kind is FieldKind.BOOLEAN and node.types and "boolean" not in node.types:
        raise SchemaError(f'At {node.at}: a value of kind boolean needs "type": "boolean".')
    if kind is FieldKind.ENUM and not node.values:
        raise SchemaError(f"At {node.at}: a value of kind enum needs an `enum` of allowed values.")


def _described(spec: FieldSpec, node: Node, *, required: bool) -> FieldSpec:
    annotation = field_annotation(node.keywords, at=node.at, name=spec.name)
    _require_merge(annotation, spec, at=node.at)
    return FieldSpec(
        name=spec.name,
        shape=spec.shape,
        kind=spec.kind,
        title=str(node.keywords.get("title", "")),
        description=str(node.keywords.get("description", "")),
        aliases=annotation.aliases,
        required=required,
        nullable=node.nullable,
        options=spec.options,
        merge=annotation.merge or spec.merge,
        threshold=annotation.threshold,
        verbatim=annotation.verbatim,
        day_first=annotation.day_first,
        json_number=spec.json_number,
        pattern=spec.pattern,
        max_length=spec.max_length,
        children=spec.children,
        item=spec.item,
        max_items=spec.max_items,
    )


def _remarks(spec: FieldSpec) -> dict[str, Any]:
    """What the constraint form says of a field besides its bounds: enough to compile it again, and to prompt with."""
    remarks: dict[str, Any] = {"title": spec.title, "description": spec.description}
    if spec.shape is Shape.LEAF:
        remarks["x-docproc"] = {"kind": spec.kind.value}
    return {name: remark for name, remark in remarks.items() if remark}


def _require_merge(annotation: FieldAnnotation, spec: FieldSpec, *, at: str) -> None:
    lists, either = {MergeRule.APPEND, MergeRule.UNION}, {MergeRule.FIRST, MergeRule.LAST, MergeRule.LONGEST}
    rule = annotation.merge
    if rule is None:
        return
    if (rule in lists) != (spec.shape is Shape.LIST) and rule not in either:
        raise SchemaError(f"At {at}/x-docproc/merge: {rule} does not apply to a {spec.shape}.")
    if rule is MergeRule.SUM and spec.kind not in DECIMAL:
        raise SchemaError(f"At {at}/x-docproc/merge: only numbers can be summed, and this is {spec.kind}.")


def _not_null(constraint: dict[str, Any]) -> dict[str, Any]:
    """A list holds what is there: an absent value is no item."""
    if "enum" in constraint:
        return {**constraint, "enum": [value for value in constraint["enum"] if value is not None]}
    return {**constraint, "type": next(name for name in constraint["type"] if name != "null")}


def _whole(bound: float | None) -> int | None:
    """JSON may write a count as 3.0."""
    return None if bound is None else int(bound)


def _no_fields(places: list[Place]) -> str:
    if not places:
        return 'The schema names no fields. Give it "properties", one for every value to extract.'
    reasons = "; ".join(f"{place.pointer}: {place.reason}" for place in places[:3])
    return f"No field of the schema can be read from a document: {reasons}."
