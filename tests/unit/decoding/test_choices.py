"""What is kept of a step is what can be computed by hand."""

from math import log

import numpy as np
import pytest

from docproc.decoding.bitmask import allow_all, allow_only, allows, expanded, forbid, no_tokens
from docproc.decoding.choices import choose

PROBABILITIES = np.array([[0.5, 0.2, 0.15, 0.1, 0.05]])


def mask_of(*tokens: int, size: int = 5) -> np.ndarray:
    mask = no_tokens(1, size)
    allow_all(mask[0], size)
    for token in set(range(size)) - set(tokens):
        forbid(mask[0], token)
    return mask


def test_the_best_allowed_token_is_chosen_with_its_raw_probability() -> None:
    (choice,) = choose(np.log(PROBABILITIES), mask_of(1, 3, 4))
    assert choice.token == 1
    assert choice.logprob == pytest.approx(log(0.2))


def test_log_z_is_the_mass_of_all_allowed_tokens() -> None:
    (choice,) = choose(np.log(PROBABILITIES) + 7.0, mask_of(1, 3, 4))
    assert choice.log_z == pytest.approx(log(0.35))


def test_the_margin_is_between_the_two_best_allowed_tokens() -> None:
    (choice,) = choose(np.log(PROBABILITIES), mask_of(1, 3, 4))
    assert choice.margin == pytest.approx(log(2))


def test_a_single_allowed_token_has_no_margin() -> None:
    (choice,) = choose(np.log(PROBABILITIES), mask_of(3))
    assert choice.token == 3
    assert choice.margin is None


def test_the_probability_of_null_is_that_of_the_tokens_that_begin_it() -> None:
    first, second = choose(
        np.log(np.repeat(PROBABILITIES, 2, axis=0)),
        np.repeat(mask_of(0, 1, 2), 2, axis=0),
        nulls=[np.array([2, 3]), None],
    )
    assert first.log_null == pytest.approx(log(0.25))
    assert second.log_null is None


def test_large_logits_do_not_overflow() -> None:
    (choice,) = choose(np.array([[1e4, 0.0, 0.0, 0.0, -np.inf]], dtype=np.float32), mask_of(0, 1))
    assert choice.logprob == pytest.approx(0.0)


@pytest.mark.parametrize("size", [31, 32, 33, 100])
def test_masks_are_rows_of_bits(size: int) -> None:
    masks = no_tokens(3, size)
    allow_all(masks[0], size)
    allow_only(masks[1], size - 1)
    bits = expanded(masks, size)
    assert bits.sum(axis=1).tolist() == [size, 1, 0]
    assert allows(masks[1], size - 1)
    assert not allows(masks[1], 0)
    forbid(masks[0], size - 1)
    assert not allows(masks[0], size - 1)
    assert expanded(masks, size + 40).sum(axis=1).tolist() == [size - 1, 1, 0]
