"""A schema that is stored with a job and compiled elsewhere is the same schema."""

import json
from typing import Any

import pytest

from docproc.services.job_context import schema_version
from schemas.json_schema import compile_json_schema
from schemas.loading import load_stored_schema

_LINE = {"type": "object", "properties": {"text": {"type": "string"}, "amount": {"type": "number"}}}


@pytest.mark.parametrize(
    "document",
    [
        {"type": "object", "properties": {"number": {"type": "string"}}},
        {"title": "Bill", "type": "object", "properties": {"total": {"type": "string"}}, "required": ["total"]},
        {"type": "object", "properties": {"lines": {"type": "array", "items": _LINE}}},
        {
            "type": "object",
            "properties": {
                "due": {"type": "string", "x-docproc": {"kind": "date", "aliases": ["payable by"], "threshold": 0.9}}
            },
        },
    ],
    ids=["optional", "required", "table", "annotated"],
)
def test_a_stored_schema_is_the_same_elsewhere(document: dict[str, Any]) -> None:
    here = compile_json_schema(document, stem="inline", reference="inline.json")
    version = schema_version(here)
    stored = json.loads(json.dumps(version.json_schema))
    elsewhere = load_stored_schema(version.reference, stored)
    assert schema_version(elsewhere) == version
    assert elsewhere.fields == here.fields
