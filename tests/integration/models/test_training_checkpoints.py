"""A run that goes on from a checkpoint ends bit for bit as one that never stopped."""

from pathlib import Path
from typing import Any

import pytest
import torch
from doubles.examples_to_learn import batcher, example

from docproc.nvlm import NvlmProcessor
from docproc.training.batches import batches_ahead
from docproc.training.checkpoints import KEPT, CheckpointDamagedError, Checkpoints
from docproc.training.network import open_for_training
from docproc.training.recipe import Recipe, Trained
from docproc.training.steps import DivergedError, make_optimizer, training_steps

pytestmark = pytest.mark.integration

RECIPE = Recipe(trained=Trained.ALIGNMENT, learning_rate=1e-2, pages_per_step=2, pages_at_once=2)
STEPS = 4


class Run:
    """Steps over a few pages of noise, with checkpoints in `folder`."""

    def __init__(self, base: Path, processor: NvlmProcessor, folder: Path) -> None:
        torch.manual_seed(0)
        self.model = open_for_training(base, RECIPE)
        self.optimizer = make_optimizer(self.model, RECIPE)
        self.checkpoints = Checkpoints(folder)
        self._batcher = batcher(processor)
        self._examples = [example(number, f'{{"a":{number}}}') for number in range(3)]

    def go(self, first: int, last: int) -> list[float]:
        batches = batches_ahead(self._batcher, self._examples, RECIPE, first=first, last=last)
        steps = training_steps(self.model, batches, RECIPE, optimizer=self.optimizer, first=first, steps=STEPS)
        return [facts.loss for facts in steps]

    def save(self, step: int) -> None:
        self.checkpoints.save(step, model=self.model, optimizer=self.optimizer)

    def restore(self) -> int:
        return self.checkpoints.restore(model=self.model, optimizer=self.optimizer)

    def weights(self) -> dict[str, Any]:
        return {name: weight.detach().clone() for name, weight in self.model.named_parameters() if weight.requires_grad}


def test_losses_and_weights_are_equal_to_the_last_bit(
    checkpoint: Path, processor: NvlmProcessor, tmp_path: Path
) -> None:
    whole = Run(checkpoint, processor, tmp_path / "whole")
    losses = whole.go(0, STEPS)
    before = Run(checkpoint, processor, tmp_path / "cut")
    assert before.go(0, 2) == losses[:2]
    before.save(2)
    after = Run(checkpoint, processor, tmp_path / "cut")
    torch.rand(3)  # whatever was drawn since
    assert after.restore() == 2
    assert after.go(2, STEPS) == losses[2:]
    assert all(torch.equal(weight, whole.weights()[name]) for name, weight in after.weights().items())


def test_nothing_is_restored_where_nothing_was_saved(
    checkpoint: Path, processor: NvlmProcessor, tmp_path: Path
) -> None:
    assert Run(checkpoint, processor, tmp_path / "new").restore() == 0


def test_only_the_newest_are_kept_and_a_damaged_one_gives_way(
    checkpoint: Path, processor: NvlmProcessor, tmp_path: Path
) -> None:
    run = Run(checkpoint, processor, tmp_path)
    for step in (1, 2, 10):
        run.save(step)
    found = sorted(tmp_path.iterdir())
    assert [path.name for path in found] == ["step-00000002.pt", "step-00000010.pt"]
    assert len(found) == KEPT
    found[1].write_bytes(found[1].read_bytes()[:1000])
    assert run.restore() == 2
    found[0].write_bytes(b"")
    with pytest.raises(CheckpointDamagedError):
        run.restore()


def test_a_checkpoint_that_was_cut_short_is_none(checkpoint: Path, processor: NvlmProcessor, tmp_path: Path) -> None:
    run = Run(checkpoint, processor, tmp_path)
    (tmp_path / "step-00000005.new").write_bytes(b"half")
    assert run.restore() == 0


def test_a_loss_that_is_no_number_ends_the_run(checkpoint: Path, processor: NvlmProcessor, tmp_path: Path) -> None:
    run = Run(checkpoint, processor, tmp_path)
    with torch.no_grad():
        next(weight for weight in run.model.parameters() if weight.requires_grad).fill_(float("nan"))
    with pytest.raises(DivergedError, match="learning rate"):
        run.go(0, 1)
