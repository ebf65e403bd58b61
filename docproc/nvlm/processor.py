"""From conversations and images to the tensors that NVLM-D takes; knows no weights."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer, BatchFeature, ProcessorMixin

from docproc.nvlm.prompt import (
    IMAGE_END,
    IMAGE_MARK,
    IMAGE_START,
    PROMPT_VERSION,
    THUMBNAIL_TAG,
    PromptError,
    chat_text,
    image_text,
    images_of,
    tile_tag,
)
from docproc.nvlm.tiles import PageLike, page_tiles
from docproc.nvlm.tokens import IMAGE_TOKEN, PAD_TOKEN, TURN_END, TokenizerError, control_token_id
from docproc.tiling import MAX_TILES, TILE_PX

#: what the published vocabulary makes of the tags, each tokenised alone
PUBLISHED_TURN_END_ID = 151645
PUBLISHED_TAG_IDS = {
    IMAGE_START: [46465, 29],
    IMAGE_END: [522, 1906, 29],
    THUMBNAIL_TAG: [27, 21094, 19296, 37824, 29],
    **{tile_tag(number): [27, 21094, 62, 15 + number, 29] for number in range(1, MAX_TILES + 1)},
}
_HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")

Conversation = Sequence[Mapping[str, Any]]


class TagTokens(StrEnum):
    """How the tags become tokens."""

    #: the prompt is tokenised as one text, as the published `chat()` does: `<Image><tile_1>` shares a token
    STRING = "string"
    #: every tag is tokenised alone, as in training
    MEGATRON = "megatron"


class NvlmProcessor(ProcessorMixin):
    """What `AutoProcessor` gives for NVLM-D."""

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401 any tokenizer of transformers
        *,
        tile_px: int = TILE_PX,
        tile_tokens: int = 256,
        max_tiles: int = MAX_TILES,
        tag_tokens: str = TagTokens.STRING,
    ) -> None:
        super().__init__(tokenizer)
        self.tile_px, self.tile_tokens, self.max_tiles = tile_px, tile_tokens, max_tiles
        self.tag_tokens = TagTokens(tag_tokens)
        self.image_token = IMAGE_TOKEN
        self.image_token_id = control_token_id(tokenizer, IMAGE_TOKEN)
        self.eos_token_id = control_token_id(tokenizer, TURN_END)
        self.pad_token_id = control_token_id(tokenizer, PAD_TOKEN)
        self._check_tags()

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, **kwargs: Any) -> "NvlmProcessor":  # noqa: ANN401
        """From a checkpoint's config.json and tokenizer: the published one has no processor files."""
        hub = {key: kwargs[key] for key in _HUB_OPTIONS if key in kwargs}
        config = AutoConfig.from_pretrained(pretrained_model_name_or_path, **hub)
        return cls(
            AutoTokenizer.from_pretrained(pretrained_model_name_or_path, **hub),
            tile_px=config.tile_px,
            tile_tokens=config.tile_tokens,
            max_tiles=kwargs.get("max_tiles", config.max_tiles),
            tag_tokens=kwargs.get("tag_tokens", TagTokens.STRING),
        )

    @property
    def prompt_version(self) -> str:
        """What to record with whatever was answered to these prompts."""
        return PROMPT_VERSION if self.tag_tokens is TagTokens.STRING else f"{PROMPT_VERSION}-{self.tag_tokens}"

    @property
    def model_input_names(self) -> list[str]:
        """What a batch may hold."""
        return ["input_ids", "attention_mask", "pixel_values"]

    def apply_chat_template(  # the base class's name; the tokenizer's own template is another one and is not used
        self,
        conversation: Conversation | Sequence[Conversation],
        chat_template: None = None,
        *,
        tokenize: bool = False,
        add_generation_prompt: bool = False,
        **kwargs: Any,  # noqa: ANN401 the base class's signature; `return_dict` and the like have one answer here
    ) -> Any:  # noqa: ANN401 a text, a list of texts or a batch
        """The prompt of each conversation, or with `tokenize` the batch that the model takes."""
        if chat_template is not None:
            raise PromptError("NVLM-D's prompt has one form; a chat template cannot be given")
        del kwargs
        alone = not conversation or isinstance(conversation[0], Mapping)
        conversations: Any = [conversation] if alone else conversation
        texts = [
            chat_text(one, control_tokens=self.tokenizer.get_added_vocab(), asks_for_answer=add_generation_prompt)
            for one in conversations
        ]
        if tokenize:
            return self(images=[images_of(one) for one in conversations], text=texts)
        return texts[0] if alone else texts

    def __call__(
        self,
        images: Any = None,  # noqa: ANN401 one image, a list, or a list of lists: one list a prompt
        text: str | Sequence[str] | None = None,
        **kwargs: Any,  # noqa: ANN401 the base class's signature; a batch is always padded left and of torch's tensors
    ) -> BatchFeature:
        """The batch for prompts that hold one `<image>` for each image, in order; texts are taken as they are.

        Text that others wrote belongs into `apply_chat_template`, which lets no control token and no tag through.
        """
        del kwargs
        prompts = [text] if isinstance(text, str) else list(text or ())
        if not prompts:
            raise PromptError("there is no prompt")
        if any(IMAGE_TOKEN in prompt for prompt in prompts):
            raise PromptError(f"a prompt marks an image by {IMAGE_MARK}, not by {IMAGE_TOKEN}")
        pages = list(_flat(images))
        marks = sum(prompt.count(IMAGE_MARK) for prompt in prompts)
        if marks != len(pages):
            raise PromptError(f"the prompts hold {marks} {IMAGE_MARK} but {len(pages)} images were given")
        stacks = [page_tiles(page, tile_px=self.tile_px, max_tiles=self.max_tiles) for page in pages]
        batch = self._batch(prompts, [len(stack) for stack in stacks])
        if stacks:
            batch["pixel_values"] = torch.cat(stacks)  # (tiles of all prompts, 3, px, px)
        return BatchFeature(batch)

    def _batch(self, prompts: list[str], tile_counts: Sequence[int]) -> dict[str, torch.Tensor]:
        """All but the pixels; `tile_counts` are those of the images in the order of their marks."""
        counts = iter(tile_counts)
        texts = (re.sub(IMAGE_MARK, lambda _: image_text(next(counts), self.tile_tokens), prompt) for prompt in prompts)
        return self._padded([self._encode(text) for text in texts])

    def _encode(self, text: str) -> list[int]:
        pieces = [text]
        if self.tag_tokens is TagTokens.MEGATRON:
            # every other border of a tag is one of tokens already: the image token stands there
            pieces = re.split(f"(?<={IMAGE_START})(?=<tile_)", text)
        return [token for piece in pieces for token in self.tokenizer.encode(piece, add_special_tokens=False)]

    def _padded(self, rows: list[list[int]]) -> dict[str, torch.Tensor]:
        # to the left: the last token of every row must be the one that is continued
        width = max(map(len, rows))
        ids = [[self.pad_token_id] * (width - len(row)) + row for row in rows]
        mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}

    def _check_tags(self) -> None:
        """All tile tags must be equally long; in the published vocabulary they must be the published tokens."""
        tags = [*map(tile_tag, range(1, self.max_tiles + 1)), THUMBNAIL_TAG]
        lengths = {tag: len(self.tokenizer.encode(tag, add_special_tokens=False)) for tag in tags}
        if len(set(lengths.values())) != 1:
            raise TokenizerError(f"the tokenizer makes tile tags of different lengths: {lengths}")
        if self.eos_token_id != PUBLISHED_TURN_END_ID:
            return
        for tag, ids in PUBLISHED_TAG_IDS.items():
            if (found := self.tokenizer.encode(tag, add_special_tokens=False)) != ids:
                raise TokenizerError(f"the tokenizer makes {found} of {tag}, not {ids}")


def _flat(images: Any) -> Iterable[PageLike]:  # noqa: ANN401 one image, a list, or a list of lists
    if images is None:
        return ()
    if isinstance(images, (list, tuple)):
        return chain.from_iterable(map(_flat, images))
    return (images,)
