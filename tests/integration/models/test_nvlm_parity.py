"""NVLM-D computes what the naive reference computes, and the classic mistakes would be seen."""

from pathlib import Path

import pytest
import torch
from doubles.nvlm_prompts import ask
from doubles.nvlm_reference import Mistake, Reference
from torch import Tensor
from transformers import AutoModelForImageTextToText, BatchFeature

from docproc.nvlm import NvlmDForConditionalGeneration, NvlmProcessor

pytestmark = pytest.mark.integration

#: transformers' norms and rotary positions are computed in float32 whatever the weights are
DOUBLE_BOUND = 1e-4


@pytest.fixture(scope="module")
def batch(processor: NvlmProcessor) -> BatchFeature:
    return ask(processor, ("Which is the total?", (210, 297)))


@pytest.fixture(scope="module")
def exact(checkpoint: Path, batch: BatchFeature) -> Tensor:
    return Reference(checkpoint, dtype=torch.float64).logits(batch["input_ids"][0], batch["pixel_values"])


def logits(model: NvlmDForConditionalGeneration, batch: BatchFeature) -> Tensor:
    with torch.no_grad():
        return model(**batch).logits[0]


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_logits_in_double_precision_are_the_references(
    checkpoint: Path, batch: BatchFeature, exact: Tensor, attention: str
) -> None:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=torch.float64, attn_implementation=attention)

    assert (logits(model, batch) - exact).abs().max() <= DOUBLE_BOUND


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_logits_in_single_precision_err_no_more_than_the_reference_does(
    checkpoint: Path, batch: BatchFeature, exact: Tensor, attention: str
) -> None:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint, attn_implementation=attention)
    single = Reference(checkpoint, dtype=torch.float32).logits(batch["input_ids"][0], batch["pixel_values"])

    found = logits(model, batch)

    assert (found - exact).abs().max() <= 4 * (single - exact).abs().max()
    assert found.argmax(-1).equal(exact.argmax(-1))


def test_text_alone_gives_the_references_logits(
    checkpoint: Path, model: NvlmDForConditionalGeneration, processor: NvlmProcessor
) -> None:
    batch = ask(processor, ("What is an invoice?", None))
    expected = Reference(checkpoint, dtype=torch.float64).logits(batch["input_ids"][0])

    assert (logits(model, batch) - expected).abs().max() <= DOUBLE_BOUND


@pytest.mark.parametrize("mistake", list(Mistake))
def test_a_classic_mistake_is_far_outside_the_bound(
    checkpoint: Path, batch: BatchFeature, exact: Tensor, mistake: Mistake
) -> None:
    wrong = Reference(checkpoint, dtype=torch.float64, mistake=mistake).logits(
        batch["input_ids"][0], batch["pixel_values"]
    )

    assert (wrong - exact).abs().max() > 100 * DOUBLE_BOUND


def test_tokens_of_a_tile_do_not_depend_on_how_many_tiles_run_at_a_time(
    model: NvlmDForConditionalGeneration, batch: BatchFeature
) -> None:
    runs: list[int] = []
    watch = model.model.vision_tower.register_forward_pre_hook(
        lambda _module, _args, kwargs: runs.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    tiles = batch["pixel_values"]
    with torch.no_grad():
        at_once = model.model.get_image_features(tiles).pooler_output
        model.config.tiles_at_once = 3
        bounded = model.model.get_image_features(tiles).pooler_output
    model.config.tiles_at_once = 16
    watch.remove()

    assert runs == [7, 3, 3, 1]
    assert (bounded - at_once).abs().max() <= DOUBLE_BOUND


def test_tiles_of_another_size_are_refused(model: NvlmDForConditionalGeneration) -> None:
    with pytest.raises(ValueError, match=r"tiles are \(n, 3, 56, 56\)"):
        model.model.get_image_features(torch.zeros(1, 3, 84, 84))
