"""Where a run stands, kept so that it can go on as if it had never stopped; knows no pages."""

import os
import re
from pathlib import Path
from typing import Any

import torch

from docproc.domain.errors import UsageError

#: the newest, and the one before it should the newest be damaged by the disk
KEPT = 2
_NAME = re.compile(r"step-(\d+)\.pt")


class CheckpointDamagedError(UsageError):
    """No checkpoint of the run can be read."""


class Checkpoints:
    """The checkpoints of a run: trained weights, optimizer, random numbers, steps done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def save(self, step: int, *, model: Any, optimizer: torch.optim.Optimizer) -> None:  # noqa: ANN401 any network
        """Keep where the run stands behind `step` steps; whole or not at all, whenever the machine stops."""
        state = {
            "step": step,
            "weights": {name: weight for name, weight in model.named_parameters() if weight.requires_grad},
            "optimizer": optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        path = self._folder / f"step-{step:08}.pt"
        beside = path.with_suffix(".new")
        with beside.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        for old in self._found()[:-KEPT]:
            old.unlink()

    def restore(self, *, model: Any, optimizer: torch.optim.Optimizer) -> int:  # noqa: ANN401 any network
        """Put the newest checkpoint that can be read into `model` and `optimizer`; how many steps are done."""
        found = self._found()
        for path in reversed(found):
            try:
                state = torch.load(path, map_location="cpu", weights_only=True)
            except (RuntimeError, EOFError, OSError):  # what torch raises for a file that is no archive, or half of one
                continue
            _put_weights(model, state["weights"])
            optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["random"])
            if torch.cuda.is_available() and len(state["random_gpu"]) == torch.cuda.device_count():
                torch.cuda.set_rng_state_all(state["random_gpu"])
            return int(state["step"])
        if found:
            raise CheckpointDamagedError(f"{self._folder}: no checkpoint in it can be read")
        return 0

    def _found(self) -> list[Path]:
        """Oldest first."""
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))


def _put_weights(model: Any, weights: dict[str, torch.Tensor]) -> None:  # noqa: ANN401 any network
    own = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    if own.keys() != weights.keys():
        raise CheckpointDamagedError("the checkpoint is of a run that trained other weights")
    with torch.no_grad():
        for name, weight in weights.items():
            own[name].copy_(weight)
