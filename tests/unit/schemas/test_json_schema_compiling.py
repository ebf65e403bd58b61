"""From a user's JSON Schema to fields and a constraint form, or a refusal that says where and why."""

import json

import jsonschema
import pytest

from docproc.domain.errors import SchemaError
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, MergeRule, Shape
from schemas import Verdict, check_json_schema
from schemas.json_schema import compile_json_schema


def compiled(properties: dict, **more) -> ExtractionSchema:
    return compile_json_schema({"type": "object", "properties": properties, **more})


def field(schema: dict, name: str = "x", /, **more) -> FieldSpec:
    return compiled({name: schema}, **more).fields[0]


def constraint(schema: dict, name: str = "x", **more) -> dict:
    found: dict = compiled({name: schema}, **more).json_schema["properties"][name]
    return found


def refusal(document: object) -> str:
    text = json.dumps(document)
    checked = check_json_schema(text)
    assert not checked.usable
    (place,) = checked.of(Verdict.REFUSED)
    return place.reason


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "label"),
    [
        ({"title": "Ad buy (TV)"}, "ad_buy_tv@1"),
        ({}, "from_file@1"),
        ({"title": "Überweisung (Größe)"}, "uberweisung_grosse@1"),
        ({"title": "счёт"}, "from_file@1"),
        ({"title": "Bill", "x-docproc": {"name": "my_bill", "version": 4}}, "my_bill@4"),
        ({"title": "2025 form"}, "schema_2025_form@1"),
    ],
)
def test_a_schema_is_named_by_its_annotation_or_title_or_file(document, label):
    schema = compile_json_schema({**document, "properties": {"a": {"type": "string"}}}, stem="from-file")
    assert schema.label == label


# --- fields ---------------------------------------------------------------------------------------------------------


def test_a_leaf_keeps_what_its_author_said_of_it():
    spec = field(
        {
            "type": ["string", "null"],
            "title": "Sum",
            "description": "What to pay",
            "maxLength": 20,
            "x-docproc": {"kind": "money", "aliases": ["Summe"], "merge": "last", "threshold": 0.8, "verbatim": True},
        },
        required=["x"],
    )
    assert spec == FieldSpec(
        name="x",
        kind=FieldKind.MONEY,
        title="Sum",
        description="What to pay",
        aliases=("Summe",),
        required=True,
        nullable=True,
        merge=MergeRule.LAST,
        threshold=0.8,
        verbatim=True,
        max_length=20,
    )


def test_the_older_words_for_kind_and_date_order_are_read():
    schema = compiled(
        {
            "a": {"type": "string", "x-kind": "id", "x-dayfirst": True},
            "answer": {"type": "string", "x-kind": "relaxed"},
            "quantity": {"type": "string", "x-kind": "money"},
        },
        **{"x-dayfirst": False},
    )
    assert [spec.kind for spec in schema.fields] == [FieldKind.ID, FieldKind.TEXT, FieldKind.NUMBER]
    assert (schema.day_first, schema.fields[0].day_first) == (False, True)


@pytest.mark.parametrize(
    ("schema", "nullable"),
    [
        ({"type": "string"}, False),
        ({"type": ["string", "null"]}, True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"enum": ["a", None]}, True),
        ({"enum": ["a"]}, False),
        ({"type": "string", "nullable": True}, True),
    ],
)
def test_null_is_allowed_where_the_author_allows_it(schema, nullable):
    assert field(schema).nullable is nullable


def test_a_json_number_stays_one_and_a_decimal_string_stays_one():
    assert field({"type": "number"}, "total").json_number
    assert not field({"type": "string"}, "total").json_number
    assert field({"anyOf": [{"type": "number"}, {"type": "string"}]}, "total") == FieldSpec(
        name="total", kind=FieldKind.MONEY, nullable=False, max_length=200
    )


def test_a_list_of_objects_is_a_table_and_a_list_of_texts_a_set():
    rows = field({"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}})
    names = field({"type": "array", "items": {"type": "string"}, "maxItems": 3})
    assert rows.is_table
    assert rows.merge is MergeRule.APPEND
    assert (names.shape, names.merge, names.max_items) == (Shape.LIST, MergeRule.UNION, 3)


def test_references_are_followed_and_described_by_both_ends():
    spec = field(
        {"$ref": "#/$defs/day", "description": "Day of the deal"},
        **{"$defs": {"day": {"type": "string", "format": "date", "title": "Day", "description": "A day"}}},
    )
    assert (spec.kind, spec.title, spec.description) == (FieldKind.DATE, "Day", "Day of the deal")


@pytest.mark.parametrize("reference", ["#/$defs/a~1b", "#named", "urn:thing"])
def test_a_definition_is_found_by_pointer_anchor_and_id(reference):
    definition = {"$anchor": "named", "$id": "urn:thing", "type": "boolean"}
    if reference != "urn:thing":
        del definition["$id"]
    assert field({"$ref": reference}, **{"$defs": {"a/b": definition}}).kind is FieldKind.BOOLEAN


def test_all_of_is_intersected():
    spec = field(
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
                {"properties": {"a": {"maxLength": 5, "type": "string"}, "b": {"type": "integer"}}},
            ]
        }
    )
    first, second = spec.children
    assert (first.max_length, first.required, first.nullable) == (5, True, False)
    assert second.kind is FieldKind.INTEGER


def test_alternatives_are_united_and_a_discriminator_becomes_a_choice():
    spec = field(
        {
            "oneOf": [
                {
                    "properties": {"type": {"const": "card"}, "number": {"type": "string"}},
                    "required": ["type", "number"],
                },
                {"properties": {"type": {"const": "cash"}, "given": {"type": "string"}}, "required": ["type"]},
            ]
        }
    )
    by_name = {child.name: child for child in spec.children}
    assert by_name["type"].options == ("card", "cash")
    assert [name for name, child in by_name.items() if child.required] == ["type"]


def test_a_recursive_definition_is_followed_twice_and_then_left_out():
    node = {"type": "object", "properties": {"name": {"type": "string"}, "child": {"$ref": "#/$defs/node"}}}
    schema = compiled({"tree": {"$ref": "#/$defs/node"}}, **{"$defs": {"node": node}})
    assert [path for path, _ in schema.leaves()] == ["tree.name", "tree.child.name"]
    assert "recursive" in schema.notes[0]


def test_a_definition_that_requires_itself_is_refused_unless_null_ends_it():
    node = {
        "type": "object",
        "properties": {"n": {"type": "string"}, "child": {"$ref": "#/$defs/n"}},
        "required": ["child"],
    }
    assert "recursive" in refusal(
        {"properties": {"tree": {"$ref": "#/$defs/n"}}, "required": ["tree"], "$defs": {"n": node}}
    )
    node["properties"] = {"n": {"type": "string"}, "child": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}
    schema = compiled({"tree": {"$ref": "#/$defs/n"}}, **{"$defs": {"n": node}})
    assert schema.check_shape({"tree": {"n": "a", "child": {"n": "b", "child": None}}}) == ()


def test_an_optional_place_that_cannot_be_read_is_left_out_and_said():
    document = {
        "properties": {
            "good": {"type": "string"},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "matrix": {"type": "array", "items": {"type": "array"}},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
            "a.b": {"type": "string"},
            "never": False,
        }
    }
    checked = check_json_schema(document)
    assert checked.schema is not None
    assert [spec.name for spec in checked.schema.fields] == ["good"]
    assert [place.pointer for place in checked.of(Verdict.LEFT_OUT)] == [
        "/properties/map",
        "/properties/matrix",
        "/properties/pair",
        "/properties/a.b",
        "/properties/never",
    ]


def test_what_is_required_without_a_property_is_text():
    assert compiled({"a": {"type": "string"}}, required=["a", "b"]).fields[1].name == "b"


# --- the constraint form ----------------------------------------------------------------------------------------------


def test_the_constraint_form_asks_for_every_field_and_closes_every_object():
    form = compiled(
        {"a": {"type": "string"}, "b": {"type": "object", "properties": {"c": {"type": "number"}}}}
    ).json_schema
    assert form["required"] == ["a", "b"]
    assert form["additionalProperties"] is False
    assert form["properties"]["b"]["required"] == ["c"]
    assert form["properties"]["b"]["properties"]["c"] == {
        "type": ["number", "null"],
        "x-docproc": {"kind": "number"},
    }


def test_every_text_and_every_list_is_bounded():
    assert constraint({"type": "string"}, "name")["maxLength"] == 200
    assert constraint({"type": "string"}, "description")["maxLength"] == 4000
    assert constraint({"type": "string", "maxLength": 9}, "description")["maxLength"] == 9
    assert constraint({"type": "array", "items": {"type": "string"}})["maxItems"] == 1000


def test_amounts_are_decimal_strings_and_days_are_days():
    assert constraint({"type": "string", "x-kind": "money"})["pattern"] == r"^-?\d{1,12}(\.\d{1,4})?$"
    day = constraint({"type": "string", "format": "date"})
    assert day["format"] == "date"
    assert day["pattern"].startswith("^(19|20)")


def test_a_reference_that_only_the_check_cannot_follow_is_a_finding_and_no_crash():
    named = {"$id": "urn:thing", "$anchor": "named", "type": "boolean"}
    checked = check_json_schema({"properties": {"a": {"$ref": "#named"}}, "$defs": {"d": named}})
    assert checked.schema is not None
    (issue,) = checked.schema.check_shape({"a": True})
    assert "cannot be checked" in issue.message


def test_what_no_constraint_can_hold_is_kept_for_the_check_only():
    document = {"properties": {"a": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 1}}}
    checked = check_json_schema(document)
    assert checked.schema is not None
    assert "uniqueItems" not in json.dumps(checked.schema.json_schema)
    assert {place.pointer for place in checked.of(Verdict.CHECKED)} == {"/properties/a/uniqueItems"}
    assert checked.schema.unheld == ("/properties/a/uniqueItems: checked after reading",)
    assert checked.schema.json_schema["properties"]["a"]["minItems"] == 1
    assert checked.schema.check_shape({"a": ["x", "x"]})[0].fields == ("a",)


@pytest.mark.parametrize("form", [{"type": "array", "enum": ["a"]}, {"type": "object", "const": {"a": 1}}])
def test_a_choice_among_whole_lists_or_objects_is_left_out(form: dict[str, object]):
    checked = check_json_schema({"properties": {"a": form, "b": {"type": "string"}}})
    assert [place.pointer for place in checked.of(Verdict.LEFT_OUT)] == ["/properties/a"]


def test_a_choice_stays_a_choice_and_may_be_null():
    assert constraint({"enum": ["a", "b"]})["enum"] == ["a", "b", None]
    assert constraint({"type": "array", "items": {"enum": ["a", "b"]}})["items"]["enum"] == ["a", "b"]
    assert constraint({"enum": [1, 2]})["enum"] == [1, 2, None]


def test_draft_4_bounds_are_written_as_today():
    form = constraint({"type": "number", "minimum": 0, "exclusiveMinimum": True})
    assert form["exclusiveMinimum"] == 0
    assert "minimum" not in form


def test_the_constraint_form_can_be_compiled_again():
    schema = compile_json_schema(
        {
            "title": "My form",
            "x-docproc": {"version": 2, "day_first": True},
            "properties": {
                "a": {"type": "string", "x-docproc": {"kind": "money"}, "description": "What to pay"},
                "b": {"type": "array", "items": {"type": "string", "format": "date-time"}},
                "c": {"type": "integer"},
                "d": {"enum": ["x", "y"]},
            },
        }
    )
    again = compile_json_schema(dict(schema.json_schema))
    assert (again.label, again.title, again.day_first) == ("my_form@2", "My form", True)
    assert [(path, spec.kind) for path, spec in again.leaves()] == [(path, spec.kind) for path, spec in schema.leaves()]
    assert again.json_schema == schema.json_schema


def test_the_constraint_form_is_itself_a_json_schema():
    form = compiled(
        {
            "a": {"type": "string", "format": "date-time"},
            "b": {"type": "array", "items": {"type": "string", "format": "date-time"}},
            "c": {"type": ["string", "integer"], "pattern": "[A-Z]"},
        }
    ).json_schema
    jsonschema.Draft202012Validator.check_schema(form)
    assert jsonschema.Draft202012Validator(form).is_valid({"a": "2025-01-01", "b": ["2025-01-01T00:00:00Z"], "c": None})


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (True, "boolean schema"),
        ([], "a list"),
        ({"type": "array", "items": {"type": "string"}}, "root of the schema is array"),
        ({"type": "object"}, "names no fields"),
        ({"type": 5}, "Not a JSON Schema: at /type"),
        ({"properties": {"a": {"$ref": "other.json#/a"}}}, "nothing is fetched"),
        ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "points to nothing"),
        ({"properties": {"a": {"$ref": "#none"}}}, "points to nothing"),
        ({"$ref": "#"}, "leads back to itself"),
        ({"properties": {"a": {"type": "string", "pattern": "("}}}, "/properties/a/pattern"),
        ({"properties": {"a": {"x-docproc": {"kind": "sum"}}}}, "/properties/a/x-docproc/kind"),
        ({"properties": {"a": {"x-docproc": {"alias": "b"}}}}, "may say: kind, aliases"),
        ({"properties": {"a": {"x-kind": "sum"}}}, "Kinds are: text"),
        ({"properties": {"a": {"type": "boolean", "x-docproc": {"kind": "money"}}}}, "cannot be a JSON boolean"),
        ({"properties": {"a": {"type": "string", "x-docproc": {"merge": "sum"}}}}, "only numbers can be summed"),
        ({"properties": {"a": {"type": "string", "x-docproc": {"merge": "append"}}}}, "does not apply to a leaf"),
        ({"properties": {"a": {"type": "array", "items": {"type": "array"}}}, "required": ["a"]}, "a list of lists"),
        ({"properties": {"a": False}, "required": ["a"]}, "no value is allowed here"),
        ({"properties": {"b": {}}, "required": ["a"], "additionalProperties": False}, "'a' is required"),
        ({"properties": {"a": {"type": "object"}}}, "No field of the schema can be read"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_a_reason(document, reason):
    assert reason in refusal(document)


def test_text_that_is_no_json_is_refused_with_its_line():
    with pytest.raises(SchemaError, match="line 2, column 1"):
        raise SchemaError(next(check_json_schema('{"a":\n}').of(Verdict.REFUSED)).reason)


def test_a_schema_nested_without_end_is_refused():
    deep = '{"properties": {"a": ' * 3000 + "{}" + "}}" * 3000
    assert "nested deeper" in next(check_json_schema(deep).of(Verdict.REFUSED)).reason


def test_a_schema_that_explodes_when_its_references_are_followed_is_refused():
    definitions: dict[str, object] = {
        f"d{level}": {"properties": {f"p{i}": {"$ref": f"#/$defs/d{level + 1}"} for i in range(10)}}
        for level in range(8)
    }
    definitions["d8"] = {"type": "string"}
    assert "more than 10,000 places" in refusal({"$ref": "#/$defs/d0", "$defs": definitions})


def test_every_keyword_gets_a_verdict_at_its_place():
    checked = check_json_schema({"properties": {"a/b": {"type": "string", "minLength": 1, "format": "x", "foo": 1}}})
    assert {place.pointer: place.verdict for place in checked.places} == {
        "/properties": Verdict.SUPPORTED,
        "/properties/a~1b/type": Verdict.SUPPORTED,
        "/properties/a~1b/minLength": Verdict.CONSTRAINED,
        "/properties/a~1b/format": Verdict.IGNORED,
        "/properties/a~1b/foo": Verdict.IGNORED,
    }
