"""From logits and masks to choices: the best allowed token and what is kept of the step. Plain numpy, any model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docproc.decoding.bitmask import Bitmask, expanded
from docproc.decoding.ports import Choice


def choose(
    logits: NDArray[np.floating], masks: Bitmask, *, nulls: Sequence[NDArray[np.int64] | None] | None = None
) -> list[Choice]:
    """The greedy choice of each row.

    Args:
        logits: one row per position, as wide as the model's head.
        masks: which tokens may be chosen, one row of words per position.
        nulls: for each position the tokens that begin a null there, if a value begins.
    """
    scores = np.asarray(logits, dtype=np.float64)
    whole = _log_sum(scores)
    allowed = np.where(expanded(masks, scores.shape[-1]), scores, -np.inf)
    tokens = allowed.argmax(axis=-1)
    log_z = _log_sum(allowed) - whole
    return [
        Choice(
            token=int(token),
            logprob=float(scores[row, token] - whole[row]),
            log_z=float(log_z[row]),
            margin=_margin(allowed[row]),
            log_null=_log_null(scores[row] - whole[row], nulls[row] if nulls is not None else None),
        )
        for row, token in enumerate(tokens)
    ]


def _margin(allowed: NDArray[np.float64]) -> float | None:
    second, best = np.partition(allowed, -2)[-2:]
    return float(best - second) if np.isfinite(second) else None


def _log_null(logprobs: NDArray[np.float64], tokens: NDArray[np.int64] | None) -> float | None:
    if tokens is None or not len(tokens):
        return None
    return float(_log_sum(logprobs[tokens]))


def _log_sum(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the sum of exponentials along the last axis, without overflow; -inf where all are."""
    top = scores.max(axis=-1, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total: NDArray[np.float64] = np.log(np.exp(scores - safe).sum(axis=-1)) + safe[..., 0]
    return total
