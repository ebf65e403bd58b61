"""Every record that random tokens come to is valid under its author's own schema, or the schema was refused before."""

import json
from typing import Any

import pytest
from decoding_doubles import vocabulary
from doubles.random_model import byte_vocabulary, random_record
from pydantic import BaseModel, Field

from docproc.decoding.guidance import Grammar, require_constrainable
from docproc.decoding.profile import Absence, ConstraintRefusedError, Refusal, decoding_form
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.issues import Severity
from docproc.domain.schema import ExtractionSchema
from schemas.classes import compile_class
from schemas.json_schema import compile_json_schema
from schemas.registry import SHIPPED, registered

TEXT = {"type": "string", "maxLength": 12}
PAIR = {"type": "object", "properties": {"name": TEXT, "count": {"type": "integer", "minimum": 0}}}

#: fields as authors write them, each with everything that its keywords ask for
HELD: dict[str, dict[str, Any]] = {
    "lengths": {"type": "string", "minLength": 3, "maxLength": 5},
    "a pattern": {"type": "string", "pattern": "^[A-Z]{2}-\\d{2,4}$"},
    "a pattern without anchors": {"type": "string", "pattern": "\\d{3}", "maxLength": 20},
    "a pattern with alternatives": {"type": "string", "pattern": "^(?:A|B(?:C|D))\\d?$"},
    "a day": {"type": "string", "format": "date"},
    "a moment": {"type": "string", "format": "date-time"},
    "a time": {"type": "string", "format": "time"},
    "an address": {"type": "string", "format": "email", "maxLength": 60},
    "a place in the web": {"type": "string", "format": "uri", "maxLength": 60},
    "a number in bounds": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "a step": {"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 10},
    "a whole number": {"type": "integer", "minimum": -5, "exclusiveMaximum": 5},
    "a choice": {"enum": ["one", "two", 3, None]},
    "one value": {"const": "only"},
    "a flag": {"type": ["boolean", "null"]},
    "a list of choices": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "maxItems": 3},
    "rows": {"type": "array", "items": PAIR, "minItems": 1, "maxItems": 2},
    "what a row requires": {"type": "array", "items": {**PAIR, "required": ["name", "count"]}, "maxItems": 2},
    "a group that requires": {**PAIR, "required": ["name"], "additionalProperties": False},
    "a value or null": {"anyOf": [{"type": "string", "maxLength": 4}, {"type": "null"}]},
    "parts of one whole": {"allOf": [{"type": "string", "minLength": 2}, {"maxLength": 4}]},
    "a kind of docproc": {"type": "string", "x-docproc": {"kind": "money"}},
}
#: what no grammar follows, and the place that the refusal names
UNHELD: dict[str, tuple[dict[str, Any], str]] = {
    "entries that differ": ({"type": "array", "items": TEXT, "uniqueItems": True}, "/properties/a/uniqueItems"),
    "an entry that must be": ({"type": "array", "items": TEXT, "contains": {"const": "x"}}, "/properties/a/contains"),
    "what may not be": ({"type": "string", "not": {"enum": ["no"]}}, "/properties/a/not"),
    "one of several forms": (
        {"oneOf": [{**PAIR, "required": ["name"]}, {**PAIR, "required": ["count"]}]},
        "/properties/a/oneOf",
    ),
    "a condition": ({**PAIR, "if": {"required": ["name"]}, "then": {"required": ["count"]}}, "/properties/a/if"),
    "what comes together": ({**PAIR, "dependentRequired": {"name": ["count"]}}, "/properties/a/dependentRequired"),
    "how many names": ({**PAIR, "maxProperties": 1}, "/properties/a/maxProperties"),
    "a look ahead": ({"type": "string", "pattern": "^(?!x)[a-z]+$"}, "/properties/a/pattern"),
}


class Line(BaseModel):
    """A row of a user's class."""

    code: str = Field(pattern="^[A-Z]{3}$")
    amount: float | None = Field(default=None, ge=0, le=1000)


class Order(BaseModel):
    """A user's class."""

    number: str = Field(min_length=2, max_length=8)
    lines: list[Line] = Field(default_factory=list, max_length=2)


def schema_of(field: dict[str, Any], *, required: bool) -> ExtractionSchema:
    document = {"title": "one", "type": "object", "properties": {"a": field}}
    return compile_json_schema({**document, "required": ["a"]} if required else document)


def problems(schema: ExtractionSchema, absence: Absence, words: Vocabulary, *, walks: int = 6) -> list[str]:
    require_constrainable(schema, absence=absence)
    grammar, found = Grammar(decoding_form(schema, absence=absence), words), []
    for seed in range(walks):
        record = random_record(grammar, seed=seed)
        assert record is not None, "it came to no end"
        wrong = [issue for issue in schema.check_shape(record) if issue.severity is Severity.ERROR]
        missing = absence is Absence.WHERE_ALLOWED and [i for i in schema.check_shape(record) if i not in wrong]
        found += [f"{issue.message} in {json.dumps(record)}" for issue in (*wrong, *(missing or ()))]
    return found


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("absence", Absence)
@pytest.mark.parametrize("name", HELD)
def test_what_is_not_refused_is_valid_whatever_is_written(name: str, absence: Absence, *, required: bool) -> None:
    assert problems(schema_of(HELD[name], required=required), absence, byte_vocabulary()) == []


#: fields whose name promises a kind of value, beside keywords that say more or something else
NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "an amount of a least length": ("total", {"type": "string", "minLength": 6}),
    "an amount of one length": ("total", {"type": "string", "minLength": 7, "maxLength": 7}),
    "a count of a least length": ("quantity", {"type": ["string", "number"], "minLength": 3}),
    "a time called a date": ("date", {"type": "string", "format": "time"}),
    "an address called a date": ("date", {"type": "string", "format": "ipv4"}),
    "an address called an amount": ("total", {"type": "string", "format": "ipv6"}),
    "a choice of numbers and words": ("total", {"enum": [1.5, "none", "12"]}),
    "a currency of two letters": ("currency", {"type": "string", "pattern": "^[A-Z]{2}$"}),
}


@pytest.mark.parametrize("absence", Absence)
@pytest.mark.parametrize("told", NAMED.values(), ids=NAMED)
def test_what_a_name_promises_and_what_its_keywords_ask_for_both_hold(
    told: tuple[str, dict[str, Any]], absence: Absence
) -> None:
    name, field = told
    schema = compile_json_schema({"title": "one", "type": "object", "properties": {name: field}, "required": [name]})
    assert problems(schema, absence, byte_vocabulary()) == []


@pytest.mark.parametrize("absence", Absence)
@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_random_tokens_write_under_a_shipped_schema_is_valid(name: str, absence: Absence) -> None:
    assert problems(registered(name), absence, vocabulary(), walks=2) == []


@pytest.mark.parametrize("absence", Absence)
def test_what_random_tokens_write_under_a_class_is_valid_for_the_class(absence: Absence) -> None:
    assert problems(compile_class(Order), absence, byte_vocabulary()) == []


@pytest.mark.parametrize("name", UNHELD)
def test_what_no_grammar_follows_is_refused_with_its_place(name: str) -> None:
    field, place = UNHELD[name]
    with pytest.raises(ConstraintRefusedError, match=place) as caught:
        require_constrainable(schema_of(field, required=False))
    assert caught.value.refusal is Refusal.UNSUPPORTED
