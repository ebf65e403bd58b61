"""A question that a document was submitted with: it tells the reader what the answer is. Knows no reader."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from docproc.domain.schema import ExtractionSchema

#: of a document's metadata
QUESTION = "question"
#: the field that holds the answer
ANSWER = "answer"


def question_for(schema: ExtractionSchema, metadata: Mapping[str, Any]) -> str | None:
    """The question that a document was submitted with, if the schema has a field for the answer."""
    question = metadata.get(QUESTION)
    if not takes_question(schema) or not isinstance(question, str):
        return None
    return question.strip() or None


def takes_question(schema: ExtractionSchema) -> bool:
    """It has a field for the answer."""
    return any(spec.name == ANSWER for spec in schema.fields)


def asking(schema: ExtractionSchema, question: str | None) -> ExtractionSchema:
    """The schema as the reader of one document sees it: its answer is described by the question."""
    if question is None:
        return schema
    properties = dict(schema.json_schema.get("properties", {}))
    properties[ANSWER] = {**properties.get(ANSWER, {}), "description": question}
    return replace(
        schema,
        fields=tuple(replace(spec, description=question) if spec.name == ANSWER else spec for spec in schema.fields),
        json_schema={**schema.json_schema, "properties": properties},
    )
