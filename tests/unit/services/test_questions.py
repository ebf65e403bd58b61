"""The question that a document was submitted with reaches the reader as the description of the answer."""

import pytest

from docproc.services.questions import asking, question_for, takes_question
from schemas import load_schema


def test_the_answer_is_described_by_the_question_for_this_document_only() -> None:
    schema = load_schema("qa")
    asked = asking(schema, "How many bars are there?")
    assert [spec.description for spec in asked.fields] == ["How many bars are there?"]
    assert asked.json_schema["properties"]["answer"]["description"] == "How many bars are there?"
    assert asked.json_schema["properties"]["answer"]["type"] == schema.json_schema["properties"]["answer"]["type"]
    assert "How many" not in str(schema.json_schema)


def test_without_a_question_the_schema_stays_as_it_is() -> None:
    schema = load_schema("qa")
    assert asking(schema, None) is schema


@pytest.mark.parametrize(
    ("metadata", "question"),
    [({"question": " Who? "}, "Who?"), ({"question": ""}, None), ({"question": 3}, None), ({}, None)],
)
def test_the_question_is_a_text_among_the_metadata(metadata: dict[str, object], question: str | None) -> None:
    assert question_for(load_schema("qa"), metadata) == question


def test_a_schema_without_an_answer_is_asked_nothing() -> None:
    invoice = load_schema("invoice")
    assert not takes_question(invoice)
    assert question_for(invoice, {"question": "Who?"}) is None
