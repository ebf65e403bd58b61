"""Every constraint keeps the promises of its port: what the mask allows goes through, and all can be taken back."""

from collections.abc import Callable

import numpy as np
import pytest
from decoding_doubles import invoice_schema, vocabulary

from docproc.decoding.bitmask import Bitmask, allows, expanded, no_tokens
from docproc.decoding.free import FreeConstraint
from docproc.decoding.guidance import Grammar
from docproc.decoding.ports import Constraint, TokenRefusedError
from docproc.decoding.prelude import PreludeConstraint
from docproc.decoding.profile import decoding_form

WORDS = vocabulary()
GRAMMAR = Grammar(decoding_form(invoice_schema()), WORDS)
MAKERS: dict[str, Callable[[], Constraint]] = {
    "guidance": GRAMMAR.start,
    "free": lambda: FreeConstraint(WORDS),
    "prelude": lambda: PreludeConstraint(GRAMMAR.start(), WORDS, end=b"</think>", room=6),
}


def allowed(constraint: Constraint) -> Bitmask:
    row: Bitmask = no_tokens(1, WORDS.size)[0]
    constraint.mask(row)
    return row


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("seed", range(3))
def test_a_walk_through_the_masks_can_be_taken_back_step_by_step(make: Callable[[], Constraint], seed: int) -> None:
    constraint, draw = make(), np.random.default_rng(seed)
    masks: list[Bitmask] = []
    while len(masks) < 60 and not constraint.is_complete:
        masks.append(allowed(constraint))
        tokens = np.flatnonzero(expanded(masks[-1], WORDS.size))
        if constraint.forced:
            assert tokens.tolist() == [constraint.forced[0]]
        refused = next((token for token in range(WORDS.size) if not allows(masks[-1], token)), None)
        if refused is not None:
            with pytest.raises(TokenRefusedError):
                constraint.advance(refused)
        constraint.advance(int(draw.choice(tokens)))
    while masks:
        constraint.rollback(1)
        assert not constraint.is_complete
        assert (allowed(constraint) == masks.pop()).all()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_taking_back_nothing_changes_nothing(make: Callable[[], Constraint]) -> None:
    constraint = make()
    before = allowed(constraint)
    constraint.rollback(0)
    assert (allowed(constraint) == before).all()
