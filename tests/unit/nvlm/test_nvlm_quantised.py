"""NVLM-D with its language model in eight bits: tower and projector stay whole, whatever was asked for."""

from pathlib import Path

import pytest
import torch
from doubles.nvlm_prompts import ask
from torchao.quantization import Float8WeightOnlyConfig, Int8WeightOnlyConfig
from transformers import AutoModelForImageTextToText, TorchAoConfig

from docproc.nvlm import CheckpointError, NvlmProcessor

KINDS = [Int8WeightOnlyConfig, Float8WeightOnlyConfig]


@pytest.mark.parametrize("kind", KINDS)
# the name without its beginning is not understood, and would leave half of the tower random
@pytest.mark.parametrize("left_out", [None, ["vision_tower"]])
def test_only_the_language_models_linear_maps_are_quantised(
    checkpoint: Path, processor: NvlmProcessor, kind: type, left_out: list[str] | None
) -> None:
    asked_for = TorchAoConfig(kind(), modules_to_not_convert=left_out)

    model = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=torch.bfloat16, quantization_config=asked_for)

    whole = {name for name, weight in model.named_parameters() if type(weight) is torch.nn.Parameter}
    assert {name for name, _ in model.named_parameters() if "vision_tower" in name or "projector" in name} <= whole
    assert "model.language_model.layers.1.mlp.up_proj.weight" not in whole
    assert model.generate(**ask(processor, ("Total?", (60, 120))), max_new_tokens=4, do_sample=False).shape[0] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_logits_stay_near_those_of_whole_weights(checkpoint: Path, processor: NvlmProcessor, kind: type) -> None:
    batch = ask(processor, ("Which is the total?", (210, 297)))
    whole = AutoModelForImageTextToText.from_pretrained(checkpoint)
    few = AutoModelForImageTextToText.from_pretrained(checkpoint, quantization_config=TorchAoConfig(kind()))

    with torch.no_grad():
        expected, found = whole(**batch).logits, few(**batch).logits

    assert 0 < (found - expected).abs().max() < 0.3 * expected.abs().max()


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_tensor_fails_the_load_as_ever(checkpoint: Path, tmp_path: Path, kind: type) -> None:
    for file in checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(index.read_text().replace("layers.1.attn.qkv.weight", "layers.9.attn.qkv.weight"))
    for shard in tmp_path.glob("*.safetensors"):
        # the same length, so that the header stays what it says it is
        shard.write_bytes(shard.read_bytes().replace(b"layers.1.attn.qkv.weight", b"layers.9.attn.qkv.weight"))

    with pytest.raises(CheckpointError, match="missing"):
        AutoModelForImageTextToText.from_pretrained(tmp_path, quantization_config=TorchAoConfig(kind()))
