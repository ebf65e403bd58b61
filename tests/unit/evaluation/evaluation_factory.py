"""Schemas, truths and answers for tests of evaluation."""

from collections.abc import Mapping
from typing import Any

from docproc.domain.schema import ExtractionSchema
from docproc.evaluation.given import Given, given_json
from docproc.evaluation.judge import JudgedDocument, Rules, judge
from docproc.evaluation.truth import Truth
from schemas.json_schema import compile_json_schema

MONEY = {"type": ["string", "null"], "x-docproc": {"kind": "money"}}
DAY = {"type": ["string", "null"], "format": "date"}
LINE = {"type": ["string", "null"], "x-docproc": {"kind": "text"}}


def bill_schema() -> ExtractionSchema:
    properties = {
        "seller": LINE,
        "issued": DAY,
        "total": MONEY,
        "parties": {"type": "array", "items": {"type": "string", "x-docproc": {"kind": "text"}}},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"what": LINE, "price": MONEY}},
        },
        "buyer": {"type": "object", "properties": {"name": LINE, "city": LINE}},
    }
    return compile_json_schema({"title": "bill", "type": "object", "properties": properties}, stem="bill")


def rules(*, relaxed: frozenset[str] = frozenset()) -> Rules:
    return Rules(schema=bill_schema(), relaxed=relaxed)


def judged(
    truth: Mapping[str, Any],
    given: Mapping[str, Any] | None,
    *,
    file: str = "a.pdf",
    relaxed: frozenset[str] = frozenset(),
) -> JudgedDocument:
    answer = None
    if given is not None:
        answer = Given(file=file, fields={name: given_json(tree) for name, tree in given.items()})
    return judge(Truth(file=file, fields=truth), answer, rules(relaxed=relaxed))
