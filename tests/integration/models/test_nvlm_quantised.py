"""NVLM-D with its language model in eight bits: tower and projector stay whole, whatever was asked for."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from doubles.nvlm_prompts import ask
from safetensors.torch import load_file, save_file
from torch import Tensor
from torchao.quantization import Float8WeightOnlyConfig, Int8WeightOnlyConfig
from transformers import AutoModelForImageTextToText, AutoProcessor, BitsAndBytesConfig, TorchAoConfig

from docproc.nvlm import (
    CheckpointError,
    NvlmDConfig,
    NvlmHConfig,
    NvlmProcessor,
    NvlmXConfig,
    QuantisationError,
)
from docproc.nvlm.model import keep_tower_whole
from docproc.nvlm.tiny import write_tiny

pytestmark = pytest.mark.integration

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


def with_weights(checkpoint: Path, folder: Path, edit: Callable[[dict[str, Tensor]], object]) -> Path:
    """The checkpoint as one file in `folder`, with its weights changed."""
    weights = {name: weight for shard in checkpoint.glob("*.safetensors") for name, weight in load_file(shard).items()}
    edit(weights)
    shutil.copy(checkpoint / "config.json", folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


QKV = "vision_model.encoder.layers.1.attn.qkv.weight"
UP = "language_model.model.layers.1.mlp.up_proj.weight"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda weights: weights.pop(QKV), "3 missing .*k_proj.weight"),
        (lambda weights: weights.pop(UP), "1 missing .*layers.1.mlp.up_proj.weight"),
        (lambda weights: weights.update({"mlp1.1.bias": torch.zeros(192)}), "1 unexpected .*projector.1.bias"),
        (lambda weights: weights.update({UP: torch.zeros(191, 64)}), "does not fit the network"),
        (lambda weights: weights.update({"mlp1.3.weight": torch.zeros(64, 191)}), "does not fit the network"),
        (lambda weights: weights[QKV][100].fill_(1e-3), "does not fit the network"),
    ],
    ids=["tower missing", "language missing", "unexpected", "language shape", "projector shape", "dummy head"],
)
def test_a_tensor_that_is_not_as_it_should_be_fails_the_load_as_ever(
    checkpoint: Path, tmp_path: Path, kind: type, edit: Callable[[dict[str, Tensor]], object], complaint: str
) -> None:
    with pytest.raises(CheckpointError, match=complaint):
        AutoModelForImageTextToText.from_pretrained(
            with_weights(checkpoint, tmp_path, edit), quantization_config=TorchAoConfig(kind())
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relative", [NvlmXConfig, NvlmHConfig], ids=["x", "h"])
def test_relatives_are_quantised_with_their_cross_attention(
    relative: type[NvlmDConfig], kind: type, quiet_torch: None, tmp_path: Path
) -> None:
    del quiet_torch
    write_tiny(tmp_path, kind=relative)
    batch = ask(AutoProcessor.from_pretrained(tmp_path), ("Which is the total?", (210, 297)))
    whole = AutoModelForImageTextToText.from_pretrained(tmp_path)
    few = AutoModelForImageTextToText.from_pretrained(tmp_path, quantization_config=TorchAoConfig(kind()))

    with torch.no_grad():
        expected, found = whole(**batch).logits, few(**batch).logits

    kept = {name for name, weight in few.named_parameters() if type(weight) is torch.nn.Parameter}
    assert {name for name, _ in few.named_parameters() if "vision_tower" in name or "projector" in name} <= kept
    assert "model.language_model.layers.0.cross_attn.q_proj.weight" not in kept
    assert 0 < (found - expected).abs().max() < 0.3 * expected.abs().max()


@pytest.mark.parametrize("bits", [{"load_in_4bit": True}, {"load_in_8bit": True}], ids=["four", "eight"])
def test_bitsandbytes_is_refused_where_there_is_no_gpu(checkpoint: Path, bits: dict[str, bool]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")

    with pytest.raises(QuantisationError, match="there is none; torchao's eight bits run without one"):
        AutoModelForImageTextToText.from_pretrained(checkpoint, quantization_config=BitsAndBytesConfig(**bits))


def test_four_bits_leave_tower_projector_and_head_whole() -> None:
    asked_for = BitsAndBytesConfig(load_in_4bit=True, llm_int8_skip_modules=["model.language_model.norm"])

    kept = keep_tower_whole(asked_for).llm_int8_skip_modules

    assert kept == ["lm_head", "model.language_model.norm", "model.multi_modal_projector", "model.vision_tower"]
    assert asked_for.llm_int8_skip_modules == ["model.language_model.norm"]


def test_ranks_that_share_quantised_maps_have_their_shapes_looked_at_first(checkpoint: Path, tmp_path: Path) -> None:
    folder = with_weights(checkpoint, tmp_path, lambda weights: weights.update({UP: torch.zeros(191, 64)}))
    with pytest.raises(CheckpointError, match=r"up_proj.weight is \(191, 64\), not \(192, 64\)"):
        AutoModelForImageTextToText.from_pretrained(
            folder, quantization_config=TorchAoConfig(Int8WeightOnlyConfig()), tp_plan="auto"
        )
