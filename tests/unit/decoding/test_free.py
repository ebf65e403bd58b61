"""Answers without a constraint are looked through for a record, and what is none is said to be none."""

import pytest
from decoding_doubles import RecitingModel, compact, invoice_schema, vocabulary

from docproc.decoding.free import FreeConstraint, FreeProblem, record_in
from docproc.decoding.ports import TokenRefusedError
from docproc.decoding.speculate import speculate
from docproc.decoding.watch import Stop

FIELDS = invoice_schema().fields
RECORD = {
    "number": "RE-1",
    "date": None,
    "seller": "Muster",
    "total": "1.00",
    "paid": True,
    "rows": [{"description": "a", "quantity": "1", "amount": "1.00"}],
}


@pytest.mark.parametrize(
    "answer",
    [
        compact(RECORD),
        "Here it is:\n```json\n" + compact(RECORD) + "\n```\nAnything else?",
        'An example is {"number":"x"}.\n```\n' + compact(RECORD) + "\n```",
        "{"
        + ",".join(reversed(compact(RECORD)[1 : compact(RECORD).index(',"rows"')].split(",")))
        + ',"rows":[{"amount":"1.00","description":"a","quantity":"1"}]}',
    ],
    ids=["bare", "fenced", "example_before", "other_order"],
)
def test_a_record_is_found_and_put_in_order(answer: str) -> None:
    found = record_in(answer, FIELDS)
    assert found.record == RECORD
    assert compact(found.record) == compact(RECORD)
    assert found.problem is None


def test_what_is_left_out_is_null_and_what_is_unknown_is_counted() -> None:
    found = record_in('{"number":"1","mood":"good","rows":[{"amount":"2.00","colour":"red"}]}', FIELDS)
    assert found.record is not None
    assert found.record["seller"] is None
    assert found.record["rows"] == [{"description": None, "quantity": None, "amount": "2.00"}]
    assert found.unknown == 2


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("I cannot read this.", FreeProblem.NO_RECORD),
        ("", FreeProblem.NO_RECORD),
        ('{"number":"RE-1","rows":[{"description":"a"},', FreeProblem.TRUNCATED),
        ('```json\n{"number":"RE-', FreeProblem.TRUNCATED),
        ('{"number":RE-1,"rows":[{"amount":"1.00"}]}', FreeProblem.NOT_JSON),
        ("{" * 5, FreeProblem.NOT_JSON),
    ],
)
def test_what_is_no_whole_record_is_never_mended(answer: str, problem: FreeProblem) -> None:
    found = record_in(answer, FIELDS)
    assert found.record is None
    assert found.problem is problem


def test_a_value_of_another_shape_is_left_for_the_validation_to_find() -> None:
    found = record_in('{"number":["a"],"rows":"none"}', FIELDS)
    assert found.record is not None
    assert found.record["number"] == ["a"]
    assert found.record["rows"] == "none"


def test_a_free_answer_ends_where_the_model_ends_it() -> None:
    text = "Sure! " + compact(RECORD)
    words = vocabulary()
    generation = speculate(RecitingModel(text, words), FreeConstraint(words), vocabulary=words)
    assert generation.stop is Stop.COMPLETE
    assert generation.text.decode() == text
    assert record_in(generation.text.decode(), FIELDS).record == RECORD


def test_nothing_follows_the_end_of_a_free_answer() -> None:
    words = vocabulary()
    constraint = FreeConstraint(words)
    constraint.advance(words.eos)
    with pytest.raises(TokenRefusedError):
        constraint.advance(5)
    constraint.rollback(1)
    constraint.advance(5)
    assert not constraint.is_complete
