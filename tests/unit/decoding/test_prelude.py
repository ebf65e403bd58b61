"""A model may think first, for a while; what it thought is paid for and not stored."""

import json

import pytest
from decoding_doubles import END, NgramModel, RecitingModel, compact, invoice_schema, vocabulary

from docproc.decoding.bitmask import allows, no_tokens
from docproc.decoding.guidance import Grammar
from docproc.decoding.ports import TokenRefusedError
from docproc.decoding.prelude import PreludeConstraint
from docproc.decoding.profile import decoding_form
from docproc.decoding.speculate import speculate
from docproc.decoding.watch import Stop
from docproc.domain.schema import Record

WORDS = vocabulary()
GRAMMAR = Grammar(decoding_form(invoice_schema()), WORDS)
RECORD: Record = {"number": "RE-1", "date": None, "seller": None, "total": None, "paid": None, "rows": []}


def prelude(room: int, end: bytes = b"</think>") -> PreludeConstraint:
    return PreludeConstraint(GRAMMAR.start(), WORDS, end=end, room=room)


def test_what_was_thought_is_metered_and_not_part_of_the_record() -> None:
    thought = "Total due, not paid.</think>"
    generation = speculate(RecitingModel(thought + compact(RECORD), WORDS), prelude(100), vocabulary=WORDS)
    assert generation.text.decode() == compact(RECORD)
    assert generation.effort.prelude == len(WORDS.encode(thought.encode()))
    assert WORDS.decode(generation.tokens).decode() == compact(RECORD)


@pytest.mark.parametrize("end", [b"</think>", END.encode()])
def test_a_prelude_that_does_not_end_is_ended(end: bytes) -> None:
    generation = speculate(NgramModel(seed=1, size=WORDS.size), prelude(10, end), vocabulary=WORDS, budget=400)
    assert generation.stop is Stop.COMPLETE
    assert generation.effort.prelude == 10 + len(WORDS.encode_marker(end))
    assert list(json.loads(generation.text)) == list(RECORD)


def test_a_record_begins_anew_behind_the_marker() -> None:
    thought = 'Perhaps {"number":"X-9"}?</think>'
    generation = speculate(RecitingModel(thought + compact(RECORD), WORDS), prelude(100), vocabulary=WORDS)
    assert generation.text.decode() == compact(RECORD)


def test_a_prelude_cannot_end_the_answer() -> None:
    constraint, row = prelude(10), no_tokens(1, WORDS.size)[0]
    constraint.mask(row)
    assert not allows(row, WORDS.eos)
    with pytest.raises(TokenRefusedError):
        constraint.advance(WORDS.eos)


def test_rollback_leads_back_into_the_prelude() -> None:
    constraint = prelude(100)
    thought, record = WORDS.encode(b"Hm.</think>"), WORDS.encode(compact(RECORD).encode())
    for _ in range(2):
        for token in (*thought, *record[:5]):
            constraint.advance(token)
        places = [constraint.is_recording]
        constraint.rollback(5 + 2)
        places.append(constraint.is_recording)
        assert places == [True, False]
        constraint.rollback(len(thought) - 2)


def test_an_empty_room_goes_straight_to_the_marker() -> None:
    assert WORDS.decode(prelude(0).forced) == b"</think>"
