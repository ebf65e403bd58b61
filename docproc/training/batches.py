"""Which pages are learnt from at each step, and the tensors of a batch; knows no network.

The order is a function of seed and step alone, so a run that goes on needs to know nothing but its step.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from docproc.domain.errors import UsageError
from docproc.nvlm import NvlmProcessor
from docproc.nvlm.prompt import neutralise
from docproc.nvlm.tokens import TURN_END
from docproc.training.examples import Example
from docproc.training.page_images import DrawnPage
from docproc.training.recipe import Recipe
from docproc.training.targets import Target

#: what the loss takes as: nothing is learnt here
NOT_LEARNT = -100


class TargetError(UsageError):
    """An answer cannot be learnt with this tokenizer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningBatch:
    """Pages that go through the network together."""

    #: what the network takes
    inputs: dict[str, torch.Tensor]
    #: (pages, length of the longest answer): the last tokens of each row, those that nothing is learnt from masked
    labels: torch.Tensor

    @property
    def learnt_tokens(self) -> int:
        """How many tokens the loss is a mean of."""
        return int((self.labels != NOT_LEARNT).sum())


def examples_of_step(step: int, count: int, *, size: int, seed: int) -> list[int]:
    """Numbers of the examples of `step` (from 0): every example once, in a new order, then all over again."""
    places = range(step * size, (step + 1) * size)
    return [int(_order(seed, place // count, count)[place % count]) for place in places]


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> Any:  # noqa: ANN401 an array of numbers
    return np.random.default_rng((seed, epoch)).permutation(count)


class Batcher:
    """Makes batches of examples for one model."""

    def __init__(self, processor: NvlmProcessor, question: str, *, draw: Callable[[Example], DrawnPage]) -> None:
        self._processor = processor
        self._question = question
        self._draw = draw

    def batch(self, examples: Sequence[Example]) -> LearningBatch:
        """Tiles, prompt and answer of each example."""
        conversations: list[list[Mapping[str, Any]]] = [
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "image": self._draw(example)},
                        {"type": "text", "text": self._question},
                    ],
                },
                {"role": "assistant", "content": example.target.text},
            ]
            for example in examples
        ]
        inputs = self._processor.apply_chat_template(conversations, tokenize=True)
        return LearningBatch(inputs=dict(inputs), labels=self._labels(inputs["input_ids"], examples))

    def _labels(self, ids: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        answers = [self._answer(example.target) for example in examples]
        width = max(len(answer) for answer, _ in answers)
        labels = torch.full((len(answers), width), NOT_LEARNT)
        for row, (answer, learnt) in enumerate(answers):
            # padding stands to the left, so every answer ends where its row ends
            if ids[row, -len(answer) :].tolist() != answer:
                raise TargetError("the tokenizer joins the answer with the prompt before it")
            kept = torch.tensor([token if learns else NOT_LEARNT for token, learns in zip(answer, learnt, strict=True)])
            labels[row, width - len(answer) :] = kept
        return labels

    def _answer(self, target: Target) -> tuple[list[int], list[bool]]:
        """The tokens of an answer with the turn's end, and whether each is learnt."""
        tokenizer = self._processor.tokenizer
        text = neutralise(target.text, tokenizer.get_added_vocab())
        encoded = tokenizer(text + TURN_END, add_special_tokens=False, return_offsets_mapping=True)
        # a text that had to be changed has its stretches elsewhere: then all of it is learnt
        unlearnt = target.unlearnt if text == target.text else ()
        learnt = [
            not any(begin < end_unlearnt and begin_unlearnt < end for begin_unlearnt, end_unlearnt in unlearnt)
            for begin, end in encoded["offset_mapping"]
        ]
        return encoded["input_ids"], learnt


def batches_ahead(
    batcher: Batcher, examples: Sequence[Example], recipe: Recipe, *, first: int, last: int
) -> Generator[list[LearningBatch], None, None]:
    """The batches of each step from `first` up to `last`, made one step ahead on a thread of its own."""

    def of_step(step: int) -> list[LearningBatch]:
        numbers = examples_of_step(step, len(examples), size=recipe.pages_per_step, seed=recipe.seed)
        chosen = [examples[number] for number in numbers]
        at_once = recipe.pages_at_once
        return [batcher.batch(chosen[begin : begin + at_once]) for begin in range(0, len(chosen), at_once)]

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="docproc-batches") as ahead:
        waiting = ahead.submit(of_step, first) if first < last else None
        for step in range(first, last):
            assert waiting is not None  # noqa: S101 there is a step to come
            ready = waiting.result()
            waiting = ahead.submit(of_step, step + 1) if step + 1 < last else None
            yield ready
