"""NVLM-D's prompt as text: turns, tile tags, and what a document may not say; knows no tokenizer and no pixels.

The form is that of the published `chat()`: no line break after a turn's end, and a system line that is always there.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from docproc.domain.errors import UsageError
from docproc.nvlm.tokens import IMAGE_TOKEN, TURN_END, TURN_START

#: recorded with every extraction; a new one whenever the same input would give another prompt
PROMPT_VERSION = "nvlm-chatml-1"
#: what the published checkpoint was trained to find where nothing was said
SYSTEM_LINE = "Answer the questions."
#: where an image stands in a prompt
IMAGE_MARK = "<image>"
IMAGE_START, IMAGE_END = "<Image>", "</Image>"
THUMBNAIL_TAG = "<tile_global_thumbnail>"

_ROLES = frozenset({"system", "user", "assistant"})
_TAG_PATTERN = r"</?image>|<tile_\w+>"


class PromptError(UsageError):
    """The conversation cannot be written as a prompt."""


def tile_tag(number: int) -> str:
    """The tag before tile `number`, 1-based, in reading order."""
    return f"<tile_{number}>"


def image_text(tile_count: int, tile_tokens: int) -> str:
    """The text that stands for an image of `tile_count` tiles: each tile's places behind its tag, thumbnail last.

    An image of one tile has no thumbnail, and its only tile, the whole image, carries the thumbnail's tag.
    """
    tags = [*map(tile_tag, range(1, tile_count)), THUMBNAIL_TAG]
    return IMAGE_START + "".join(tag + IMAGE_TOKEN * tile_tokens for tag in tags) + IMAGE_END


def chat_text(
    conversation: Sequence[Mapping[str, Any]], *, control_tokens: Iterable[str], asks_for_answer: bool
) -> str:
    """The prompt for turns of role and content, with `<image>` where an image stands.

    Content is a text or a list of parts, `{"type": "text", "text": ...}` and `{"type": "image", ...}`.
    """
    turns = list(conversation)
    if not turns or turns[0]["role"] != "system":
        turns.insert(0, {"role": "system", "content": SYSTEM_LINE})
    if unknown := {turn["role"] for turn in turns} - _ROLES:
        raise PromptError(f"a turn's role is system, user or assistant, not {', '.join(sorted(map(str, unknown)))}")
    pattern = _forbidden(control_tokens)
    written = [f"{TURN_START}{turn['role']}\n{_content_text(turn['content'], pattern)}{TURN_END}" for turn in turns]
    return "".join(written) + (f"{TURN_START}assistant\n" if asks_for_answer else "")


def neutralise(text: str, control_tokens: Iterable[str]) -> str:
    """`text` with a space inside whatever would be read as a control token or a tag."""
    return _break(text, _forbidden(control_tokens))


def images_of(conversation: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The images of a conversation in the order of their marks."""
    contents = (turn["content"] for turn in conversation)
    return [
        part["image"] for content in contents if not isinstance(content, str) for part in content if _is_image(part)
    ]


def _content_text(content: str | Iterable[Mapping[str, Any]], forbidden: re.Pattern[str]) -> str:
    if isinstance(content, str):
        return _break(content, forbidden)
    runs = [""]
    for part in content:
        if _is_image(part):
            runs.append("")
        elif part.get("type") == "text":
            # parts are joined before they are looked at, so that none hides one half of a tag
            runs[-1] += part["text"]
        else:
            raise PromptError("a part of a turn is of type text or image")
    return f"{IMAGE_MARK}\n".join(_break(run, forbidden) for run in runs)


def _is_image(part: Mapping[str, Any]) -> bool:
    if part.get("type") != "image":
        return False
    if "image" not in part:
        raise PromptError('an image part holds its image under "image"')
    return True


def _forbidden(control_tokens: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(control_tokens, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, longest_first), _TAG_PATTERN]), re.IGNORECASE)


def _break(text: str, forbidden: re.Pattern[str]) -> str:
    # as the tokenizer will: nothing may become a tag by being normalised
    text = unicodedata.normalize("NFC", text)
    while forbidden.search(text):
        text = forbidden.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return text
