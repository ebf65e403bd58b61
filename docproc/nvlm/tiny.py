"""A tiny NVLM with random weights in the published layout, for development and tests; knows nothing worth saying."""

from itertools import count
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, Qwen2Tokenizer

from docproc.nvlm.config import NvlmDConfig
from docproc.nvlm.tokens import IMAGE_TOKEN, PAD_TOKEN, TURN_END, TURN_START

#: words that are one token each, those of the tags first; every other text is spelt in bytes
_WORDS = (
    "<Image", "tile", "_global", "_thumbnail", "</", "Image", "><", ">Ċ",
    "system", "user", "assistant", "Answer", "Ġthe", "Ġquestions", "Ġinvoice", "Ġtotal", "Ġdate", "Ġnumber",
)  # fmt: skip
_CONTROL_TOKENS = (PAD_TOKEN, TURN_START, TURN_END, "<|vision_start|>", "<|vision_end|>", IMAGE_TOKEN)
_SHARD_BYTES = "400KB"


def tiny_tokenizer() -> Any:  # noqa: ANN401 a tokenizer of transformers
    """A tokenizer of Qwen2's kind: its splitting rule, bytes and a few words, its control tokens."""
    return word_tokenizer({}, _WORDS)


def tiny_words() -> tuple[str, ...]:
    """The words of the tiny tokenizer, for those who add their own."""
    return _WORDS


def word_tokenizer(ids: dict[str, int], words: tuple[str, ...]) -> Any:  # noqa: ANN401 a tokenizer of transformers
    """Bytes and whole `words` (in GPT-2's spelling of bytes); `ids` says which number a word or control token has."""
    vocabulary = {letter: number for number, letter in enumerate(_byte_letters())}
    reserved = set(ids.values())
    free = (number for number in count(len(vocabulary)) if number not in reserved)
    merges: list[tuple[str, str]] = []
    for word in words:
        for end in range(2, len(word) + 1):  # a word grows letter by letter
            grown = word[:end]
            if grown not in vocabulary:
                merges.append((word[: end - 1], word[end - 1]))
                vocabulary[grown] = ids[grown] if grown in ids else next(free)
    for token in _CONTROL_TOKENS:
        vocabulary[token] = ids.get(token, max(vocabulary.values()) + 1)
    return Qwen2Tokenizer(
        vocab=vocabulary,
        merges=merges,
        pad_token=PAD_TOKEN,
        eos_token=TURN_END,
        unk_token=None,
        extra_special_tokens=list(_CONTROL_TOKENS),
    )


def _byte_letters() -> list[str]:
    """A printable letter for each byte, in the order of GPT-2's vocabulary."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    # bytes that print nothing follow, as letters from 256 on: the line break is Ċ, the space Ġ
    return [*map(chr, printable), *(chr(256 + number) for number in range(256 - len(printable)))]


def tiny_config(tokenizer: Any, *, kind: type[NvlmDConfig] = NvlmDConfig, tile_px: int = 56) -> NvlmDConfig:  # noqa: ANN401
    """Three layers of everything, five tower heads (eight as stored), two of eight key-value heads."""
    published: dict[str, Any] = {
        "select_layer": -1,
        "ps_version": "v2",
        "force_image_size": tile_px,
        "torch_dtype": "float32",
        # in NVLM-X and -H: the first and the third layer
        "cross_attention_every": 2,
        "vision_config": {
            "hidden_size": 80,
            "num_hidden_layers": 3,
            "num_attention_heads": 5,
            "intermediate_size": 160,
            "image_size": tile_px,
        },
        "llm_config": {
            # padded, as the published vocabulary is
            "vocab_size": -(-(max(tokenizer.get_vocab().values()) + 1) // 64) * 64,
            "hidden_size": 64,
            "intermediate_size": 192,
            "num_hidden_layers": 3,
            "num_attention_heads": 8,
            "num_key_value_heads": 2,
            "max_position_embeddings": 32768,
            "rope_theta": 1e6,
            "rms_norm_eps": 1e-6,
            "bos_token_id": tokenizer.convert_tokens_to_ids(PAD_TOKEN),
            "eos_token_id": tokenizer.convert_tokens_to_ids(TURN_END),
        },
    }
    config: NvlmDConfig = kind.from_dict(published)
    config.image_token_id = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
    return config


@torch.no_grad()
def sharpen(model: torch.nn.Module, seed: int) -> None:
    """Random weights that look hard at few places: with the usual small ones all attention is flat and hides errors."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in sorted(model.named_parameters()):
        noise = torch.randn(weight.shape, generator=generator, dtype=torch.float32)
        if name.endswith(("q_norm.weight", "k_norm.weight")):
            noise = 1.5 + 0.5 * noise
        elif ("norm" in name and name.endswith("weight")) or name.endswith("projector.0.weight"):
            noise = 1 + 0.2 * noise
        elif "lambda" in name:
            noise = 0.5 + 0.2 * noise
        elif weight.ndim > 1 and "embed" not in name:
            gain = 1.7 if name.endswith(("self_attn.q_proj.weight", "self_attn.k_proj.weight")) else 1.0
            noise *= gain / weight[0].numel() ** 0.5
        elif weight.ndim == 1:
            noise *= 0.2
        weight.copy_(noise)


def write_tiny(folder: Path, *, kind: type[NvlmDConfig] = NvlmDConfig, seed: int = 0) -> None:
    """A sharded checkpoint in the published layout, dummy heads included, with its tokenizer."""
    tokenizer = tiny_tokenizer()
    model = AutoModelForImageTextToText.from_config(tiny_config(tokenizer, kind=kind))
    sharpen(model, seed)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(TURN_END)
    model.generation_config.pad_token_id = tokenizer.convert_tokens_to_ids(PAD_TOKEN)
    model.save_pretrained(folder, max_shard_size=_SHARD_BYTES)
    tokenizer.save_pretrained(folder)
