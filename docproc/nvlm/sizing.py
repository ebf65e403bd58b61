"""How large a network is, on which GPUs it fits and how many pages fit beside it; knows no files."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from transformers import AutoModelForImageTextToText, PreTrainedModel
from transformers.core_model_loading import revert_weight_conversion
from transformers.initialization import no_init_weights

from docproc.nvlm.config import NvlmDConfig

GIB = 1024**3
#: left free on every GPU: activations of a prefill, the libraries' own
RESERVE_BYTES = 5 * GIB
#: what a usual page costs beside its image: system line, question, and an answer
PROMPT_TOKENS, ANSWER_TOKENS = 26, 512
#: tiles of an A4 or Letter page
PAGE_TILES = 7
#: of a number in the cache: bfloat16
_CACHE_BYTES = 2

#: bytes that a number of the language model's linear maps takes; everything else stays bfloat16
PRECISIONS = {
    "bf16": 2.0,
    "fp8": 1.0,
    # groups of 128: four bits each, a two-byte scale and a half-byte zero for all
    "int4": 0.5 + 2.5 / 128,
}
#: memory that is left to a program, in GiB
GPUS = {"L4": 22, "RTX 4090": 23, "L40S": 44, "A100 80 GB": 79, "H100": 79, "H200": 139, "B200": 178}
GPU_COUNTS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSize:
    """Parameters by how they can be held."""

    #: the tower, which every GPU holds whole
    tower: int
    #: the language model's linear maps, the only ones that are ever quantised
    linear: int
    #: projector, embeddings, head, norms
    rest: int
    cache_bytes_per_page: int
    most_gpus: int

    @property
    def parameters(self) -> int:
        """How many numbers are loaded, dummy heads not included."""
        return self.tower + self.linear + self.rest

    def weight_bytes(self, precision: str, *, gpus: int = 1) -> int:
        """Bytes of weights on each of `gpus` GPUs that share the language model."""
        shared = self.linear * PRECISIONS[precision] + self.rest * 2
        return round(self.tower * 2 + shared / gpus)

    def pages(self, precision: str, *, gpus: int, gpu_bytes: int) -> int:
        """How many pages the caches of `gpus` GPUs hold at once; 0: the network does not fit, or nothing beside it."""
        free = gpu_bytes - RESERVE_BYTES - self.weight_bytes(precision, gpus=gpus)
        return max(0, free * gpus // self.cache_bytes_per_page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A set of GPUs on which a network runs."""

    precision: str
    gpu: str
    gpus: int
    pages: int


def empty_network(config: NvlmDConfig) -> PreTrainedModel:
    """The network without memory for its weights."""
    with torch.device("meta"), no_init_weights():
        return AutoModelForImageTextToText.from_config(config)


def published_shapes(network: PreTrainedModel) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a published checkpoint of `network` holds."""
    stored = revert_weight_conversion(network, network.state_dict())
    return {name: tuple(weight.shape) for name, weight in stored.items()}


def network_size(network: PreTrainedModel) -> NetworkSize:
    """The size of `network`."""
    config, language = network.config, network.config.text_config
    counts = {"tower": 0, "linear": 0, "rest": 0}
    for name, weight in network.named_parameters():
        counts[_part(name, weight)] += weight.numel()
    head_width = language.hidden_size // language.num_attention_heads
    tokens = config.decoder_tokens(PAGE_TILES) + PROMPT_TOKENS + ANSWER_TOKENS
    places = language.num_hidden_layers * tokens + config.attended_places(PAGE_TILES)
    return NetworkSize(
        **counts,
        cache_bytes_per_page=places * 2 * language.num_key_value_heads * head_width * _CACHE_BYTES,
        most_gpus=language.num_key_value_heads,
    )


def fits(size: NetworkSize) -> Iterator[Fit]:
    """The smallest number of each kind of GPU on which `size` runs, for each precision."""
    for precision in PRECISIONS:
        for gpu, gib in GPUS.items():
            for gpus in GPU_COUNTS:
                pages = size.pages(precision, gpus=gpus, gpu_bytes=gib * GIB)
                if pages and gpus <= size.most_gpus:
                    yield Fit(precision=precision, gpu=gpu, gpus=gpus, pages=pages)
                    break


def _part(name: str, weight: torch.Tensor) -> str:
    if name.startswith("model.vision_tower."):
        return "tower"
    return "linear" if "language_model.layers." in name and weight.ndim > 1 else "rest"
