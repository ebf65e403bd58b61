"""A repair writes the failing values again and nothing else."""

import json

import pytest
from decoding_doubles import NgramModel, compact, invoice_schema, vocabulary

from docproc.decoding.guidance import Grammar
from docproc.decoding.profile import repair_form
from docproc.decoding.speculate import speculate
from docproc.domain.schema import Record

RECORD: Record = {
    "number": 'RE "7" \\ Ä\n🙂',
    "date": "2024-03-01",
    "seller": None,
    "total": "1234.50",
    "paid": True,
    "rows": [
        {"description": "Beratung", "quantity": "2", "amount": "617.25"},
        {"description": None, "quantity": None, "amount": "12.00"},
    ],
}


def repaired(*paths: str, seed: int) -> Record:
    grammar = Grammar(repair_form(invoice_schema(), RECORD, set(paths)), vocabulary())
    model = NgramModel(seed=seed, size=vocabulary().size)
    generation = speculate(model, grammar.start(), vocabulary=vocabulary(), budget=2000)
    record: Record = json.loads(generation.text)
    assert compact(record).encode() == generation.text
    return record


def without(record: Record, *paths: str) -> str:
    text = json.loads(compact(record))
    for path in paths:
        place, _, last = path.rpartition(".")
        inner = text
        if place:
            name, _, index = place.rstrip("]").partition("[")
            inner = text[name][int(index)] if index else text[name]
        inner[last] = "?"
    return compact(text)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("paths", [("date",), ("total", "rows[1].amount"), ("rows[0].quantity",), ("rows",)])
def test_all_other_values_stay_byte_for_byte(paths: tuple[str, ...], seed: int) -> None:
    record = repaired(*paths, seed=seed)
    assert without(record, *paths) == without(RECORD, *paths)


def test_the_failing_value_may_become_another() -> None:
    assert {str(repaired("date", seed=seed)["date"]) for seed in range(6)} - {"2024-03-01"}


def test_a_repair_of_nothing_is_the_record() -> None:
    assert repaired(seed=1) == RECORD
