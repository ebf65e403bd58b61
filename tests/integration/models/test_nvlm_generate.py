"""NVLM-D writes the same tokens however it is asked to."""

from pathlib import Path
from typing import Any

import pytest
import torch
from doubles.nvlm_prompts import ask
from doubles.nvlm_reference import Reference
from transformers import AutoModelForImageTextToText, BatchFeature

from docproc.nvlm import NvlmDForConditionalGeneration, NvlmProcessor

pytestmark = pytest.mark.integration

NEW_TOKENS = 24
#: an end that never comes: all tokens are compared
NO_TOKEN = 1_000_000
SEVEN_TILES, THREE_TILES, ONE_TILE = (210, 297), (120, 60), (50, 50)


@pytest.fixture(scope="module")
def batch(processor: NvlmProcessor) -> BatchFeature:
    return ask(processor, ("Which is the total?", SEVEN_TILES))


def write(model: NvlmDForConditionalGeneration, batch: BatchFeature, **options: object) -> list[list[int]]:
    start = batch["input_ids"].shape[1]
    options = {"do_sample": False, "max_new_tokens": NEW_TOKENS, "eos_token_id": NO_TOKEN, **options}
    tokens: list[list[int]] = model.generate(**batch, **options)[:, start:].tolist()
    return tokens


@pytest.fixture(scope="module")
def written(model: NvlmDForConditionalGeneration, batch: BatchFeature) -> list[list[int]]:
    return write(model, batch)


def test_the_reference_writes_the_same_tokens(checkpoint: Path, batch: BatchFeature, written: list[list[int]]) -> None:
    reference = Reference(checkpoint, dtype=torch.float64)
    ids = batch["input_ids"][0]
    for _ in range(NEW_TOKENS):
        ids = torch.cat([ids, reference.logits(ids, batch["pixel_values"])[-1:].argmax(-1)])

    assert ids[-NEW_TOKENS:].tolist() == written[0]


@pytest.mark.parametrize(
    "options",
    [
        {"use_cache": False},
        {"cache_implementation": "static"},
        {"prefill_chunk_size": 16},
        {"num_beams": 1, "num_return_sequences": 1},
    ],
    ids=["no cache", "static cache", "chunked prefill", "one beam"],
)
def test_every_way_of_caching_writes_the_same_tokens(
    model: NvlmDForConditionalGeneration, batch: BatchFeature, written: list[list[int]], options: dict[str, Any]
) -> None:
    assert write(model, batch, **options) == written


def test_a_mixed_batch_writes_what_each_prompt_alone_does(
    model: NvlmDForConditionalGeneration, processor: NvlmProcessor
) -> None:
    questions = (
        ("Which is the total?", SEVEN_TILES),
        ("What is the date of this invoice, and who sent it?", THREE_TILES),
        ("Number?", ONE_TILE),
        ("What is an invoice?", None),
    )

    together = write(model, ask(processor, *questions))

    assert together == [write(model, ask(processor, question))[0] for question in questions]


def test_beams_of_a_batch_are_those_of_each_prompt_alone(
    model: NvlmDForConditionalGeneration, processor: NvlmProcessor
) -> None:
    questions = (("Which is the total?", SEVEN_TILES), ("Number?", THREE_TILES))

    together = write(model, ask(processor, *questions), num_beams=3)

    assert together == [write(model, ask(processor, question), num_beams=3)[0] for question in questions]


def test_another_page_is_answered_otherwise(
    model: NvlmDForConditionalGeneration, batch: BatchFeature, written: list[list[int]]
) -> None:
    other = BatchFeature({**batch, "pixel_values": batch["pixel_values"].flip(0)})

    assert write(model, other) != written


def test_the_end_of_the_turn_ends_the_answer(model: NvlmDForConditionalGeneration, processor: NvlmProcessor) -> None:
    settings = model.generation_config

    assert settings.eos_token_id == processor.eos_token_id
    assert settings.pad_token_id == processor.pad_token_id


def test_layers_on_different_devices_write_the_same_tokens(
    checkpoint: Path, batch: BatchFeature, written: list[list[int]], tmp_path: Path
) -> None:
    places = dict.fromkeys(["model.vision_tower.embeddings", "model.multi_modal_projector", "lm_head"], "cpu")
    places |= {f"model.vision_tower.{part}": "cpu" for part in ("encoder.layer.0", "encoder.layer.2", "layernorm")}
    places |= {f"model.language_model.{part}": "cpu" for part in ("embed_tokens", "norm", "rotary_emb", "layers.0")}
    # weights on the disk come when their layers run
    places |= dict.fromkeys(["model.vision_tower.encoder.layer.1", "model.language_model.layers.1"], "disk")
    places["model.language_model.layers.2"] = "disk"

    spread = AutoModelForImageTextToText.from_pretrained(checkpoint, device_map=places, offload_folder=tmp_path)

    assert write(spread, batch) == written
