"""What a page and a step of decoding cost NVLM-D at least, in operations and bytes, and how long a GPU takes for them.

It counts what must be computed and read once; it knows no measurement.
"""

from dataclasses import dataclass

import torch
from nvlm_random import Weights

from docproc.nvlm import NvlmDConfig
from docproc.nvlm.sizing import empty_network, network_size

_BF16_BYTES = 2
_LINEAR_BYTES = {Weights.FP8: 1, Weights.FP8_WEIGHT_ONLY: 1, Weights.INT8_WEIGHT_ONLY: 1, Weights.WHOLE: 2}
#: how much faster a GPU multiplies in fp8 than in bfloat16: assumed, not measured
FP8_GAIN = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """What a GPU was measured to do at most."""

    #: bfloat16 matrix products of random numbers
    flops_per_s: float
    #: a copy within its memory, read and written bytes together
    bytes_per_s: float


#: by what the driver's name of the GPU contains; the H200's figures were measured, the H100's memory scaled from them
KNOWN_GPUS = {
    "H200": Gpu(flops_per_s=790e12, bytes_per_s=4.3e12),
    "H100": Gpu(flops_per_s=790e12, bytes_per_s=3.0e12),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the network costs."""

    #: operations of a page's tiles
    tower_flops: float
    projector_flops: float
    #: operations of the language model's linear maps and of its attention, over a page's prompt
    linear_flops: float
    attention_flops: float
    #: bytes that every step of decoding reads, however many rows it has
    step_weight_bytes: float
    #: parameters of the same
    step_weights: float
    #: bytes of a token's keys and values
    token_bytes: float

    @property
    def page_flops(self) -> float:
        """Operations of a prefill."""
        return self.tower_flops + self.projector_flops + self.linear_flops + self.attention_flops

    def prefill_s(self, gpu: Gpu, weights: Weights) -> float:
        """Seconds of a page's prefill if nothing but arithmetic took time."""
        gain = FP8_GAIN if weights is Weights.FP8 else 1.0
        return (self.page_flops - self.linear_flops + self.linear_flops / gain) / gpu.flops_per_s

    def step_bytes(self, *, rows: int, context: float) -> float:
        """Bytes that a step reads: weights once, and every row's keys and values."""
        return self.step_weight_bytes + rows * context * self.token_bytes

    def step_s(self, gpu: Gpu, *, rows: int, context: float) -> float:
        """Seconds of a step if nothing but reading took time, or arithmetic where that takes longer."""
        reading = self.step_bytes(rows=rows, context=context) / gpu.bytes_per_s
        return max(reading, rows * 2 * self.step_weights / gpu.flops_per_s)


def network_work(config: NvlmDConfig, *, tiles: int, tokens: int, weights: Weights) -> Work:
    """The work of a page of `tiles` tiles in a prompt of `tokens` tokens."""
    network = empty_network(config)
    size, tower, language = network_size(network), config.vision_config, config.text_config
    projector = sum(weight.numel() for weight in network.model.multi_modal_projector.parameters())
    head = network.lm_head.weight.numel()
    places = (config.tile_px // tower.patch_size[0]) ** 2 + 1
    head_width = language.hidden_size // language.num_attention_heads
    return Work(
        # twice a multiplication and an addition for scores and sums: 4 operations for each pair of places
        tower_flops=tiles * (2 * size.tower * places + 4 * tower.num_hidden_layers * places**2 * tower.hidden_size),
        projector_flops=tiles * 2 * projector * config.tile_tokens,
        linear_flops=2 * size.linear * tokens,
        # a token attends to those before it: half of the pairs
        attention_flops=2 * language.num_hidden_layers * tokens**2 * language.hidden_size,
        step_weight_bytes=size.linear * _LINEAR_BYTES[weights] + head * _BF16_BYTES,
        step_weights=size.linear + head,
        token_bytes=2 * language.num_hidden_layers * language.num_key_value_heads * head_width * _BF16_BYTES,
    )


def known_gpu(name: str) -> Gpu | None:
    """The figures of the GPU that the driver calls `name`."""
    return next((gpu for part, gpu in KNOWN_GPUS.items() if part in name), None)


def device_name(device: torch.device) -> str:
    """What the driver calls the device."""
    return str(torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper())
