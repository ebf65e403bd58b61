"""Is a record of the shape its schema asks for? Issues name places, never values."""

from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import BaseModel, field_validator

from docproc.domain.issues import IssueCode, Severity
from schemas.base import SchemaBody
from schemas.classes import compile_class
from schemas.fields import Day, Money
from schemas.json_schema import compile_json_schema


def issues_of(properties: dict, record: dict, **more) -> list[tuple[IssueCode, tuple[str, ...]]]:
    schema = compile_json_schema({"type": "object", "properties": properties, **more})
    return [(issue.code, issue.fields) for issue in schema.check_shape(record)]


WRONG, MISSING = IssueCode.WRONG_SHAPE, IssueCode.MISSING_REQUIRED
TEXT = {"type": "string"}


def test_a_valid_record_has_no_issues():
    assert issues_of({"a": TEXT, "b": {"type": "number"}}, {"a": "x", "b": 1.5}, required=["a"]) == []


def test_null_counts_as_absent_where_the_schema_does_not_allow_it():
    assert issues_of({"a": TEXT, "b": TEXT}, {"a": None, "b": None}, required=["a"]) == [(MISSING, ("a",))]


def test_null_is_fine_where_the_schema_allows_it():
    assert issues_of({"a": {"type": ["string", "null"]}}, {"a": None}, required=["a"]) == []


def test_a_field_that_the_reader_left_away_counts_as_null():
    assert issues_of({"a": {"type": ["string", "null"]}}, {}, required=["a"]) == []
    assert issues_of({"a": TEXT}, {}, required=["a"]) == [(MISSING, ("a",))]


def test_an_optional_group_without_values_is_absent_and_a_required_one_is_not():
    group = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
    assert issues_of({"g": group}, {"g": {"name": None}}) == []
    assert issues_of({"g": group}, {"g": {"name": None}}, required=["g"]) == [(MISSING, ("g.name",))]


def test_an_empty_list_is_absent_unless_required():
    rows = {"type": "array", "items": TEXT, "minItems": 1}
    assert issues_of({"r": rows}, {"r": []}) == []
    assert issues_of({"r": rows}, {"r": []}, required=["r"]) == [(MISSING, ("r",))]


def test_null_among_other_alternatives_does_not_break_the_one_that_fits():
    choice = {
        "oneOf": [
            {"properties": {"left": TEXT}, "required": ["left"], "additionalProperties": False},
            {"properties": {"right": TEXT}, "required": ["right"], "additionalProperties": False},
        ]
    }
    assert issues_of({"p": choice}, {"p": {"left": "x", "right": None}}) == []
    assert issues_of({"p": choice}, {"p": {"left": "x", "right": "y"}}) == [(WRONG, ("p",))]


def test_rows_are_named_by_their_index():
    row = {"type": "object", "properties": {"amount": {"type": "string", "x-kind": "money"}}, "required": ["amount"]}
    rows = [{"amount": "1.00"}, {"amount": None}, {"amount": "1,00"}]
    assert issues_of({"r": {"type": "array", "items": row}}, {"r": rows}) == [
        (MISSING, ("r[1].amount",)),
        (WRONG, ("r[2].amount",)),
    ]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "x-kind": "money"}, "-1234.50", "1.234,50"),
        ({"type": "string", "format": "date"}, "2024-02-29", "2025-02-29"),
        ({"type": "string", "format": "date-time"}, "2025-02-28", "2025-02-28T99:00"),
        ({"type": "string", "format": "date-time"}, "2025-02-28T10:00:00Z", "28.2.2025"),
        ({"type": "string", "format": "email"}, "a@b.de", "a.b.de"),
        ({"type": "string", "format": "uri"}, "https://a.b", "a b"),
        ({"type": "string", "format": "time"}, "10:00", "25:00"),
        ({"type": "string", "pattern": "^[A-Z]+$"}, "AB", "ab"),
        ({"enum": ["a", "b"]}, "a", "c"),
        ({"type": "integer", "maximum": 5}, 5, 6),
        ({"type": "boolean"}, True, "yes"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["a"], ["a", "a"]),
    ],
)
def test_a_value_is_checked_against_its_schema_and_kind(schema, good, bad):
    assert issues_of({"x": schema}, {"x": good}) == []
    assert issues_of({"x": schema}, {"x": bad}) == [(WRONG, ("x",))]


def test_conditions_are_checked_after_reading():
    condition = {"if": {"properties": {"a": {"const": "x"}}, "required": ["a"]}, "then": {"required": ["b"]}}
    assert issues_of({"a": TEXT, "b": TEXT}, {"a": "x", "b": None}, **condition) == [(MISSING, ("b",))]


def test_no_message_holds_a_value():
    schema = compile_json_schema(
        {"properties": {"a": {"type": "string", "pattern": "^x$", "maxLength": 3, "enum": ["q"]}}}
    )
    assert all("geheim" not in issue.message for issue in schema.check_shape({"a": "geheim"}))


def test_the_dialect_of_the_author_decides():
    draft_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
    bound = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    assert issues_of({"a": bound}, {"a": 0}, **draft_4) == [(WRONG, ("a",))]
    assert issues_of({"a": bound}, {"a": 0}) == [
        (WRONG, ("a",))
    ]  # draft 2020-12 does not know it: an older one is tried


# --- pydantic classes -------------------------------------------------------------------------------------------------


class Row(BaseModel):
    kind: Literal["a", "b"]
    amount: Decimal


class Plain(BaseModel):
    """A class of someone who never heard of docproc."""

    number: str
    day: date
    note: str = ""
    total: Decimal | None = None
    rows: list[Row] = []

    @field_validator("number")
    @classmethod
    def must_have_a_digit(cls, number: str) -> str:
        if not any(mark.isdigit() for mark in number):
            raise ValueError("needs a digit")
        return number


def plain_issues(**record):
    return compile_class(Plain).check_shape({"number": "1", "day": "2025-01-31", **record})


def test_any_pydantic_class_checks_its_records():
    assert plain_issues(total="1.50", rows=[{"kind": "a", "amount": "2"}]) == ()


def test_absent_values_fall_back_to_the_defaults_of_the_class():
    assert plain_issues(note=None, total=None, rows=[]) == ()


def test_a_required_value_that_is_null_is_missing():
    (issue,) = plain_issues(day=None)
    assert (issue.code, issue.fields, issue.severity) == (MISSING, ("day",), Severity.WARNING)


def test_the_validators_of_the_class_have_their_say():
    (issue,) = plain_issues(number="x")
    assert (issue.code, issue.fields, issue.message) == (WRONG, ("number",), "number needs a digit.")


def test_a_wrong_value_in_a_row_is_named_by_its_path():
    (issue,) = plain_issues(rows=[{"kind": "a", "amount": "2"}, {"kind": "c", "amount": "2"}])
    assert issue.fields == ("rows[1].kind",)


class Ours(SchemaBody):
    total: Money | None
    day: Day | None


def test_a_schema_body_takes_null_and_missing_alike_and_nothing_unknown():
    check = compile_class(Ours).check_shape
    assert check({"total": None, "day": None}) == check({}) == ()
    assert {issue.fields for issue in check({"total": "1e400000", "other": "x"})} == {("total",), ("other",)}
