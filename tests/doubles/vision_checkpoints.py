"""Tiny random Qwen3-VL and InternVL checkpoints, as their makers lay them out. Imports torch when called."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

_TURNS = (
    "{% for turn in messages %}<|im_start|>{{ turn['role'] }}\n"
    "{% if turn['content'] is string %}{{ turn['content'] }}{% else %}{% for part in turn['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_LANGUAGE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32768,
}


def write_qwen3_vl(folder: Path, *, seed: int = 0) -> None:
    """Positions lag behind places where images are; image features join three layers."""
    from transformers import Qwen2VLImageProcessorPil, Qwen3VLConfig  # noqa: PLC0415

    tokenizer = _tokenizer("<|image_pad|>", "<|video_pad|>")
    number = tokenizer.convert_tokens_to_ids
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 2, 2], "mrope_interleaved": True}
    config = Qwen3VLConfig(
        text_config={**_LANGUAGE, "vocab_size": _padded(tokenizer), "head_dim": 16, "rope_parameters": rope},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 64,
            "num_position_embeddings": 256,
            "deepstack_visual_indexes": [0, 1],
        },
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
    )
    _write(folder, config, tokenizer, seed=seed)
    size = {"shortest_edge": 32 * 32, "longest_edge": 256 * 256}
    Qwen2VLImageProcessorPil(patch_size=16, size=size).save_pretrained(folder)
    video = {"video_processor_type": "Qwen3VLVideoProcessor"}
    (folder / "video_preprocessor_config.json").write_text(json.dumps(video))
    template = _TURNS.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    (folder / "chat_template.jinja").write_text(template)


def write_internvl(folder: Path, *, seed: int = 0) -> None:
    """Tiles, with transformers' own InternVL."""
    from transformers import GotOcr2ImageProcessorPil, InternVLConfig  # noqa: PLC0415

    names = {
        "context_image_token": "<IMG_CONTEXT>",
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "video_token": "<video>",
    }
    tokenizer = _tokenizer(*names.values())
    config = InternVLConfig(
        text_config={"model_type": "qwen2", **_LANGUAGE, "vocab_size": _padded(tokenizer)},
        vision_config={
            "num_hidden_layers": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_attention_heads": 2,
            "image_size": [56, 56],
            "patch_size": [14, 14],
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    _write(folder, config, tokenizer, seed=seed)
    told = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**told, "extra_special_tokens": names}))
    size = {"height": 56, "width": 56}
    GotOcr2ImageProcessorPil(size=size, crop_to_patches=True, max_patches=6).save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps({"image_seq_length": 4}))
    (folder / "chat_template.jinja").write_text(_TURNS.replace("IMAGE", "<IMG_CONTEXT>\n"))


def _tokenizer(*more: str) -> "PreTrainedTokenizerBase":
    from docproc.nvlm.tiny import tiny_words, word_tokenizer  # noqa: PLC0415

    tokenizer = word_tokenizer({}, tiny_words())
    tokenizer.add_tokens(list(more), special_tokens=True)
    return tokenizer


def _padded(tokenizer: "PreTrainedTokenizerBase") -> int:
    return -(-len(tokenizer) // 64) * 64


def _write(folder: Path, config: "PreTrainedConfig", tokenizer: "PreTrainedTokenizerBase", *, seed: int) -> None:
    from transformers import AutoModelForImageTextToText  # noqa: PLC0415

    from docproc.nvlm.tiny import sharpen  # noqa: PLC0415

    model = AutoModelForImageTextToText.from_config(config)
    sharpen(model, seed)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
