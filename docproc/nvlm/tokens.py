"""The tokens that NVLM-D's prompt needs of a tokenizer; knows no model."""

from typing import Any

from transformers import AutoTokenizer

from docproc.domain.errors import UsageError

#: one place of a tile in the prompt
IMAGE_TOKEN = "<|vision_pad|>"  # noqa: S105 a token of a vocabulary
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
PAD_TOKEN = "<|endoftext|>"  # noqa: S105 a token of a vocabulary


class TokenizerError(UsageError):
    """The tokenizer is not one that NVLM-D's prompt can be written with."""


def control_token_id(tokenizer: Any, token: str) -> int:  # noqa: ANN401 any tokenizer of transformers
    """The id of `token`, which must be one token of its own: its number differs between vocabularies."""
    added = tokenizer.get_added_vocab()
    if token not in added:
        raise TokenizerError(f"the tokenizer does not know {token} as a control token")
    return int(added[token])


def find_image_token_id(checkpoint: Any, *, revision: str | None = None) -> int:  # noqa: ANN401 a path or a name
    """The id of the image token in the tokenizer beside the weights; -1 where there is none.

    A prompt without tiles needs no image token, so its absence is an error only once tiles are given.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, revision=revision)
    except (OSError, ValueError):
        return -1
    return control_token_id(tokenizer, IMAGE_TOKEN) if IMAGE_TOKEN in tokenizer.get_added_vocab() else -1
