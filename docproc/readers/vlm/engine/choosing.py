"""From logits and masks to choices where the model lies; only a few numbers a position come back. Knows no grammar.

The same as `decoding.choices` says in numpy, without moving a vocabulary of logits.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from docproc.decoding.bitmask import Bitmask
from docproc.decoding.ports import Choice

_WORD = 32


def choose(logits: torch.Tensor, masks: Bitmask, nulls: Sequence[NDArray[np.int64] | None]) -> list[Choice]:
    """The greedy choice at each position.

    Args:
        logits: (positions, vocabulary).
        masks: which tokens may be chosen, one row of words a position.
        nulls: for each position the tokens that begin a null there, if a value begins.
    """
    scores = logits.float()
    whole = scores.logsumexp(-1)  # (positions,)
    allowed = scores.masked_fill(~_expanded(masks, scores), -torch.inf)
    token = allowed.argmax(-1)
    best = allowed.gather(-1, token[:, None])[:, 0]
    second = allowed.scatter(-1, token[:, None], -torch.inf).amax(-1)
    told = torch.stack(
        [best - whole, allowed.logsumexp(-1) - whole, best - second, _log_null(scores, nulls) - whole], -1
    ).cpu()
    return [
        Choice(
            token=chosen,
            logprob=logprob,
            log_z=log_z,
            margin=margin if np.isfinite(margin) else None,
            log_null=log_null if null is not None and len(null) else None,
        )
        for chosen, null, (logprob, log_z, margin, log_null) in zip(token.tolist(), nulls, told.tolist(), strict=True)
    ]


def _expanded(masks: Bitmask, scores: torch.Tensor) -> torch.Tensor:
    """Words to truth values, on the device: a vocabulary of words is a thirty-second of one of bytes."""
    words = torch.from_numpy(masks).to(scores.device, non_blocking=True)
    bits = (words[:, :, None] >> torch.arange(_WORD, dtype=torch.int32, device=scores.device)) & 1
    flat = bits.flatten(1)[:, : scores.shape[-1]].bool()
    missing = scores.shape[-1] - flat.shape[-1]
    return torch.nn.functional.pad(flat, (0, missing)) if missing > 0 else flat


def _log_null(scores: torch.Tensor, nulls: Sequence[NDArray[np.int64] | None]) -> torch.Tensor:
    """Log of the sum over each position's null tokens; -inf where there are none."""
    width = max((len(tokens) for tokens in nulls if tokens is not None), default=0)
    found = scores.new_full((len(nulls),), -torch.inf)
    if not width:
        return found
    told = [tokens if tokens is not None else np.empty(0, np.int64) for tokens in nulls]
    index = torch.from_numpy(np.stack([np.pad(tokens, (0, width - len(tokens))) for tokens in told]))
    there = torch.tensor([[place < len(tokens) for place in range(width)] for tokens in told])
    index, there = index.to(scores.device), there.to(scores.device)
    return scores.gather(-1, index).masked_fill(~there, -torch.inf).logsumexp(-1)
