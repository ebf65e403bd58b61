"""How a run trains: what, how long, how fast; knows no tensors."""

import math
from dataclasses import dataclass
from enum import StrEnum

from docproc.domain.errors import UsageError


class Trained(StrEnum):
    """Which weights are trained; the tower never is."""

    #: small matrices beside the language model's own
    LORA = "lora"
    #: the projector, and in NVLM-X and -H the cross-attention: the paper's first stage
    ALIGNMENT = "alignment"
    #: the language model too: the paper's second stage
    ALL = "all"


#: the paper's first stage; its second, of the models that it gives one rate for; a usual one for LoRA
_LEARNING_RATES = {Trained.LORA: 1e-4, Trained.ALIGNMENT: 1e-4, Trained.ALL: 1e-5}
_WARM_UP_SHARE, _WARM_UP_STEPS = 0.05, 500
#: of the highest rate, where the cosine ends
_LEAST = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides what a run ends with, besides its examples and its base."""

    trained: Trained = Trained.LORA
    #: how often each page is learnt from, unless `steps` says how long
    epochs: float = 3.0
    steps: int | None = None
    pages_per_step: int = 8
    #: pages that go through the network together; the others of a step follow
    pages_at_once: int = 1
    #: None: the usual one for what is trained
    learning_rate: float | None = None
    lora_rank: int = 16
    four_bit: bool = False
    seed: int = 0
    weight_decay: float = 0.05
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.98)

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.pages_per_step % self.pages_at_once:
            raise UsageError(
                f"{self.pages_per_step} pages a step cannot be taken {self.pages_at_once} at once: it must divide"
            )
        if self.four_bit and self.trained is not Trained.LORA:
            raise UsageError("weights in four bits cannot be trained: four bits go with LoRA only")

    def step_count(self, examples: int) -> int:
        """How many steps there are."""
        return self.steps or max(1, math.ceil(examples * self.epochs / self.pages_per_step))

    def rate_at(self, step: int, steps: int) -> float:
        """The learning rate of `step` (from 0) of `steps`: a line up, then half a cosine down."""
        highest = self.learning_rate or _LEARNING_RATES[self.trained]
        warm_up = min(_WARM_UP_STEPS, max(1, round(_WARM_UP_SHARE * steps)))
        if step < warm_up:
            return highest * (step + 1) / warm_up
        done = (step - warm_up) / max(1, steps - warm_up)
        return highest * (_LEAST + (1 - _LEAST) * 0.5 * (1 + math.cos(math.pi * done)))
