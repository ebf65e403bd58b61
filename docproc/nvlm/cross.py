"""NVLM-X and NVLM-H: Qwen2 reads tiles by gated cross-attention; knows no images and no text.

The paper gives: cross-attention in every 8th of 80 layers (every 6th of 60), between self-attention and feed-forward
part, gated; no perceiver; X projects tile tokens by one layer and each tag attends to its own tile only; H projects by
two, takes the thumbnail's tokens into the decoder, and puts each tile's tag beside its tokens into what is attended to.

The paper does not say, and these are this project's choices: the gate is tanh of one number, zero at first; the first
layer of each group has it; keys and values have as many heads as the language model's; no biases, no positions, no
feed-forward part of its own, an RMS norm before the queries; a projector starts with a LayerNorm as in NVLM-D; text
before an image sees nothing of it, text after it sees all its tiles; H's tag also is added to each token of its tile.
There are no public weights of either.
"""

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 torch's own name for it
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.qwen2.configuration_qwen2 import Qwen2Config
from transformers.models.qwen2.modeling_qwen2 import Qwen2DecoderLayer, Qwen2RMSNorm

from docproc.nvlm.config import TAG_TOKENS, NvlmDConfig
from docproc.nvlm.model import NvlmDForConditionalGeneration, NvlmDModel, two_layer_projector

#: what is said of tiles: see `NvlmXProcessor`
TILE_INPUTS = ("pixel_values", "tile_rows", "tile_is_thumbnail", "tile_tags")


class NvlmXConfig(NvlmDConfig):
    """The shape of NVLM-X."""

    model_type = "NVLM_X"
    own_keys = ("cross_attention_every",)

    #: one layer of so many has cross-attention: ten in all
    cross_attention_every: int = 8

    @property
    def cross_layers(self) -> range:
        """Which layers of the language model have cross-attention: the first of each group."""
        return range(0, self.text_config.num_hidden_layers, self.cross_attention_every)

    def decoder_tokens(self, tile_count: int) -> int:
        """The tags and `<Image></Image>`."""
        return tile_count * TAG_TOKENS + 5

    def attended_places(self, tile_count: int) -> int:
        """Every tile, in each layer with cross-attention."""
        return len(self.cross_layers) * tile_count * self.tile_tokens


class NvlmHConfig(NvlmXConfig):
    """The shape of NVLM-H."""

    model_type = "NVLM_H"

    def decoder_tokens(self, tile_count: int) -> int:
        """The thumbnail behind its tag, and `<Image></Image>`."""
        del tile_count
        return TAG_TOKENS + self.tile_tokens + 5

    def attended_places(self, tile_count: int) -> int:
        """Every tile but the thumbnail, each with its tag."""
        return len(self.cross_layers) * (tile_count - 1) * (TAG_TOKENS + self.tile_tokens)


class Memory(NamedTuple):
    """What the tiles of a batch are remembered as, and who sees what of it."""

    #: (batch, cross layers, 2, heads, places, head width): keys and values
    keys_values: torch.Tensor
    #: (batch, length, places): may this token see this place?
    visible: torch.Tensor


class GatedCrossAttention(nn.Module):
    """What a token reads of the tiles, as much as the gate lets through."""

    def __init__(self, config: Qwen2Config) -> None:
        super().__init__()
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        width = config.hidden_size // self.heads
        self.norm = Qwen2RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.q_proj = nn.Linear(config.hidden_size, self.heads * width, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, self.groups * width, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, self.groups * width, bias=False)
        self.o_proj = nn.Linear(self.heads * width, config.hidden_size, bias=False)
        self.gate = nn.Parameter(torch.zeros(1))

    def keys_values(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens (batch, places, hidden) -> (batch, 2, groups, places, width)."""
        both = [part(tokens).unflatten(-1, (self.groups, -1)).transpose(1, 2) for part in (self.k_proj, self.v_proj)]
        return torch.stack(both, 1)

    def forward(self, hidden: torch.Tensor, keys_values: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        """Hidden (batch, length, hidden) with what its tokens read added."""
        q = self.q_proj(self.norm(hidden)).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (b, heads, length, width)
        k, v = keys_values.repeat_interleave(self.heads // self.groups, 2).unbind(1)  # (b, heads, places, width)
        sees = visible.any(-1, keepdim=True)  # (b, length, 1)
        # a token that sees nothing is let look everywhere, so that no row of the softmax is empty, and reads nothing
        read = F.scaled_dot_product_attention(q, k, v, attn_mask=(visible | ~sees)[:, None])
        read = self.o_proj(read.transpose(1, 2).flatten(2)).masked_fill(~sees, 0.0)
        return hidden + self.gate.tanh() * read


class CrossDecoderLayer(Qwen2DecoderLayer):
    """A layer of Qwen2 with cross-attention between self-attention and feed-forward part."""

    def __init__(self, config: Qwen2Config, layer_idx: int, *, number: int) -> None:
        super().__init__(config, layer_idx)
        #: which of the layers with cross-attention it is
        self.number = number
        self.cross_attn = GatedCrossAttention(config)

    def forward(self, hidden_states: torch.Tensor, memory: Memory | None = None, **kwargs: Any) -> torch.Tensor:  # noqa: ANN401
        """(batch, length, hidden) -> the same."""
        attended, _ = self.self_attn(hidden_states=self.input_layernorm(hidden_states), **kwargs)
        hidden = hidden_states + attended
        if memory is not None:
            hidden = self.cross_attn(hidden, memory.keys_values[:, self.number], memory.visible)
        return hidden + self.mlp(self.post_attention_layernorm(hidden))


def one_layer_projector(config: NvlmDConfig) -> nn.Sequential:
    """X's way from a shuffled tower token to the language model's width."""
    width = config.shuffled_width
    return nn.Sequential(nn.LayerNorm(width, eps=1e-5), nn.Linear(width, config.text_config.hidden_size, bias=False))


class NvlmXModel(NvlmDModel):
    """Tower, projector and a language model that reads all tiles by cross-attention."""

    config: NvlmXConfig
    projector = staticmethod(one_layer_projector)
    # a device map puts a layer on one device, as transformers' own layers are
    _no_split_modules = ("CrossDecoderLayer",)

    def __init__(self, config: NvlmXConfig) -> None:
        super().__init__(config)
        layers = self.language_model.layers
        for number, index in enumerate(config.cross_layers):
            layers[index] = CrossDecoderLayer(config.text_config, index, number=number)
        self.post_init()

    def remember(self, *, batch_size: int, pixel_values: torch.Tensor, tile_rows: torch.Tensor) -> dict[str, Any]:
        """What `forward` takes instead of pixels; `tile_rows` (tiles,): to which row of the batch a tile belongs."""
        tokens = self.get_image_features(pixel_values).pooler_output  # (tiles, 256, hidden)
        return {"tile_memory": self._keys_values(tokens, tile_rows, batch_size)}

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        past_key_values: Any = None,  # noqa: ANN401 any cache of transformers
        tile_memory: torch.Tensor | None = None,
        memory_range: torch.Tensor | None = None,
        **kwargs: Any,  # noqa: ANN401 the base class's signature
    ) -> Any:  # noqa: ANN401 the base class's output
        """As the base class; `memory_range` (batch, prompt length, 2): from and up to which place a token may look."""
        tiles = {name: kwargs.pop(name) for name in TILE_INPUTS if name in kwargs}
        if tiles.get("pixel_values") is not None and input_ids is not None:
            given = {name: value for name, value in tiles.items() if value is not None}
            kwargs |= {"tile_memory": tile_memory} | self.remember(batch_size=len(input_ids), **given)
            tile_memory = kwargs.pop("tile_memory")
        memory = None
        if tile_memory is not None and memory_range is not None and input_ids is not None:
            start = past_key_values.get_seq_length() if past_key_values is not None else 0
            here = torch.arange(input_ids.shape[1], device=input_ids.device) + start
            # what is written after the prompt sees what the prompt's last token sees
            ranges = memory_range[:, here.clamp(max=memory_range.shape[1] - 1)]  # (batch, length, 2)
            places = torch.arange(tile_memory.shape[-2], device=input_ids.device)
            memory = Memory(tile_memory, (places >= ranges[..., :1]) & (places < ranges[..., 1:]))
        return super().forward(input_ids=input_ids, past_key_values=past_key_values, memory=memory, **kwargs)

    def _keys_values(self, tokens: torch.Tensor, rows: torch.Tensor, batch_size: int) -> torch.Tensor | None:
        """Each row's tiles one behind the other, as keys and values of each layer. tokens: (tiles, t, hidden)."""
        if not len(tokens):
            return None
        # a device map may have put tower, embeddings and layers on different devices
        rows = rows.to(tokens.device)
        counts = rows.bincount(minlength=batch_size)  # (batch,)
        slots = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
        kept = tokens.new_zeros(batch_size, int(counts.max()), *tokens.shape[1:])
        kept[rows, slots] = tokens
        kept = kept.flatten(1, 2)  # (batch, places, hidden)
        attentions = (self.language_model.layers[index].cross_attn for index in self.config.cross_layers)
        return torch.stack([attention.keys_values(kept).to(kept.device) for attention in attentions], 1)


class NvlmHModel(NvlmXModel):
    """The thumbnail goes through the decoder, the other tiles with their tags through cross-attention."""

    projector = staticmethod(two_layer_projector)

    def remember(  # type: ignore[override]  # H's tiles come with more than X's
        self,
        *,
        batch_size: int,
        pixel_values: torch.Tensor,
        tile_rows: torch.Tensor,
        tile_is_thumbnail: torch.Tensor,
        tile_tags: torch.Tensor,
    ) -> dict[str, Any]:
        """As X's; `tile_tags` (tiles, 5) are the tokens of each tile's tag."""
        tokens = self.get_image_features(pixel_values).pooler_output  # (tiles, 256, hidden)
        tags = self.get_input_embeddings()(tile_tags).to(tokens)  # (tiles, 5, hidden)
        tile_is_thumbnail = tile_is_thumbnail.to(tokens.device)
        # Attention without positions sees a bag of places: a tag that only lay beside its tile would say nothing of it.
        told = tokens + tags.sum(1, keepdim=True)
        tagged = torch.cat([tags, told], 1)[~tile_is_thumbnail]  # (tiles without thumbnails, 261, hidden)
        return {
            "tile_memory": self._keys_values(tagged, tile_rows.to(tokens.device)[~tile_is_thumbnail], batch_size),
            "mm_encoder_outputs": {"image": BaseModelOutputWithPooling(pooler_output=tokens[tile_is_thumbnail])},
        }


class NvlmXForConditionalGeneration(NvlmDForConditionalGeneration):
    """NVLM-X as `AutoModelForImageTextToText` gives it."""

    config: NvlmXConfig
    config_class = NvlmXConfig
    body = NvlmXModel

    def forward(  # noqa: PLR0913, PLR0917 every name is spelt out: `generate` refuses what it does not find here
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        tile_rows: torch.Tensor | None = None,
        tile_is_thumbnail: torch.Tensor | None = None,
        tile_tags: torch.Tensor | None = None,
        tile_memory: torch.Tensor | None = None,
        memory_range: torch.Tensor | None = None,
        mm_encoder_outputs: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401 the base class's signature
    ) -> Any:  # noqa: ANN401 the base class's output
        """Logits (batch, length, vocabulary) and whatever else the base class gives."""
        return super().forward(
            input_ids=input_ids,
            pixel_values=pixel_values,
            tile_rows=tile_rows,
            tile_is_thumbnail=tile_is_thumbnail,
            tile_tags=tile_tags,
            tile_memory=tile_memory,
            memory_range=memory_range,
            mm_encoder_outputs=mm_encoder_outputs,
            **kwargs,
        )

    @torch.no_grad()
    def generate(self, inputs: torch.Tensor | None = None, **kwargs: Any) -> Any:  # noqa: ANN401 the base class's signature
        """As the base class; tiles are looked at once, not once a token."""
        tiles = {name: kwargs.pop(name) for name in TILE_INPUTS if kwargs.get(name) is not None}
        if tiles:
            ids = inputs if inputs is not None else kwargs["input_ids"]
            kwargs |= self.model.remember(batch_size=len(ids), **tiles)
        return super().generate(inputs, **kwargs)


class NvlmHForConditionalGeneration(NvlmXForConditionalGeneration):
    """NVLM-H as `AutoModelForImageTextToText` gives it."""

    config: NvlmHConfig
    config_class = NvlmHConfig
    body = NvlmHModel
