"""The training steps: forward, loss on the answers alone, backward, update; knows no files and no documents."""

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 torch's own name for it

from docproc.domain.errors import DocprocError
from docproc.training.batches import NOT_LEARNT, LearningBatch
from docproc.training.log import StepFacts
from docproc.training.recipe import Recipe


class DivergedError(DocprocError):
    """The loss is no number any more: a lower learning rate helps. Go on from the last checkpoint with --resume."""


def make_optimizer(model: Any, recipe: Recipe) -> torch.optim.AdamW:  # noqa: ANN401 any network
    """AdamW over what is open; norms, biases and gates are not drawn to zero."""
    open_weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in open_weights if weight.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [weight for weight in open_weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=recipe.betas)


def answer_loss(model: Any, batch: LearningBatch) -> torch.Tensor:  # noqa: ANN401 any network
    """Sum over the learnt tokens of how unlikely each was, given what stands before it."""
    device = next(model.parameters()).device
    inputs = {name: value.to(device) for name, value in batch.inputs.items()}
    width = batch.labels.shape[1]
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        # the head runs over the answers only: over all of a page's places its logits would take a gigabyte
        logits = model(**inputs, use_cache=False, logits_to_keep=width + 1).logits[:, :-1]  # (pages, width, vocabulary)
    labels = batch.labels.to(logits.device)
    return F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=NOT_LEARNT, reduction="sum")


def training_steps(
    model: Any,  # noqa: ANN401 any network
    batches: Iterator[Sequence[LearningBatch]],
    recipe: Recipe,
    *,
    optimizer: torch.optim.Optimizer,
    first: int,
    steps: int,
) -> Iterator[StepFacts]:
    """Do the steps from `first` (0: none is done) on and tell of each. Raises DivergedError."""
    model.train()
    open_weights = [weight for weight in model.parameters() if weight.requires_grad]
    for step, parts in enumerate(batches, start=first):
        began = time.perf_counter()
        rate = recipe.rate_at(step, steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        tokens = max(1, sum(part.learnt_tokens for part in parts))
        total = 0.0
        for part in parts:
            loss = answer_loss(model, part) / tokens
            loss.backward()
            total += loss.item()
        norm = float(torch.nn.utils.clip_grad_norm_(open_weights, recipe.clip))
        if not math.isfinite(total) or not math.isfinite(norm):
            raise DivergedError
        optimizer.step()
        optimizer.zero_grad()
        yield StepFacts(
            step=step + 1,
            loss=total,
            learning_rate=rate,
            gradient_norm=norm,
            learnt_tokens=tokens,
            seconds=round(time.perf_counter() - began, 4),
        )
