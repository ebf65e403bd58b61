"""NVLM-D with random weights, made on its device layer by layer: nothing ever holds the bfloat16 model whole."""

from collections.abc import Callable
from enum import StrEnum

import torch
from accelerate import init_empty_weights
from torch import nn
from transformers.initialization import no_init_weights

from docproc.nvlm import NvlmDConfig, NvlmDForConditionalGeneration
from docproc.nvlm.tiny import tiny_config, tiny_tokenizer

#: tiles of an A4 or Letter page, and what a question costs beside it
PAGE_TILES, QUESTION_TOKENS = 7, 26
#: ids below it are ordinary words in every vocabulary
_WORD_IDS = 200


class Weights(StrEnum):
    """How the language model's linear maps are held; tower, projector, embeddings and head stay as they are."""

    FP8 = "fp8"
    FP8_WEIGHT_ONLY = "fp8-weight-only"
    INT8_WEIGHT_ONLY = "int8-weight-only"
    WHOLE = "bf16"


def published_config() -> NvlmDConfig:
    """The shape of NVLM-D-72B."""
    config: NvlmDConfig = NvlmDConfig.from_dict(
        {
            "ps_version": "v2",
            "force_image_size": 448,
            "image_token_id": 151654,
            "vision_config": {
                "hidden_size": 3200,
                "num_hidden_layers": 45,
                "num_attention_heads": 25,
                "intermediate_size": 12800,
                "image_size": 448,
            },
            "llm_config": {
                "vocab_size": 152064,
                "hidden_size": 8192,
                "intermediate_size": 29568,
                "num_hidden_layers": 80,
                "num_attention_heads": 64,
                "num_key_value_heads": 8,
                "max_position_embeddings": 32768,
                "bos_token_id": 151643,
                "eos_token_id": 151645,
            },
        }
    )
    return config


def small_config() -> NvlmDConfig:
    """Three layers of everything: what runs in seconds without a GPU."""
    return tiny_config(tiny_tokenizer())


def random_network(
    config: NvlmDConfig, *, device: torch.device, dtype: torch.dtype, weights: Weights
) -> NvlmDForConditionalGeneration:
    """The network on `device`; each layer of the language model is quantised before the next one is made."""
    # buffers are real at once: nothing but its constructor knows the speeds of the rotary positions
    with init_empty_weights(include_buffers=False), no_init_weights():
        network = NvlmDForConditionalGeneration(config)
    quantise = _quantiser(weights)
    for layer in network.model.language_model.layers:
        _fill(layer, device, dtype)
        quantise(layer)
    _fill(network, device, dtype)
    network.generation_config.eos_token_id = None
    network.generation_config.pad_token_id = 0
    network.eval()
    return network


def page_prompt(config: NvlmDConfig, *, device: torch.device, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """A prompt as long as a page's: random words, and the places of seven tiles of noise."""
    length = config.decoder_tokens(PAGE_TILES) + QUESTION_TOKENS
    ids = torch.randint(_WORD_IDS, (1, length), device=device)
    places = PAGE_TILES * config.tile_tokens
    ids[:, QUESTION_TOKENS : QUESTION_TOKENS + places] = config.image_token_id
    side = config.tile_px
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.randn(PAGE_TILES, 3, side, side, device=device, dtype=dtype),
    }


def multiplies_in_fp8(device: torch.device) -> str | None:
    """Why this device cannot multiply fp8 by fp8 as torchao asks it to; None: it can."""
    if device.type != "cuda":
        return f"torchao multiplies in fp8 on GPUs only, and this is a {device.type}"
    if torch.cuda.get_device_capability(device) < (8, 9):
        return f"{torch.cuda.get_device_name(device)} is older than compute capability 8.9"
    left, right = (torch.ones(32, 32, device=device).to(torch.float8_e4m3fn) for _ in range(2))
    one = torch.ones(32, 1, device=device)
    try:
        # a scale for each row of the left and each column of the right, which is laid out column by column
        torch._scaled_mm(left, right.t(), scale_a=one, scale_b=one.t(), out_dtype=torch.bfloat16)  # noqa: SLF001 as torchao calls it
    except RuntimeError as exc:
        return f"torch._scaled_mm: {str(exc).splitlines()[0]}"
    return None


def _quantiser(weights: Weights) -> Callable[[nn.Module], None]:
    if weights is Weights.WHOLE:
        return lambda _: None
    from torchao.quantization import (
        Float8DynamicActivationFloat8WeightConfig,
        Float8WeightOnlyConfig,
        Int8WeightOnlyConfig,
        PerRow,
        quantize_,
    )

    kinds = {
        Weights.FP8: lambda: Float8DynamicActivationFloat8WeightConfig(granularity=PerRow()),
        Weights.FP8_WEIGHT_ONLY: Float8WeightOnlyConfig,
        Weights.INT8_WEIGHT_ONLY: Int8WeightOnlyConfig,
    }
    kind = kinds[weights]()
    return lambda layer: quantize_(layer, kind)


def _fill(module: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Random weights for whatever has none yet, and every buffer on the device."""
    for part in module.modules():
        for name, weight in list(part.named_parameters(recurse=False)):
            if weight.is_meta:
                setattr(part, name, nn.Parameter(_random(weight, device, dtype), requires_grad=False))
        for name, buffer in list(part.named_buffers(recurse=False)):
            setattr(part, name, buffer.to(device))


def _random(weight: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    if weight.ndim == 1:
        return torch.ones(weight.shape, device=device, dtype=dtype)
    # as much comes out of a map as goes in, so that 80 layers neither vanish nor overflow
    width = weight[0].numel()
    return torch.empty(weight.shape, device=device, dtype=dtype).normal_(std=width**-0.5)
