"""Whatever a JSON Schema holds, it is either usable or refused with a reason: nothing falls over and nothing hangs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from docproc.domain.schema import FieldSpec, JsonValue, Record, Shape
from schemas import Verdict, check_json_schema

NAMES = st.sampled_from(["a", "b", "total", "issue_date", "line_items", "iban", "a.b", ""])
REFERENCES = st.sampled_from(["#", "#/properties/a", "#/$defs/a", "#/$defs/b", "other.json", "#x"])
PATTERNS = st.sampled_from(["^a$", "a|b", "(a+)+$", "(", "[", r"^(?=a)\d", r"\p{L}", "(?<n>a)"])
KINDS = st.sampled_from(["money", "date", "enum", "boolean", "nothing"])
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=3), st.just([]), st.just({}))


def places(inner: st.SearchStrategy) -> st.SearchStrategy:
    """A schema object with any keywords, more or less sensible."""
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True)),
            "properties": st.dictionaries(NAMES, inner, max_size=4),
            "required": st.lists(NAMES, max_size=3, unique=True),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "allOf": st.lists(inner, min_size=1, max_size=3),
            "not": inner,
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(PATTERNS, inner, max_size=1),
            "enum": st.lists(VALUES, max_size=3),
            "const": VALUES,
            "$ref": REFERENCES,
            "$defs": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
            "pattern": PATTERNS,
            "format": st.sampled_from(["date", "date-time", "email", "odd"]),
            "minimum": st.integers(-2, 2),
            "exclusiveMinimum": st.integers(-2, 2),
            "maxItems": st.integers(0, 3),
            "x-docproc": st.fixed_dictionaries({}, optional={"kind": KINDS}),
        },
    )


SCHEMAS = st.recursive(st.booleans() | places(st.just(True)), places, max_leaves=8)


def empty(spec: FieldSpec) -> JsonValue:
    if spec.shape is Shape.GROUP:
        return {child.name: empty(child) for child in spec.children}
    if spec.shape is Shape.LIST:
        return [empty(spec.item)] if spec.item and spec.item.shape is Shape.GROUP else []
    return None


def odd(spec: FieldSpec) -> JsonValue:
    if spec.shape is Shape.GROUP:
        return {child.name: odd(child) for child in spec.children}
    if spec.shape is Shape.LIST:
        return [odd(spec.item)] * 2 if spec.item else [None]
    return "a" * 40 + "!"


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(NAMES, SCHEMAS, min_size=1, max_size=4), places(SCHEMAS))
def test_any_schema_is_usable_or_refused(properties, document):
    checked = check_json_schema({**document, "properties": properties})
    assert checked.usable != bool(list(checked.of(Verdict.REFUSED)))
    if checked.schema is None:
        return
    for make in (empty, odd):
        record: Record = {spec.name: make(spec) for spec in checked.schema.fields}
        checked.schema.check_shape(record)
        checked.schema.check_rules(record)
