"""Nothing but records of the schema can be written, the forced is one token, and what was taken can be taken back."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decoding_doubles import compact, invoice_schema, vocabulary
from doubles.random_model import random_record
from jsonschema import Draft202012Validator

from docproc.decoding.bitmask import allows, expanded, no_tokens
from docproc.decoding.guidance import Grammar, require_constrainable
from docproc.decoding.ports import TokenRefusedError
from docproc.decoding.profile import Absence, ConstraintRefusedError, Refusal, decoding_form
from docproc.domain.schema import ExtractionSchema, Record
from schemas.formats import format_checker
from schemas.json_schema import compile_json_schema
from schemas.registry import SHIPPED, registered


def schema_of(**properties: object) -> ExtractionSchema:
    return compile_json_schema({"title": "one", "type": "object", "properties": properties})


def accepts(schema: ExtractionSchema, text: str, *, absence: Absence = Absence.ANYWHERE) -> bool:
    """Whether a whole record, in the tokenizer's own tokens, goes through."""
    constraint = Grammar(decoding_form(schema, absence=absence), vocabulary()).start()
    row = no_tokens(1, vocabulary().size)
    for token in vocabulary().encode(text.encode()):
        if constraint.is_complete:
            return False
        constraint.mask(row[0])
        if not allows(row[0], token):
            return False
        constraint.advance(token)
    return constraint.is_complete


@pytest.mark.parametrize("name", list(SHIPPED))
def test_random_tokens_under_a_shipped_schema_are_a_valid_record(name: str) -> None:
    schema = registered(name)
    for seed in range(3):
        record = random_record(Grammar(decoding_form(schema), vocabulary()), seed=seed)
        assert record is not None
        Draft202012Validator(dict(schema.json_schema), format_checker=format_checker()).validate(record)
        assert not [issue for issue in schema.check_shape(record) if issue.severity == "error"]


def test_keys_come_in_the_schemas_order_and_none_is_missing() -> None:
    schema = schema_of(a={"type": "integer"}, b={"type": "boolean"})
    assert accepts(schema, '{"a":1,"b":true}')
    assert accepts(schema, '{"a":null,"b":null}')
    assert not accepts(schema, '{"b":true,"a":1}')
    assert not accepts(schema, '{"a":1}')
    assert not accepts(schema, '{"a":1,"b":true,"c":2}')


def test_a_record_is_written_without_white_space_between_its_marks() -> None:
    assert not accepts(schema_of(a={"type": "integer"}), '{"a": 1}')


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ({"type": "string", "format": "date"}, "2024-02-29", "2023-02-29"),
        ({"type": "string", "format": "date"}, "1999-12-31", "0000-01-01"),
        ({"type": "string", "format": "date-time"}, "2024-02-29T10:00:00Z", "2024-02-30T10:00:00Z"),
        ({"type": "string", "format": "date-time"}, "2024-02-29", "2024-02-29T10:00:60Z"),
        ({"type": "string", "format": "time"}, "10:00:00", "24:00:00"),
        ({"type": "string", "format": "uri"}, "https://a.example/b", "no uri"),
        ({"type": "string", "format": "email"}, "a.b@c.example", "a.b.c"),
        ({"type": "string", "x-docproc": {"kind": "money"}}, "-12.50", "12,50"),
        ({"type": "string", "x-docproc": {"kind": "currency"}}, "EUR", "Euro"),
        ({"type": "string", "maxLength": 3}, "äöü", "abcd"),
        ({"type": "string", "pattern": "^[A-Z]{2}\\d+$"}, "AB12", "AB"),
        ({"enum": ["yes", "no"]}, "no", "perhaps"),
    ],
)
def test_a_text_is_held_to_what_is_checked_after_reading(field: dict[str, Any], good: str, bad: str) -> None:
    schema = schema_of(a=field)
    assert accepts(schema, compact({"a": good}))
    assert not accepts(schema, compact({"a": bad}))


def test_a_number_cannot_go_on_for_ever() -> None:
    schema = schema_of(a={"type": "number"}, b={"type": "integer"})
    assert accepts(schema, '{"a":-1234567.25,"b":12}')
    assert not accepts(schema, '{"a":0.' + "3" * 40 + ',"b":1}')
    assert not accepts(schema, '{"a":1,"b":' + "1" * 40 + "}")
    assert not accepts(schema, '{"a":1e999,"b":1}')


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\/"])
def test_escapes_that_cannot_be_stored_or_need_not_be_are_refused(escape: str) -> None:
    assert not accepts(schema_of(a={"type": "string"}), '{"a":"x' + escape + '"}')


def test_a_required_value_may_be_absent_in_a_window_and_not_in_a_whole_document() -> None:
    schema = invoice_schema()
    absent = '{"number":null,"date":null,"seller":null,"total":null,"paid":null,"rows":[]}'
    assert accepts(schema, absent)
    assert not accepts(schema, absent, absence=Absence.WHERE_ALLOWED)
    assert accepts(schema, absent.replace("null", '"7"', 1), absence=Absence.WHERE_ALLOWED)


def test_what_an_absent_group_would_require_may_be_absent_with_it() -> None:
    inner = {"type": "object", "properties": {"iban": {"type": "string"}}, "required": ["iban"]}
    assert accepts(schema_of(bank=inner), '{"bank":{"iban":null}}', absence=Absence.WHERE_ALLOWED)


def test_a_schema_that_nothing_fits_is_refused_with_its_reason() -> None:
    schema = schema_of(a={"type": "string", "minLength": 5, "maxLength": 3})
    with pytest.raises(ConstraintRefusedError, match="No record fits") as caught:
        Grammar(decoding_form(schema, absence=Absence.WHERE_ALLOWED) | {"required": ["a", "b"]}, vocabulary())
    assert caught.value.refusal is Refusal.CONTRADICTION


def test_a_pattern_that_the_grammar_cannot_follow_is_refused_with_its_reason() -> None:
    form = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?=a)b$"}}, "required": ["a"]}
    with pytest.raises(ConstraintRefusedError, match="cannot constrain") as caught:
        Grammar(form, vocabulary())
    assert caught.value.refusal is Refusal.UNSUPPORTED


@pytest.mark.parametrize("name", list(SHIPPED))
def test_every_shipped_schema_can_constrain_a_model(name: str) -> None:
    for absence in Absence:
        require_constrainable(registered(name), absence=absence)


def test_a_schema_is_refused_where_it_is_registered_before_any_model_is_there() -> None:
    schema = schema_of(a={"type": "string", "minLength": 500, "maxLength": 300})
    required = replace(schema, fields=tuple(replace(spec, required=True, nullable=False) for spec in schema.fields))
    require_constrainable(required)
    with pytest.raises(ConstraintRefusedError) as caught:
        require_constrainable(required, absence=Absence.WHERE_ALLOWED)
    assert caught.value.refusal is Refusal.CONTRADICTION


@pytest.mark.parametrize("absence", Absence)
def test_a_list_has_enough_entries_or_none_where_it_may_be_absent(absence: Absence) -> None:
    document = {"properties": {"a": {"type": "array", "items": {"type": "boolean"}, "minItems": 2}}, "required": ["a"]}
    schema = compile_json_schema(document)
    assert accepts(schema, '{"a":[true,false]}', absence=absence)
    assert not accepts(schema, '{"a":[true]}', absence=absence)
    assert accepts(schema, '{"a":[]}', absence=absence) == (absence is Absence.ANYWHERE)


def test_a_schema_without_fields_is_refused() -> None:
    with pytest.raises(ConstraintRefusedError) as caught:
        decoding_form(replace(invoice_schema(), fields=()))
    assert caught.value.refusal is Refusal.NO_FIELDS


def test_forced_bytes_are_their_canonical_tokens_and_nothing_else() -> None:
    constraint, words = Grammar(decoding_form(invoice_schema()), vocabulary()).start(), vocabulary()
    row = no_tokens(1, words.size)
    assert words.decode(constraint.forced) == b'{"number'
    for token in constraint.forced:
        constraint.mask(row[0])
        assert np.flatnonzero(expanded(row[0], words.size)).tolist() == [token]
        constraint.advance(token)


def test_a_refused_token_leaves_the_state_as_it_was() -> None:
    constraint, words = Grammar(decoding_form(invoice_schema()), vocabulary()).start(), vocabulary()
    before, after = no_tokens(2, words.size)
    constraint.mask(before)
    with pytest.raises(TokenRefusedError):
        constraint.advance(words.encode(b"]")[0])
    constraint.mask(after)
    assert (before == after).all()


def test_rollback_leads_back_to_every_earlier_state() -> None:
    words = vocabulary()
    constraint = Grammar(decoding_form(invoice_schema()), words).start()
    record: Record = {"number": "RE-1", "date": None, "seller": "Muster", "total": "12.50", "paid": True, "rows": []}
    masks = []
    for token in (tokens := words.encode(compact(record).encode())):
        masks.append(no_tokens(1, words.size)[0])
        constraint.mask(masks[-1])
        constraint.advance(token)
    assert constraint.is_complete
    for count in range(1, len(tokens) + 1):
        constraint.rollback(count)
        row = no_tokens(1, words.size)[0]
        constraint.mask(row)
        assert (row == masks[-count]).all()
        for token in tokens[-count:]:
            constraint.advance(token)
    with pytest.raises(ValueError, match="taken"):
        constraint.rollback(len(tokens) + 1)
