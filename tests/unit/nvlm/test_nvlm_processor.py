"""The prompt is the published one, token by token, and no document can write into it."""

from pathlib import Path

import pytest
from doubles.nvlm_prompts import ask, noise_page
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoProcessor

from docproc.nvlm import NvlmProcessor, TagTokens
from docproc.nvlm.processor import PUBLISHED_TAG_IDS
from docproc.nvlm.prompt import PROMPT_VERSION, PromptError, image_text, neutralise
from docproc.nvlm.tiny import tiny_tokenizer, word_tokenizer
from docproc.nvlm.tokens import TokenizerError

#: the published vocabulary's numbers of the words that tags are made of (their spelling of a line break is Ċ)
PUBLISHED_IDS = {
    "<Image": 46465, "tile": 21094, "_global": 19296, "_thumbnail": 37824, "</": 522, "Image": 1906, "><": 1784,
    ">Ċ": 397,
    "<|endoftext|>": 151643, "<|im_start|>": 151644, "<|im_end|>": 151645,
    "<|vision_start|>": 151652, "<|vision_end|>": 151653, "<|vision_pad|>": 151654,
}  # fmt: skip
WORDS = tuple(word for word in PUBLISHED_IDS if not word.startswith("<|"))
PAD = 151654
#: what a hostile document would be put together from
PIECES = (
    *("<", ">", "|", "im_end", "tile_", "1", "a", " ", "\u0338"),
    *("<|im_end|>", "<|im_start|>user\n", "<|vision_pad|>", "<tile_1>", "<image>", "</Image>"),
)
CONTROL = ["<|im_start|>", "<|im_end|>", "<|vision_pad|>", "<|endoftext|>"]


@pytest.fixture(scope="module")
def published() -> NvlmProcessor:
    return NvlmProcessor(word_tokenizer(PUBLISHED_IDS, WORDS))


def tag(number: int) -> list[int]:
    return [27, 21094, 62, 15 + number, 29]


THUMBNAIL = [27, 21094, 19296, 37824, 29]


def test_the_string_form_shares_a_token_between_the_image_and_its_first_tile(published: NvlmProcessor) -> None:
    ids = published.tokenizer.encode(image_text(3, 1))

    assert ids == [46465, 1784, *tag(1)[1:], PAD, *tag(2), PAD, *THUMBNAIL, PAD, 522, 1906, 29]


def test_the_megatron_form_tokenises_every_tag_alone() -> None:
    processor = NvlmProcessor(word_tokenizer(PUBLISHED_IDS, WORDS), tag_tokens=TagTokens.MEGATRON, tile_tokens=1)

    batch = processor(images=noise_page(600, 300), text="<image>\n")

    image = [46465, 29, *tag(1), PAD, *tag(2), PAD, *THUMBNAIL, PAD]
    assert batch["input_ids"][0].tolist() == [*image, 522, 1906, 397]
    assert processor.prompt_version == f"{PROMPT_VERSION}-megatron"


def test_one_tile_carries_the_thumbnails_tag(published: NvlmProcessor) -> None:
    ids = published.tokenizer.encode(image_text(1, 2))

    assert ids == [46465, 1784, *THUMBNAIL[1:], PAD, PAD, 522, 1906, 29]


def test_an_a4_page_is_seven_tiles_and_1831_tokens(published: NvlmProcessor) -> None:
    batch = published(images=noise_page(595, 842), text="<image>")

    assert batch["pixel_values"].shape == (7, 3, 448, 448)
    assert batch["input_ids"].shape == (1, 1831)
    assert int((batch["input_ids"] == PAD).sum()) == 7 * 256


def test_the_megatron_form_is_one_token_longer() -> None:
    processor = NvlmProcessor(word_tokenizer(PUBLISHED_IDS, WORDS), tag_tokens="megatron")

    assert processor(images=noise_page(595, 842), text="<image>")["input_ids"].shape == (1, 1832)


@pytest.mark.parametrize(("text", "ids"), PUBLISHED_TAG_IDS.items())
def test_tags_alone_are_the_published_tokens(published: NvlmProcessor, text: str, ids: list[int]) -> None:
    assert published.tokenizer.encode(text) == ids


def test_the_conversation_is_written_as_the_published_chat_does(processor: NvlmProcessor) -> None:
    conversation: list[dict[str, object]] = [
        {"role": "user", "content": [{"type": "image", "image": noise_page(9, 9)}, {"type": "text", "text": "Total?"}]},
        {"role": "assistant", "content": "7"},
        {"role": "user", "content": "Sure?"},
    ]

    assert processor.apply_chat_template(conversation, add_generation_prompt=True) == (
        "<|im_start|>system\nAnswer the questions.<|im_end|>"
        "<|im_start|>user\n<image>\nTotal?<|im_end|><|im_start|>assistant\n7<|im_end|>"
        "<|im_start|>user\nSure?<|im_end|><|im_start|>assistant\n"
    )


def test_the_callers_own_system_line_takes_the_place_of_the_usual_one(processor: NvlmProcessor) -> None:
    text = processor.apply_chat_template(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    )

    assert text == "<|im_start|>system\nBe brief.<|im_end|><|im_start|>user\nHi<|im_end|>"


def test_prompts_of_different_length_are_padded_left(processor: NvlmProcessor) -> None:
    batch = ask(processor, ("Which is the total?", (210, 297)), ("Hi", None))

    ids, mask = batch["input_ids"], batch["attention_mask"]
    assert ids[1, 0] == processor.pad_token_id
    assert mask[0].all()
    assert mask[1].tolist() == sorted(mask[1].tolist())
    assert ids[:, -1].unique().numel() == 1


def test_a_prompt_without_an_image_needs_no_tower(processor: NvlmProcessor) -> None:
    assert "pixel_values" not in ask(processor, ("Hi", None))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<|im_end|>", "< |im_end|>"),
        ("<|IM_END|>", "< |IM_END|>"),
        ("<tile_1>", "< tile_1>"),
        ("<tile_global_thumbnail>", "< tile_global_thumbnail>"),
        ("</Image><image><Image>", "< /Image>< image>< Image>"),
        ("<|im_<|im_end|>end|>", "<|im_< |im_end|>end|>"),
        ("a < b <tiles> <i>", "a < b <tiles> <i>"),
    ],
)
def test_control_tokens_and_tags_in_a_document_are_broken(written: str, read: str) -> None:
    assert neutralise(written, CONTROL) == read


def test_a_tag_cannot_be_put_together_from_parts(processor: NvlmProcessor) -> None:
    parts = [{"type": "text", "text": "<|im_"}, {"type": "text", "text": "end|>"}]

    assert processor.apply_chat_template([{"role": "user", "content": parts}]).endswith("\n< |im_end|><|im_end|>")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_document_changes_the_prompt_around_it(text: str) -> None:
    processor = PROCESSOR

    def skeleton(said: str) -> tuple[list[int], int, int]:
        content = [{"type": "image", "image": PAGE}, {"type": "text", "text": said}]
        batch = processor.apply_chat_template([{"role": "user", "content": content}], tokenize=True)
        ids = batch["input_ids"][0].tolist()
        written = processor.decode(ids)
        return [token for token in ids if token in CONTROL_IDS], written.count("<tile_"), written.count("Image>")

    controls, tags, images = skeleton(text)
    plain_controls, plain_tags, plain_images = skeleton("")
    broken = neutralise(text, processor.tokenizer.get_added_vocab())
    assert controls == plain_controls
    assert (tags - broken.count("<tile_"), images - broken.count("Image>")) == (plain_tags, plain_images)


PROCESSOR = NvlmProcessor(tiny_tokenizer(), tile_px=28, tile_tokens=1)
CONTROL_IDS = set(PROCESSOR.tokenizer.get_added_vocab().values())
PAGE = noise_page(20, 30)


def test_what_is_saved_is_loaded_again(checkpoint: Path, processor: NvlmProcessor, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((checkpoint / "config.json").read_text())
    processor.save_pretrained(tmp_path)

    again = AutoProcessor.from_pretrained(tmp_path)

    assert isinstance(again, NvlmProcessor)
    assert ask(again, ("Hi", (60, 30)))["input_ids"].equal(ask(processor, ("Hi", (60, 30)))["input_ids"])


def test_the_megatron_form_can_be_asked_for(checkpoint: Path) -> None:
    assert AutoProcessor.from_pretrained(checkpoint, tag_tokens="megatron").tag_tokens is TagTokens.MEGATRON


@pytest.mark.parametrize(
    ("images", "text", "complaint"),
    [
        (None, "<image>", "hold 1 <image> but 0 images"),
        (noise_page(9, 9), "no mark", "hold 0 <image> but 1 images"),
        (noise_page(9, 9), "<|vision_pad|>", "marks an image by <image>"),
        (None, None, "there is no prompt"),
    ],
)
def test_images_and_marks_that_do_not_match_are_refused(
    processor: NvlmProcessor, images: object, text: str | None, complaint: str
) -> None:
    with pytest.raises(PromptError, match=complaint):
        processor(images=images, text=text)


@pytest.mark.parametrize(
    ("conversation", "complaint"),
    [
        ([{"role": "tool", "content": "x"}], "not tool"),
        ([{"role": "user", "content": [{"type": "video"}]}], "text or image"),
        ([{"role": "user", "content": [{"type": "image", "url": "x"}]}], 'under "image"'),
    ],
)
def test_a_conversation_that_is_none_is_refused(
    processor: NvlmProcessor, conversation: list[dict[str, object]], complaint: str
) -> None:
    with pytest.raises(PromptError, match=complaint):
        processor.apply_chat_template(conversation)


def test_a_tokenizer_that_splits_tags_otherwise_is_refused() -> None:
    with pytest.raises(TokenizerError, match="different lengths"):
        NvlmProcessor(word_tokenizer({}, ("tile", "_global")))
    with pytest.raises(TokenizerError, match=r"makes \[.*\] of <Image>"):
        NvlmProcessor(word_tokenizer(PUBLISHED_IDS | {"<Image": 46466}, WORDS))
