"""A prompt and its decoding steps over places of fixed number: what torch.compile and CUDA graphs ask for.

The layers are transformers' own. Only what surrounds them is here: keys and values stay where they are, and nothing
that a step does depends on a number in the processor's memory, so that a step can be recorded once and replayed.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 torch's own name for it
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from docproc.nvlm import NvlmDForConditionalGeneration

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "grouped"
_WARM_UPS = 3
_MOST_SHAPES = 64


def grouped_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,  # noqa: ANN401 what transformers hands to every attention
) -> tuple[torch.Tensor, None]:
    """As `sdpa`, but one token's heads that share keys are given as so many tokens: no key is copied for each head."""
    if query.shape[2] > 1:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
        return found
    grouped = query.view(len(query), key.shape[1], -1, query.shape[-1])  # (rows, key heads, heads of each, width)
    read = F.scaled_dot_product_attention(grouped, key, value, attn_mask=attention_mask, scale=kwargs.get("scaling"))
    return read.reshape(len(query), 1, -1, query.shape[-1]), None  # (rows, 1, heads, width)


class Places:
    """Keys and values of one layer, as transformers' layers ask for them."""

    def __init__(self, like: torch.Tensor, shape: tuple[int, int, int, int], at: torch.Tensor) -> None:
        self.keys, self.values = like.new_zeros(shape), like.new_zeros(shape)  # (rows, key heads, places, width)
        #: where the next token goes
        self.at = at

    def update(self, keys: torch.Tensor, values: torch.Tensor, _layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Write what a layer computed, and give what it attends to."""
        if (length := keys.shape[2]) > 1:
            # a prompt starts at the first place and attends to itself alone
            self.keys[: len(keys), :, :length], self.values[: len(keys), :, :length] = keys, values
            return keys, values
        self.keys.index_copy_(2, self.at, keys)
        self.values.index_copy_(2, self.at, values)
        return self.keys, self.values


class Runner:
    """A network with room for `rows` answers; every row has the same prompt."""

    def __init__(
        self, network: NvlmDForConditionalGeneration, *, rows: int, places: int, backend: str | None = None
    ) -> None:
        AttentionInterface.register(_NAME, grouped_attention)
        language, config = network.model.language_model, network.config.text_config
        config._attn_implementation = _NAME  # noqa: SLF001 its setter would want a mask function as well
        self.network, self.rows, self.places = network, rows, places
        like = network.lm_head.weight
        self.at = torch.zeros(1, dtype=torch.long, device=like.device)
        self.tokens = torch.zeros(rows, 1, dtype=torch.long, device=like.device)
        width = config.hidden_size // config.num_attention_heads
        shape = (rows, config.num_key_value_heads, places, width)
        self.memory = [Places(like, shape, self.at) for _ in language.layers]
        self.layers: list[Callable[..., torch.Tensor]] = [_compiled(layer, backend) for layer in language.layers]
        self._replay: Callable[[], None] | None = None

    def prefill(self, prompt: dict[str, torch.Tensor]) -> None:
        """Read the prompt once, into the first row; its first answer token is every row's."""
        with torch.no_grad():
            self._prefill(prompt)

    def _prefill(self, prompt: dict[str, torch.Tensor]) -> None:
        ids, body = prompt["input_ids"], self.network.model
        hidden = body.language_model.embed_tokens(ids)  # (1, length, hidden)
        tokens = body.get_image_features(prompt["pixel_values"]).pooler_output.flatten(0, 1).to(hidden.dtype)
        hidden = hidden.masked_scatter((ids == self.network.config.image_token_id)[..., None], tokens)
        length = ids.shape[1]
        self.tokens.copy_(self._next(hidden, torch.arange(length, device=ids.device), None).expand(self.rows, 1))
        self.at.fill_(length)

    def share_prompt(self) -> None:
        """Give the first row's keys and values to all rows."""
        for layer in self.memory:
            for kept in (layer.keys, layer.values):
                kept[1:] = kept[:1]

    def move_to(self, place: int) -> None:
        """Go on writing at `place`."""
        self.at.fill_(place)

    def step(self) -> None:
        """Write one more token of every row."""
        (self._replay or self._step)()

    def record(self) -> None:
        """Record a step as a CUDA graph, which is replayed without Python from then on."""
        start, tokens = self.at.clone(), self.tokens.clone()
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UPS):
                self._step()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        self.at.copy_(start)
        self.tokens.copy_(tokens)
        self._replay = graph.replay

    def _step(self) -> None:
        with torch.no_grad():
            hidden = self.network.model.language_model.embed_tokens(self.tokens)  # (rows, 1, hidden)
            later = torch.arange(self.places, device=hidden.device) > self.at
            # as numbers, made once: every layer would turn true and false into them again
            mask = hidden.new_zeros(1, 1, 1, self.places).masked_fill(later, float("-inf"))
            self.tokens.copy_(self._next(hidden, self.at, mask))
            self.at.add_(1)

    def _next(self, hidden: torch.Tensor, places: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """(rows, length, hidden) -> the likeliest next token of each row (rows, 1)."""
        language = self.network.model.language_model
        turned = language.rotary_emb(hidden, places[None])
        for layer, memory in zip(self.layers, self.memory, strict=True):
            hidden = layer(hidden, attention_mask=mask, position_embeddings=turned, past_key_values=memory)
        return self.network.lm_head(language.norm(hidden[:, -1:])).argmax(-1)


def _compiled(layer: Any, backend: str | None) -> Any:  # noqa: ANN401 a layer of transformers
    """The layer, compiled once for all layers: they differ in their number alone, which `Places` does not need."""
    layer.self_attn.layer_idx = 0
    if backend is None:
        return layer
    # a shape is compiled when it comes: the prompt's and the step's, for each number of rows
    torch._dynamo.config.recompile_limit = _MOST_SHAPES  # noqa: SLF001 its documented place
    return torch.compile(layer, backend=backend, fullgraph=True, dynamic=False)
