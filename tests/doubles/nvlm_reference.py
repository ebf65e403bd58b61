"""NVLM-D in plain torch, written from the published facts: dummy heads and all, in any precision; slow and naive.

It shares nothing with docproc.nvlm, and it can be told to make one of the mistakes that are easily made.
"""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 torch's own name for it


class Mistake(StrEnum):
    PER_HEAD_NORM = "per-head norm"
    NO_QK_NORM = "no norm of queries and keys"
    VARIANCE_OVER_STORED_HEADS = "variance over the stored heads"
    SHUFFLE_V1 = "pixel shuffle v1"
    CLS_KEPT = "CLS kept, last patch dropped"
    NO_LAYER_SCALE = "no layer scale"
    NO_PROJECTOR_BIAS = "projector's norm without bias"
    NO_QKV_BIAS = "language model without attention bias"
    TIED_HEAD = "head tied to the embeddings"


class Reference:
    """The network over published-name weights."""

    def __init__(self, folder: Path, *, dtype: torch.dtype, mistake: Mistake | None = None) -> None:
        shards = sorted(folder.glob("*.safetensors"))
        self.weights = {name: weight.to(dtype) for shard in shards for name, weight in load_file(shard).items()}
        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text())
        self.dtype, self.mistake = dtype, mistake

    def logits(self, ids: Tensor, pixels: Tensor | None = None) -> Tensor:
        """For one prompt without padding: ids (length,), pixels (tiles, 3, px, px) -> (length, vocabulary)."""
        x = self.weights["language_model.model.embed_tokens.weight"][ids]  # (length, hidden)
        if pixels is not None:
            x[ids == self.config["image_token_id"]] = self.image_tokens(pixels).flatten(0, 1)
        return self._written(x, None)

    def cross_logits(self, ids: Tensor, pixels: Tensor, ranges: Tensor, tags: Tensor | None = None) -> Tensor:
        """As `logits`, for NVLM-X, and for -H with its tiles' `tags` (tiles, 5); ranges (length, 2): who sees what."""
        x = self.weights["language_model.model.embed_tokens.weight"][ids]
        tiles = self.image_tokens(pixels)  # (tiles, tokens, hidden)
        if tags is not None:
            x[ids == self.config["image_token_id"]] = tiles[-1]
            beside = self.weights["language_model.model.embed_tokens.weight"][tags]
            # each of a tile's places is told its tag, word by word
            told = tiles + beside[:, 0:1] + beside[:, 1:2] + beside[:, 2:3] + beside[:, 3:4] + beside[:, 4:5]
            tiles = torch.cat([beside, told], 1)[:-1]
        return self._written(x, (tiles.flatten(0, 1), ranges))

    def _written(self, x: Tensor, seen: tuple[Tensor, Tensor] | None) -> Tensor:
        for number in range(self.config["llm_config"]["num_hidden_layers"]):
            x = self._language_layer(x, f"language_model.model.layers.{number}.", seen)
        x = rms(x, self.weights["language_model.model.norm.weight"], 1e-6)
        tied = self.mistake is Mistake.TIED_HEAD
        head = "language_model.model.embed_tokens.weight" if tied else "language_model.lm_head.weight"
        return x @ self.weights[head].T

    def image_tokens(self, pixels: Tensor) -> Tensor:
        """Tiles (tiles, 3, px, px) -> (tiles, tokens, hidden of the language model)."""
        w, x = self.weights, self.tower(pixels.to(self.dtype))
        x = x[:, :-1] if self.mistake is Mistake.CLS_KEPT else x[:, 1:]
        side = round(x.shape[1] ** 0.5)
        x = x.unflatten(1, (side, side))  # (tiles, rows, columns, width)
        corners = [x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        x = torch.cat(corners, -1)  # (tiles, rows / 2, columns / 2, 4 * width)
        if self.mistake is Mistake.SHUFFLE_V1:
            x = x.transpose(1, 2)
        x = x.flatten(1, 2)
        bias = None if self.mistake is Mistake.NO_PROJECTOR_BIAS else w["mlp1.0.bias"]
        x = F.layer_norm(x, x.shape[-1:], w["mlp1.0.weight"], bias, 1e-5)
        x = x @ w["mlp1.1.weight"].T
        return F.gelu(x) @ w["mlp1.3.weight"].T if "mlp1.3.weight" in w else x  # NVLM-X has one layer

    def tower(self, pixels: Tensor) -> Tensor:
        """Tiles -> (tiles, 1 + patches, width), CLS first."""
        w, place = self.weights, "vision_model.embeddings."
        patches = F.conv2d(pixels, w[place + "patch_embedding.weight"], w[place + "patch_embedding.bias"], stride=14)
        cls = w[place + "class_embedding"].expand(len(pixels), -1, -1)
        x = torch.cat([cls, patches.flatten(2).transpose(1, 2)], 1) + w[place + "position_embedding"]
        for number in range(self.config["vision_config"]["num_hidden_layers"]):
            x = self._tower_layer(x, f"vision_model.encoder.layers.{number}.")
        return x

    def _tower_layer(self, x: Tensor, place: str) -> Tensor:
        w = self.weights
        one = self.mistake is Mistake.NO_LAYER_SCALE
        ls1, ls2 = (1.0, 1.0) if one else (w[place + "ls1"], w[place + "ls2"])
        x = x + self._tower_attention(rms(x, w[place + "norm1.weight"], 1e-6), place + "attn.") * ls1
        hidden = F.linear(
            rms(x, w[place + "norm2.weight"], 1e-6), w[place + "mlp.fc1.weight"], w[place + "mlp.fc1.bias"]
        )
        return x + F.linear(F.gelu(hidden), w[place + "mlp.fc2.weight"], w[place + "mlp.fc2.bias"]) * ls2

    def _tower_attention(self, x: Tensor, place: str) -> Tensor:
        w, heads = self.weights, self.config["vision_config"]["num_attention_heads"]
        width = x.shape[-1] // heads
        q, k, v = (x @ w[place + "qkv.weight"].T).chunk(3, -1)  # each (tiles, places, stored heads * width)
        q, k = (
            self._qk_norm(part, w[f"{place}{name}_norm.weight"], x.shape[-1], width)
            for name, part in (("q", q), ("k", k))
        )
        q, k, v = (part.unflatten(-1, (-1, width)).transpose(1, 2) for part in (q, k, v))
        seen = torch.softmax(q @ k.transpose(-1, -2) * width**-0.5, -1) @ v
        return F.linear(seen.transpose(1, 2).flatten(2), w[place + "proj.weight"], w[place + "proj.bias"])

    def _qk_norm(self, x: Tensor, weight: Tensor, real_width: int, head_width: int) -> Tensor:
        if self.mistake is Mistake.NO_QK_NORM:
            return x
        if self.mistake is Mistake.PER_HEAD_NORM:
            heads = x.unflatten(-1, (-1, head_width))
            return rms(heads, torch.ones((), dtype=x.dtype), 1e-6).flatten(-2) * weight
        over = x.shape[-1] if self.mistake is Mistake.VARIANCE_OVER_STORED_HEADS else real_width
        return x * torch.rsqrt(x.square().sum(-1, keepdim=True) / over + 1e-6) * weight

    def _cross_attention(self, x: Tensor, place: str, seen: tuple[Tensor, Tensor]) -> Tensor:
        """What each token reads of the places that it may see, one token and one head after the other."""
        w, language = self.weights, self.config["llm_config"]
        heads, groups = language["num_attention_heads"], language["num_key_value_heads"]
        width = x.shape[-1] // heads
        places, ranges = seen
        q = (rms(x, w[place + "norm.weight"], 1e-6) @ w[place + "q_proj.weight"].T).unflatten(-1, (heads, width))
        k, v = ((places @ w[f"{place}{name}_proj.weight"].T).unflatten(-1, (groups, width)) for name in "kv")
        read = torch.zeros_like(q)
        for token, (start, end) in enumerate(ranges.tolist()):
            for head in range(heads if end > start else 0):
                group = head * groups // heads
                shares = torch.softmax(k[start:end, group] @ q[token, head] * width**-0.5, 0)
                read[token, head] = shares @ v[start:end, group]
        return torch.tanh(w[place + "gate"]) * (read.flatten(1) @ w[place + "o_proj.weight"].T)

    def _language_layer(self, x: Tensor, place: str, seen: tuple[Tensor, Tensor] | None) -> Tensor:
        w = self.weights
        x = x + self._language_attention(rms(x, w[place + "input_layernorm.weight"], 1e-6), place + "self_attn.")
        if seen is not None and place + "cross_attn.gate" in w:
            x = x + self._cross_attention(x, place + "cross_attn.", seen)
        h = rms(x, w[place + "post_attention_layernorm.weight"], 1e-6)
        gate = F.silu(h @ w[place + "mlp.gate_proj.weight"].T)
        return x + (gate * (h @ w[place + "mlp.up_proj.weight"].T)) @ w[place + "mlp.down_proj.weight"].T

    def _language_attention(self, x: Tensor, place: str) -> Tensor:
        w, language = self.weights, self.config["llm_config"]
        heads, groups = language["num_attention_heads"], language["num_key_value_heads"]
        width = x.shape[-1] // heads
        parts = []
        for name in "qkv":
            bias = 0 if self.mistake is Mistake.NO_QKV_BIAS else w[f"{place}{name}_proj.bias"]
            parts.append((x @ w[f"{place}{name}_proj.weight"].T + bias).unflatten(-1, (-1, width)).transpose(0, 1))
        q, k, v = parts  # (heads, length, width), k and v with fewer heads
        q, k = (rotate(part, language["rope_theta"]) for part in (q, k))
        k, v = (part.repeat_interleave(heads // groups, 0) for part in (k, v))
        future = torch.ones(len(x), len(x), dtype=torch.bool).triu(1)
        scores = (q @ k.transpose(-1, -2) * width**-0.5).masked_fill(future, float("-inf"))
        return (torch.softmax(scores, -1) @ v).transpose(0, 1).flatten(1) @ w[place + "o_proj.weight"].T


def rms(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight


def rotate(x: Tensor, theta: float) -> Tensor:
    """Rotary positions: the first half of a head's width turns against the second. x: (heads, length, width)."""
    half = x.shape[-1] // 2
    speed = theta ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * speed  # (length, half)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)
